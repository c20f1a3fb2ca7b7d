import fc from 'fast-check'
import type { Failure, Sample } from './sample.ts'

export const PHASE_COUNT = 3
export const TARGET_COUNT = 2

const FAILURES: readonly { outcome: Sample['outcome']; failure?: Failure }[] = [
  { outcome: 'accepted' },
  { outcome: 'deferred', failure: { class: 'reply', phase: 'accept', code: 451, text: 'later' } },
  {
    outcome: 'rejected',
    failure: { class: 'reply', phase: 'envelope', code: 550, enhanced: '5.1.1', text: 'no' },
  },
  { outcome: 'failed', failure: { class: 'timeout', phase: 'data', text: 'nothing came' } },
]

/** One sample; times in ms after the start. Whatever is not told is 0, or accepted at target 0. */
export function sampleOf(changes: Partial<Sample> = {}): Sample {
  return {
    message: 0,
    target: 0,
    dueMs: 0,
    sentMs: 0,
    endedMs: 0,
    bytes: 1_000,
    outcome: 'accepted',
    phasesMs: new Float64Array(PHASE_COUNT).fill(Number.NaN),
    recipientsRefused: 0,
    ...changes,
  }
}

const quarterMs = (max: number) => fc.integer({ min: 0, max: max * 4 }).map((quarters) => quarters / 4)

/** Samples in the order of their ends, as a thread records them. Sums of quarters of a ms are exact. */
export const samples: fc.Arbitrary<Sample[]> = fc
  .array(
    fc.record({
      due: quarterMs(5_000),
      wait: quarterMs(2_000),
      service: quarterMs(2_000),
      kind: fc.constantFrom(...FAILURES),
      target: fc.nat(TARGET_COUNT - 1),
      phases: fc.array(fc.option(quarterMs(1_000), { nil: Number.NaN }), {
        minLength: PHASE_COUNT,
        maxLength: PHASE_COUNT,
      }),
      recipientsRefused: fc.nat(2),
    }),
    { maxLength: 60 },
  )
  .map((rows) =>
    rows
      .map(({ due, wait, service, kind, target, phases, recipientsRefused }, message) =>
        sampleOf({
          message,
          target,
          ...kind,
          dueMs: due,
          sentMs: due + wait,
          endedMs: due + wait + service,
          phasesMs: Float64Array.from(phases),
          recipientsRefused,
        }),
      )
      .toSorted((a, b) => a.endedMs - b.endedMs),
  )
