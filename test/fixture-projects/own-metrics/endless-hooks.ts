import type { OnSample } from '../../../fixtures/hooks.ts'

/** A mistake that no thread survives. */
export const onSample: OnSample = ({ message }) => {
  while (message === 20);
}
