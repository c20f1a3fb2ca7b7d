import { describe, expect, it } from 'vitest'
import { customMisuses, MODES, misusedIn } from './load.ts'
import { readOptions } from './options.ts'

const customOf = (env: NodeJS.ProcessEnv) => readOptions(env).custom

describe('the custom scenario', () => {
  it('has the load of its mode', () => {
    expect(customOf({ STRESS_MODE: 'per-worker-iterations', STRESS_MESSAGES: '7' })).toMatchObject({
      mode: 'per-worker-iterations',
      messagesPerWorker: 7,
      workers: 10,
    })
    expect(customOf({ STRESS_MODE: 'constant-workers', STRESS_DURATION: '30' })).toMatchObject({
      mode: 'constant-workers',
      durationSeconds: 30,
    })
    const stages = '0s:10, 1.5m:10,1h:0.5'
    expect(customOf({ STRESS_MODE: 'ramping-arrival-rate', STRESS_STAGES: stages })).toMatchObject({
      stages: [
        { durationSeconds: 0, target: 10 },
        { durationSeconds: 90, target: 10 },
        { durationSeconds: 3_600, target: 0.5 },
      ],
    })
  })

  it('has the workers of a ramp’s peak, unless told otherwise', () => {
    const ramp = { STRESS_MODE: 'ramping-workers', STRESS_STAGES: '30s:40,30s:5' }
    expect(customOf(ramp).workers).toBe(40)
    expect(customOf({ ...ramp, STRESS_WORKERS: '60' }).workers).toBe(60)
  })

  it.each([
    [{ STRESS_MODE: 'ramping-workers' }, 'needs stages'],
    [
      { STRESS_MODE: 'burst', STRESS_STAGES: '30s:5' },
      'STRESS_STAGES cannot be used with STRESS_MODE=burst, which',
    ],
    [{ STRESS_MODE: 'ramping-arrival-rate', STRESS_STAGES: '30s' }, 'has a stage that cannot be read: "30s"'],
    [
      { STRESS_MODE: 'ramping-arrival-rate', STRESS_STAGES: '30s:5,-1s:3' },
      'has a stage that cannot be read: "-1s:3"',
    ],
    [
      { STRESS_MODE: 'constant-workers', STRESS_RATE: '5' },
      'STRESS_RATE cannot be used with STRESS_MODE=constant-workers, which sends as much as its workers can in STRESS_DURATION. Unset it, or set STRESS_MODE=sustained.',
    ],
  ])('refuses %j', (env, problem) => {
    expect(() => customOf(env)).toThrow(problem)
  })
})

it('says of each variable in which modes it may be used', () => {
  expect(MODES.filter((mode) => misusedIn(mode, 'STRESS_MESSAGES') === undefined)).toEqual([
    'burst',
    'per-worker-iterations',
  ])
})

describe('what changes nothing in the custom scenario', () => {
  const idle = (env: NodeJS.ProcessEnv) => Object.fromEntries(customMisuses(readOptions(env)))

  it.each<[NodeJS.ProcessEnv, Record<string, string>]>([
    [
      { STRESS_RATE: '5' },
      {
        STRESS_RATE:
          'STRESS_MODE=burst (the default) sends its messages as fast as it can; STRESS_MODE=sustained uses it',
      },
    ],
    [
      { STRESS_WORKERS: '4', STRESS_MAX_SESSIONS: '40' },
      {
        STRESS_MAX_SESSIONS:
          'with STRESS_MODE=burst each worker has one session; STRESS_WORKERS says how many there are',
      },
    ],
    [
      { STRESS_BASELINE: 'ci' },
      { STRESS_BASELINE: 'none of its thresholds is on regression; STRESS_THRESHOLDS can set one' },
    ],
    // As many workers as may have a session.
    [{ STRESS_MAX_SESSIONS: '4' }, {}],
    [{ STRESS_MODE: 'sustained', STRESS_RATE: '5', STRESS_MAX_SESSIONS: '40' }, {}],
    [{ STRESS_BASELINE: 'ci', STRESS_THRESHOLDS: 'regression<10%' }, {}],
  ])('%j', (env, reasons) => {
    expect(idle(env)).toEqual(reasons)
  })
})
