import { MailstormError } from '../../error.ts'
import { nearest } from '../../text/nearest.ts'
import { constantArrivalRate } from './constant-arrival-rate.ts'
import { constantWorkers } from './constant-workers.ts'
import type { Executor, Pacer } from './executor.ts'
import { perWorkerIterations } from './per-worker-iterations.ts'
import type { Stage } from './ramp.ts'
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

/** The load of a scenario: one executor with its fields. */
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
    `Failed to read the scenario: there is no executor "${asked}"${meant === undefined ? '.' : `. Did you mean ${meant}?`}`,
    `There are ${names.join(', ')}.`,
  )
}

/** What a suite says of a load, checked. Throws MailstormError with everything that makes no sense. */
export function scheduleOf(spec: LoadSpec, workers: number): Schedule {
  const executor = executorOf(spec)
  const schedule = executor.plan(spec, workers) as Schedule
  const problems = [...workerProblems(workers), ...stageProblems(schedule)]
  problems.push(...(executor.problems?.(schedule, workers) ?? []))
  if (problems.length === 0) problems.push(...amountProblems(schedule))
  if (problems.length === 0) return schedule
  throw new MailstormError(
    'BAD_SCENARIO',
    [`Failed to read the scenario's ${schedule.executor}:`, ...problems].join('\n  '),
  )
}

/** Each worker is a row of the run and has a session of its own; as STRESS_WORKERS. */
const MOST_WORKERS = 1_000
/**
 * Threads keep a bit of each message, and count them all in 32 bits. 23 days at 100 a second, which is
 * also the longest that a timer of Node's can be set to (2^31 ms).
 */
const MOST_MESSAGES = 200_000_000
/** As STRESS_SOAK_MINUTES. */
const LONGEST_SECONDS = 7 * 86_400

function workerProblems(workers: number): string[] {
  if (!Number.isInteger(workers) || workers < 1) return [`workers ${workers} is not a whole number ≥ 1.`]
  return workers > MOST_WORKERS
    ? [`${workers.toLocaleString('en')} workers are more than ${MOST_WORKERS.toLocaleString('en')}.`]
    : []
}

function stageProblems(schedule: Schedule): string[] {
  const stages: readonly Stage[] = 'stages' in schedule ? schedule.stages : []
  return stages.flatMap(({ durationSeconds, target }, index) => {
    if (durationSeconds >= 0 && target >= 0) return []
    return [`stage ${index + 1} ({ durationSeconds: ${durationSeconds}, target: ${target} }) is below 0.`]
  })
}

/** No message at all, or more than any generator sends, or can count. */
function amountProblems(schedule: Schedule): string[] {
  const { total, windowMs = 0 } = createPacer(schedule)
  const problems: string[] = []
  if (total < 1) problems.push('it plans no messages: raise their number, the rate or the duration.')
  if (Number.isFinite(total) && total > MOST_MESSAGES)
    problems.push(
      `it plans ${total.toLocaleString('en')} messages, more than ${MOST_MESSAGES.toLocaleString('en')}.`,
    )
  if (windowMs > LONGEST_SECONDS * 1000)
    problems.push(`it takes ${windowMs / 1000} s, more than the ${LONGEST_SECONDS} s of 7 days.`)
  return problems
}

/** Seconds that the plan takes by itself; undefined where it depends on the target. */
export function plannedSeconds(schedule: Schedule): number | undefined {
  const { windowMs } = createPacer(schedule)
  return windowMs === undefined ? undefined : windowMs / 1000
}

/** What `taking` of all `workers` do of a schedule, when only their rows were asked for. */
export function shareOf(schedule: Schedule, taking: number, workers: number): Schedule {
  return (executorOf(schedule).shareOf?.(schedule, taking, workers) ?? schedule) as Schedule
}

/** Which part of a load is this generator's, when several offer it together: index is 0-based. */
export interface Split {
  readonly index: number
  readonly generators: number
}

/** The pacer of a schedule, or of one generator's part of it. */
export function createPacer(schedule: Schedule, split?: Split): Pacer {
  const executor = executorOf(schedule)
  const whole = executor.pacer(schedule)
  // The messages of the other executors belong to workers, and these are what is dealt out.
  return split !== undefined && executor.dealtBy === 'message' ? dealtPacer(whole, split) : whole
}

/** Every `generators`-th message of the whole, from the `index`-th on, at its time in the whole. */
function dealtPacer(whole: Pacer, split: Split): Pacer {
  return {
    ...whole,
    total: dealtCount(whole.total, split),
    dueMs: (n) => whole.dueMs(split.index + n * split.generators),
    dueBy: (elapsedMs) => dealtCount(whole.dueBy(elapsedMs), split),
  }
}

/** How many of the first `count` of a plan are this generator's. */
export function dealtCount(count: number, { index, generators }: Split): number {
  return Math.max(0, Math.ceil((count - index) / generators))
}
