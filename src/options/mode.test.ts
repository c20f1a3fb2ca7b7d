import { describe, expect, it } from 'vitest'
import { readOptions } from '../options.ts'
import { MODES, misusedIn } from './mode.ts'

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
    [{ STRESS_MODE: 'ramping-workers' }, 'goes by STRESS_STAGES, and there are none'],
    [{ STRESS_STAGES: '30s:5' }, 'STRESS_STAGES cannot be used with STRESS_MODE=burst (the default)'],
    [{ STRESS_MODE: 'ramping-arrival-rate', STRESS_STAGES: '30s' }, 'has a stage that is none: "30s"'],
    [
      { STRESS_MODE: 'ramping-arrival-rate', STRESS_STAGES: '30s:5,-1s:3' },
      'has a stage that is none: "-1s:3"',
    ],
    [
      { STRESS_MODE: 'constant-workers', STRESS_RATE: '5' },
      'STRESS_RATE cannot be used with STRESS_MODE=constant-workers, which sends what its workers can in STRESS_DURATION. Unset it, or set STRESS_MODE=sustained.',
    ],
  ])('refuses %j', (env, problem) => {
    expect(() => customOf(env)).toThrow(problem)
  })
})

it('says of each variable in which modes it may be used', () => {
  expect(MODES.filter((mode) => misusedIn(mode, 'STRESS_MESSAGES', true) === undefined)).toEqual([
    'burst',
    'per-worker-iterations',
  ])
})
