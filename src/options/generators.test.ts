import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'

const SECOND_OF_THREE = { STRESS_GENERATORS: '3', STRESS_GENERATOR_INDEX: '1', STRESS_RUN_ID: 'night7' }

describe('generators that share a load', () => {
  it('know which part is theirs, when to start, and the run that it is of', () => {
    const startAt = '2026-11-22T10:00:00.250+01:00'
    expect(readOptions({ ...SECOND_OF_THREE, STRESS_START_AT: startAt }).split).toEqual({
      generators: 3,
      index: 1,
      sharedRunId: 'night7',
      startAt: new Date('2026-11-22T09:00:00.250Z'),
    })
    expect(readOptions({}).split).toBeUndefined()
  })

  it('take their number from an indexed Job of Kubernetes, and the run’s id from its start', () => {
    const env = { STRESS_GENERATORS: '3', JOB_COMPLETION_INDEX: '2' }
    const [seconds, milliseconds] = ['1795342200', '1795342200000'].map(
      (start) => readOptions({ ...env, STRESS_START_AT: start }).split,
    )
    expect(seconds).toMatchObject({ index: 2, startAt: new Date('2026-11-22T10:10:00Z') })
    expect(seconds).toEqual(milliseconds)
    expect(seconds?.sharedRunId).toMatch(/^at[a-z0-9]+$/)
  })

  it.each([
    [{ STRESS_GENERATOR_INDEX: undefined }, 'not which generator this is'],
    [{ STRESS_GENERATOR_INDEX: '3' }, 'The index 3 is not below STRESS_GENERATORS=3'],
    [{ STRESS_RUN_ID: undefined }, 'nothing names the run they share'],
    [{ STRESS_RUN_ID: 'a b' }, 'is not made of 1 to 40 letters and digits'],
    [{ STRESS_START_AT: '2026-11-22T10:00' }, 'has no time with a zone'],
    [{ STRESS_START_AT: '9'.repeat(20) }, 'is not a valid time'],
    [{ STRESS_GENERATORS: undefined }, 'STRESS_GENERATOR_INDEX is set without STRESS_GENERATORS'],
  ])('are refused %j', (changes, problem) => {
    expect(() => readOptions({ ...SECOND_OF_THREE, ...changes })).toThrow(problem)
  })
})
