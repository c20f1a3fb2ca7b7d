import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parseThreshold } from '../figures/threshold.ts'
import { burstResult } from '../report/result.fixture.ts'
import { saveBaseline } from '../results/baseline.ts'
import { runWith } from '../results/compare.fixture.ts'
import { baselineFigures, checkBaseline } from './baseline.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailstorm-baseline-'))
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
  const runs = [900, 1000, 5000].map((throughput) => runWith({ throughput, p95: 40 }))
  await saveBaseline({ name: 'ci', runs, saved_at: '' })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

test('takes the medians of the runs', () => {
  expect(baselineFigures('ci', burstResult())).toEqual({
    name: 'ci',
    throughput: 1000,
    success_rate: 1,
    p95_ms: 40,
  })
})

test.for([
  ['backend', { backend: { name: 'docker', why: '' } }],
  ['workload', { workload: { ...burstResult().workload, workers: 3 } }],
  ['scenario', { scenario: 'heavy' }],
] as const)('of another %s nothing can be said', ([what, changes]) => {
  const { incomparable } = baselineFigures('ci', burstResult(changes))
  expect(incomparable).toMatch(new RegExp(`^baseline ci is of a different ${what}`))
})

test('a baseline that accepted nothing says nothing, though it was committed', async () => {
  const nothing = runWith({ successRate: 0, throughput: 0 })
  await saveBaseline({ name: 'none', runs: [nothing], saved_at: '' })
  const { incomparable } = baselineFigures('none', burstResult())
  expect(incomparable).toBe('baseline none is of a run that accepted no message')
})

test('a baseline whose generator was its limit is named beside the figure', async () => {
  const bound = { generator: { ...burstResult().generator, bound: true } }
  await saveBaseline({ name: 'bound', runs: [runWith({}, bound)], saved_at: '' })
  expect(baselineFigures('bound', burstResult()).note).toBe('baseline bound: it was generator-bound')
})

test('another machine is said beside the figure', () => {
  const figures = baselineFigures('ci', burstResult({ machine: { ...burstResult().machine, cores: 64 } }))
  expect(figures.note).toBe('baseline ci: different machine: cores: 2 vs. 64')
  expect(figures.incomparable).toBeUndefined()
})

test('a threshold on a baseline needs one, and one that can be read, before anything is booted', () => {
  const wanted = [parseThreshold('regression<10%')]
  expect(() => checkBaseline(wanted, undefined)).toThrow(/names no baseline[\s\S]*STRESS_BASELINE=name/)
  expect(() => checkBaseline(wanted, 'nowhere')).toThrow(/nowhere\.json: there is no such file/)
  expect(() => checkBaseline(wanted, 'ci')).not.toThrow()
  expect(() => checkBaseline([parseThreshold('lost==0')], undefined)).not.toThrow()
})
