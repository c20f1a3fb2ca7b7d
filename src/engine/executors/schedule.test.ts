import { describe, expect, it } from 'vitest'
import { MailstormError } from '../../error.ts'
import { describeWorkload, resolveSpec, type ScenarioSpec } from '../../run/spec/spec.ts'
import { createPacer, executorOf, type LoadSpec, scheduleOf, shareOf } from './registry.ts'

const stage = (durationSeconds: number, target: number) => ({ durationSeconds, target })
const specOf = (load: LoadSpec, changes: Partial<ScenarioSpec> = {}) =>
  resolveSpec({ workers: 10, size: 'small', thresholds: [], ...load, ...changes } as ScenarioSpec)

const LOADS: readonly LoadSpec[] = [
  { executor: 'shared-iterations', messages: 5_000 },
  { executor: 'per-worker-iterations', messagesPerWorker: 20 },
  { executor: 'constant-workers', durationSeconds: 30 },
  { executor: 'ramping-workers', stages: [stage(10, 10), stage(20, 10), stage(5, 0)] },
  { executor: 'constant-arrival-rate', rate: 50, durationSeconds: 60 },
  { executor: 'ramping-arrival-rate', startRate: 10, stages: [stage(30, 10), stage(0, 25), stage(30, 25)] },
]

describe('a spec', () => {
  it('is described without any scenario’s name', () => {
    expect(LOADS.map((load) => describeWorkload(specOf(load)))).toEqual([
      '5,000 × 1 KB, 10 workers',
      '20 × 1 KB from each, 10 workers',
      'for 30 s, 1 KB, 10 workers',
      '0 → 10 → 0 workers in 35 s, 1 KB',
      '50/s for 60 s, 1 KB, 10 workers',
      '10 → 25/s in 60 s, 1 KB, 10 workers',
    ])
  })

  it('has a time limit that follows from its load', () => {
    // Window, 30 s of drain, and ten phases of 2 s each; or k6's ten minutes.
    const limits = LOADS.map((load) => specOf(load, { replyTimeoutSeconds: 2 }).maxDurationMs / 1000)
    expect(limits).toEqual([600, 600, 30 + 50, 35 + 50, 60 + 50, 60 + 50])
    const [load] = LOADS
    if (load !== undefined) expect(specOf(load, { maxDurationSeconds: 5 }).maxDurationMs).toBe(5_000)
  })

  it('opens a session to each message where messages come at a rate, and keeps it where workers send', () => {
    expect(LOADS.map((load) => specOf(load).messagesPerSession)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      1,
      1,
    ])
    expect(LOADS.map((load) => specOf(load).maxSessions)).toEqual([10, 10, 10, 10, 100, 100])
  })

  it.each([
    [{ executor: 'shared-iterations', messages: 0 }, 'it plans no message'],
    [{ executor: 'constant-workers', durationSeconds: 0 }, 'durationSeconds 0 is not above 0'],
    [{ executor: 'constant-arrival-rate', rate: 0, durationSeconds: 5 }, 'it plans no message'],
    [{ executor: 'ramping-arrival-rate', stages: [] }, 'it plans no message'],
    [{ executor: 'ramping-arrival-rate', stages: [stage(5, 10), stage(-1, 10)] }, 'stage 2 ('],
    [{ executor: 'ramping-workers', stages: [stage(5, 11)] }, '11 workers is more than the 10 there are'],
    [{ executor: 'ramping-workers', stages: [stage(5, 0)] }, 'no worker ever takes part'],
    [
      { executor: 'per-worker-iterations', messagesPerWorker: 100_000_000 },
      'it plans 1,000,000,000 messages, more than 200,000,000.',
    ],
    [{ executor: 'constant-arrival-rate', rate: 100_000, durationSeconds: 86_400 }, 'plans 8,640,000,000'],
    [{ executor: 'ramping-arrival-rate', stages: [stage(10, 100_000_000)] }, 'it plans 500,000,000'],
    [{ executor: 'constant-workers', durationSeconds: 700_000 }, 'it takes 700000 s, more than the 604800 s'],
    [{ executor: 'ramping-workers', stages: [stage(700_000, 1)] }, 'it takes 700000 s'],
  ] as [LoadSpec, string][])('is refused: %j', (load, problem) => {
    expect(() => specOf(load)).toThrow(MailstormError)
    expect(() => specOf(load)).toThrow(problem)
  })

  it('is refused where it has more workers than rows can be shown of', () => {
    const load: LoadSpec = { executor: 'ramping-workers', stages: [stage(5, 99_999_999)] }
    expect(() => specOf(load, { workers: 99_999_999 })).toThrow('99,999,999 workers are more than 1,000.')
  })

  it('is taken up to its limits', () => {
    const most = (load: LoadSpec, workers: number) => () => scheduleOf(load, workers)
    expect(most({ executor: 'shared-iterations', messages: 200_000_000 }, 1_000)).not.toThrow()
    expect(most({ executor: 'shared-iterations', messages: 1 }, 1)).not.toThrow()
    expect(most({ executor: 'constant-workers', durationSeconds: 604_800 }, 1)).not.toThrow()
    expect(most({ executor: 'shared-iterations', messages: 1 }, 0)).toThrow(
      'workers 0 is not a whole number ≥ 1.',
    )
    expect(most({ executor: 'shared-iterations', messages: 1 }, 1_001)).toThrow(
      '1,001 workers are more than 1,000.',
    )
  })

  it('is refused in words that say each problem once, and nothing that follows from it', () => {
    const load: LoadSpec = { executor: 'ramping-arrival-rate', stages: [stage(5, -1), stage(-2, 3)] }
    expect(() => scheduleOf(load, 0)).toThrow(
      expect.objectContaining({
        code: 'BAD_SCENARIO',
        message: [
          "Failed to read the scenario's ramping-arrival-rate:",
          'workers 0 is not a whole number ≥ 1.',
          'stage 1 ({ durationSeconds: 5, target: -1 }) is below 0.',
          'stage 2 ({ durationSeconds: -2, target: 3 }) is below 0.',
        ].join('\n  '),
      }),
    )
  })

  it('is refused with all that is wrong at once', () => {
    const stages = [stage(5, 30), stage(-1, 2)]
    expect(() => specOf({ executor: 'ramping-workers', stages }, { workers: 2.5 })).toThrow(
      /workers 2\.5 is not a whole number.*stage 2.*30 workers/s,
    )
  })
})

it('has the model of its executor', () => {
  for (const load of LOADS) expect(createPacer(specOf(load).schedule).model).toBe(executorOf(load).model)
})

it('is refused where no executor has its name, with the one that was meant', () => {
  const load = { executor: 'constant-arival-rate', rate: 5, durationSeconds: 5 } as unknown as LoadSpec
  expect(() => specOf(load)).toThrow(
    'there is no executor "constant-arival-rate". Did you mean constant-arrival-rate?',
  )
})

describe('the part of some of the workers', () => {
  it.each([
    [LOADS[0], { messages: 1_500 }],
    [LOADS[1], { workers: 3 }],
    [LOADS[2], { durationSeconds: 30 }],
    [LOADS[3], { stages: [stage(10, 10), stage(20, 10), stage(5, 0)] }],
    [LOADS[4], { ratePerSecond: 15 }],
    [LOADS[5], { startRatePerSecond: 3, stages: [stage(30, 3), stage(0, 7.5), stage(30, 7.5)] }],
  ] as [LoadSpec, object][])('of %j is what 3 of 10 do', (load, part) => {
    expect(shareOf(specOf(load).schedule, 3, 10)).toMatchObject(part)
  })
})

it('of stages asks for as many workers as its highest has, one at least', () => {
  const { workersOf } = executorOf({ executor: 'ramping-workers' })
  expect(
    [[stage(5, 2), stage(5, 6.5), stage(5, 0)], [stage(5, 0)], []].map((stages) => workersOf?.(stages)),
  ).toEqual([7, 1, 1])
})

it('names no other executor where none is near', () => {
  expect(() => executorOf({ executor: 'bananas' })).toThrow(
    expect.objectContaining({
      code: 'BAD_SCENARIO',
      message: [
        'Failed to read the scenario: there is no executor "bananas".',
        'There are shared-iterations, constant-arrival-rate, per-worker-iterations, constant-workers, ramping-workers, ramping-arrival-rate.',
      ].join('\n'),
    }),
  )
})
