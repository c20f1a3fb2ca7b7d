import { createPacer, type Schedule } from '../../engine/executors/pacer.ts'
import { createRamp, type Stage } from '../../engine/executors/ramp.ts'
import { MailstormError } from '../../error.ts'

/** The load of a scenario: one executor with its numbers. */
export type LoadSpec =
  | { readonly executor: 'shared-iterations'; readonly messages: number }
  | { readonly executor: 'per-worker-iterations'; readonly messagesPerWorker: number }
  | { readonly executor: 'constant-workers'; readonly durationSeconds: number }
  | {
      readonly executor: 'ramping-workers'
      /** 0 by default; the spec's `workers` is the most that there will be. */
      readonly startWorkers?: number
      readonly stages: readonly Stage[]
    }
  | { readonly executor: 'constant-arrival-rate'; readonly rate: number; readonly durationSeconds: number }
  | {
      readonly executor: 'ramping-arrival-rate'
      /** Messages per second; 0 by default. */
      readonly startRate?: number
      readonly stages: readonly Stage[]
    }

export function scheduleOf(spec: LoadSpec, workers: number): Schedule {
  switch (spec.executor) {
    case 'shared-iterations':
      return { executor: spec.executor, messages: spec.messages }
    case 'per-worker-iterations':
      return { executor: spec.executor, messagesPerWorker: spec.messagesPerWorker, workers }
    case 'constant-workers':
      return { executor: spec.executor, durationSeconds: spec.durationSeconds }
    case 'ramping-workers':
      return { executor: spec.executor, startWorkers: spec.startWorkers ?? 0, stages: spec.stages }
    case 'constant-arrival-rate':
      return { executor: spec.executor, ratePerSecond: spec.rate, durationSeconds: spec.durationSeconds }
    case 'ramping-arrival-rate':
      return { executor: spec.executor, startRatePerSecond: spec.startRate ?? 0, stages: spec.stages }
    default:
      return spec satisfies never
  }
}

export function isOpen(schedule: Schedule): boolean {
  return createPacer(schedule).model === 'open'
}

/** Seconds that the plan takes by itself; undefined where it depends on the target. */
export function plannedSeconds(schedule: Schedule): number | undefined {
  const { windowMs } = createPacer(schedule)
  return windowMs === undefined ? undefined : windowMs / 1000
}

/** Throws MailstormError with everything that makes no sense. */
export function checkSchedule(schedule: Schedule, workers: number): void {
  const problems = problemsOf(schedule, workers)
  if (problems.length === 0) return
  throw new MailstormError(
    'BAD_SCENARIO',
    [`Failed to read the scenario's ${schedule.executor}:`, ...problems].join('\n  '),
  )
}

/** Each worker is a row of the run and has a session of its own; as STRESS_WORKERS. */
export const MOST_WORKERS = 1_000
/**
 * Threads keep a bit of each message, and count them all in 32 bits. 23 days at 100 a second, which is
 * also the longest that a timer of Node's can be set to (2^31 ms).
 */
export const MOST_MESSAGES = 200_000_000
/** As STRESS_SOAK_MINUTES. */
const LONGEST_SECONDS = 7 * 86_400

function problemsOf(schedule: Schedule, workers: number): string[] {
  const problems: string[] = []
  if (!Number.isInteger(workers) || workers < 1)
    problems.push(`workers ${workers} is not a whole number ≥ 1.`)
  else if (workers > MOST_WORKERS)
    problems.push(
      `${workers.toLocaleString('en')} workers are more than ${MOST_WORKERS.toLocaleString('en')}.`,
    )
  if ('stages' in schedule) problems.push(...stageProblems(schedule.stages))
  if (schedule.executor === 'ramping-workers') {
    const { startWorkers, stages } = schedule
    const peak = stages.reduce((most, { target }) => Math.max(most, target), startWorkers)
    if (peak > workers) problems.push(`a target of ${peak} workers is more than the ${workers} there are.`)
    if (createRamp(startWorkers, stages).peak < 0.5) problems.push('no worker ever takes part.')
  } else if (problems.length === 0 && createPacer(schedule).total < 1) {
    problems.push('it plans no message: raise its messages, its rate or its time.')
  }
  if (schedule.executor === 'constant-workers' && !(schedule.durationSeconds > 0)) {
    problems.push(`durationSeconds ${schedule.durationSeconds} is not above 0.`)
  }
  return problems.length === 0 ? excessOf(schedule) : problems
}

/** What is more than any generator sends, or can count. */
function excessOf(schedule: Schedule): string[] {
  const { total, windowMs = 0 } = createPacer(schedule)
  const problems: string[] = []
  if (Number.isFinite(total) && total > MOST_MESSAGES)
    problems.push(
      `it plans ${total.toLocaleString('en')} messages, more than ${MOST_MESSAGES.toLocaleString('en')}.`,
    )
  if (windowMs > LONGEST_SECONDS * 1000)
    problems.push(`it takes ${windowMs / 1000} s, more than the ${LONGEST_SECONDS} s of 7 days.`)
  return problems
}

function stageProblems(stages: readonly Stage[]): string[] {
  return stages.flatMap(({ durationSeconds, target }, index) => {
    if (durationSeconds >= 0 && target >= 0) return []
    return [`stage ${index + 1} ({ durationSeconds: ${durationSeconds}, target: ${target} }) is below 0.`]
  })
}

/** What `taking` of all `workers` do of a schedule, when only their rows were asked for. */
export function shareOf(schedule: Schedule, taking: number, workers: number): Schedule {
  const share = taking / workers
  switch (schedule.executor) {
    case 'shared-iterations':
      return { ...schedule, messages: Math.max(1, Math.round(schedule.messages * share)) }
    case 'per-worker-iterations':
      return { ...schedule, workers: taking }
    case 'constant-arrival-rate':
      return { ...schedule, ratePerSecond: schedule.ratePerSecond * share }
    case 'ramping-arrival-rate':
      return {
        ...schedule,
        startRatePerSecond: schedule.startRatePerSecond * share,
        stages: schedule.stages.map((stage) => ({ ...stage, target: stage.target * share })),
      }
    case 'constant-workers':
    case 'ramping-workers':
      return schedule
    default:
      return schedule satisfies never
  }
}

/** `5,000 × 10 KB` or `50/s for 60 s, 10 KB`, for titles: it holds no scenario's name. */
export function describeSchedule(schedule: Schedule, size: string): string {
  switch (schedule.executor) {
    case 'shared-iterations':
      return `${schedule.messages.toLocaleString('en')} × ${size}`
    case 'per-worker-iterations':
      return `${schedule.messagesPerWorker.toLocaleString('en')} × ${size} from each`
    case 'constant-workers':
      return `for ${schedule.durationSeconds} s, ${size}`
    case 'ramping-workers':
      return `${levels(schedule.startWorkers, schedule.stages)} workers ${timeOf(schedule)}, ${size}`
    case 'constant-arrival-rate':
      return `${schedule.ratePerSecond}/s for ${schedule.durationSeconds} s, ${size}`
    case 'ramping-arrival-rate':
      return `${levels(schedule.startRatePerSecond, schedule.stages)}/s ${timeOf(schedule)}, ${size}`
    default:
      return schedule satisfies never
  }
}

function levels(start: number, stages: readonly Stage[]): string {
  const all = [start, ...stages.map(({ target }) => target)]
  return all.filter((level, index) => level !== all[index - 1]).join(' → ')
}

function timeOf(schedule: Schedule): string {
  return `in ${plannedSeconds(schedule)} s`
}
