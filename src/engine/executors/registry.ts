import { MailstormError } from '../../error.ts'
import { nearest } from '../../nearest.ts'
import { constantArrivalRate } from './constant-arrival-rate.ts'
import { constantWorkers } from './constant-workers.ts'
import type { Executor } from './executor.ts'
import { perWorkerIterations } from './per-worker-iterations.ts'
import { rampingArrivalRate } from './ramping-arrival-rate.ts'
import { rampingWorkers } from './ramping-workers.ts'
import { sharedIterations } from './shared-iterations.ts'

/** All executors, in the order in which people are told of them. */
const REGISTERED = [
  sharedIterations,
  constantArrivalRate,
  perWorkerIterations,
  constantWorkers,
  rampingWorkers,
  rampingArrivalRate,
] as const
type Registered = (typeof REGISTERED)[number]

/** The load of a scenario as its suite says it: one executor with its fields. */
export type LoadSpec = Parameters<Registered['plan']>[0]

/** When and how many messages are to start; knows nothing of what a message is. */
export type Schedule = ReturnType<Registered['plan']>

export const EXECUTORS: readonly (Executor & { readonly mode: string })[] = REGISTERED.map(
  (executor: Executor) => ({ mode: executor.name, ...executor }),
)

/** The executor that a spec or a schedule names. Throws MailstormError where there is none of that name. */
export function executorOf({ executor: asked }: { readonly executor: string }): Executor {
  const found = EXECUTORS.find(({ name }) => name === asked)
  if (found !== undefined) return found
  const names = EXECUTORS.map(({ name }) => name)
  const meant = nearest(asked, names)
  throw new MailstormError(
    'BAD_SCENARIO',
    `Failed to read the scenario: there is no executor "${asked}"${meant === undefined ? '' : `. Did you mean ${meant}?`}`,
    `There are ${names.join(', ')}.`,
  )
}
