import type { OnSample } from 'mailstorm'
import type { Own } from './own.stress.ts'

export const onSample: OnSample<Own> = (sample, metrics) => {
  metrics.add('slow', sample.serviceMs > 1_000)
  metrics.add('handshake_ms', sample.phaseMs('connect') ?? 0)
}
