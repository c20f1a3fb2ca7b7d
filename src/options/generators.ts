import type { Split } from '../engine/executors/registry.ts'
import {
  decimal,
  type Kind,
  kind,
  line,
  preset,
  type Reading,
  unset,
  type ValuesOf,
  wholeNumber,
} from './kind.ts'

/** Several generators that offer one load together, and how long the soak lasts. */
export const GENERATORS = {
  STRESS_GENERATORS: unset(
    wholeNumber({ min: 1, max: 1000, example: 3 }),
    'one',
    'Number of generators that share the load, each with its exact part; merge combines their results.',
  ),
  STRESS_GENERATOR_INDEX: unset(
    wholeNumber({ min: 0, max: 999, example: 0 }),
    'JOB_COMPLETION_INDEX',
    'Which of them this is, from 0.',
  ),
  JOB_COMPLETION_INDEX: unset(
    wholeNumber({ min: 0, max: 1_000_000, example: 0 }),
    'set by Kubernetes in an indexed Job',
    'Index of this generator, unless STRESS_GENERATOR_INDEX is set.',
  ),
  STRESS_RUN_ID: unset(
    runId(),
    'made from STRESS_START_AT',
    'Id of the run that the generators share; use a new one for each run.',
  ),
  STRESS_START_AT: unset(
    instant(),
    'at once',
    'When all generators start, by their own clocks; servers boot before that.',
  ),
  STRESS_MEETING: unset(
    line('a path', '/results/night7'),
    'none',
    'Folder of the run that all generators mount: in place of STRESS_START_AT, they start together once the last is ready.',
  ),
  STRESS_MEETING_LEAD: preset(
    decimal({ min: 0, max: 3600, unit: 'seconds', example: 20 }),
    '20',
    'Seconds from the last one being ready to the start: each has to hear of it in time.',
  ),
}

export const SOAK = {
  STRESS_SOAK_MINUTES: preset(
    wholeNumber({ min: 1, max: 10_080, example: 60 }),
    '30',
    'Length of the `soak` scenario in minutes.',
  ),
  STRESS_SOAK_RATE: preset(
    wholeNumber({ min: 1, max: 100_000, example: 50 }),
    '20',
    'Messages per second of the `soak` scenario.',
  ),
}

export interface SplitOptions extends Split {
  /** The same for all generators of a run. */
  readonly sharedRunId: string
  readonly startAt: Date | undefined
  /** Where they agree on a start instead, once all are ready. */
  readonly meeting?: { readonly folder: string; readonly leadMs: number }
}

export function splitOf(values: ValuesOf<typeof GENERATORS>): SplitOptions | undefined {
  const { STRESS_GENERATORS: generators, STRESS_RUN_ID: runId, STRESS_START_AT: startAt } = values
  if (generators === undefined) return undefined
  const index = values.STRESS_GENERATOR_INDEX ?? values.JOB_COMPLETION_INDEX ?? 0
  const sharedRunId = runId ?? `at${(startAt?.getTime() ?? 0).toString(36)}`
  const { STRESS_MEETING: folder, STRESS_MEETING_LEAD: leadSeconds } = values
  const meeting = folder === undefined ? {} : { meeting: { folder, leadMs: leadSeconds * 1000 } }
  return Object.freeze({ generators, index, sharedRunId, startAt, ...meeting })
}

/** Stands in Message-IDs, before the `g` of the generator and the `-` of the message's number. */
function runId(): Kind<string> {
  return kind('1 to 40 letters and digits', 'night7', (text) =>
    /^[A-Za-z0-9]{1,40}$/.test(text)
      ? { value: text }
      : { wrong: 'is not made of 1 to 40 letters and digits' },
  )
}

/** Seconds until about the year 5138, milliseconds since 1973: no instant of ours is both. */
const FIRST_MILLISECONDS = 100_000_000_000

/** ISO 8601 with its zone, or seconds or milliseconds since 1970. */
function instant(): Kind<Date> {
  const allowed = 'a time such as 2026-11-22T10:00:00Z, or seconds or milliseconds since 1970'
  return kind(allowed, '2026-11-22T10:00:00Z', (text) => {
    if (/^\d+(\.\d+)?$/.test(text)) {
      const value = Number(text)
      return instantOf(new Date(value < FIRST_MILLISECONDS ? value * 1000 : value))
    }
    // Without a zone, each machine would read it in its own.
    if (!/T.*(Z|[+-]\d\d:?\d\d)$/.test(text)) return { wrong: 'has no time with a zone' }
    return instantOf(new Date(text))
  })
}

/** ECMAScript's dates end in the year 275760. */
function instantOf(value: Date): Reading<Date> {
  return Number.isNaN(value.getTime()) ? { wrong: 'is not a valid time' } : { value }
}
