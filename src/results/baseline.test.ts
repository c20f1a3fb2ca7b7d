import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pressureResult } from '../report/html/pressure.fixture.ts'
import { listBaselines, readBaseline, saveBaseline } from './baseline.ts'
import { runWith } from './compare.fixture.ts'
import { readRuns } from './result-files.ts'
import { type RunView, viewOf } from './run-view.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailstorm-baseline-'))
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

const RUNS = [runWith({ throughput: 900 }), runWith({ throughput: 1100 })]

test('reads back what was saved, as a baseline and as a side of a comparison', async () => {
  const path = await saveBaseline({ name: 'burst-ci', runs: RUNS, saved_at: '2026-01-02T03:04:05.000Z' })
  expect(path).toBe(join(folder, 'baselines', 'burst-ci.json'))
  expect(readBaseline('burst-ci')).toEqual({
    format: 'mailstorm-baseline/1',
    name: 'burst-ci',
    saved_at: '2026-01-02T03:04:05.000Z',
    runs: RUNS,
  })
  expect(await readRuns(path)).toEqual(RUNS)
  expect(await listBaselines()).toEqual(['burst-ci'])
})

test('has a line to each run, so that a change of one is a change of one line', async () => {
  const path = await saveBaseline({ name: 'burst', runs: RUNS, saved_at: '' })
  const lines = (await readFile(path, 'utf8')).split('\n')
  expect(lines.filter((line) => line.includes('"scenario"'))).toHaveLength(2)
})

test.for(['../burst', 'a/b', '', '.hidden', 'x'.repeat(101), 'ü'])('refuses the name "%s"', async (name) => {
  await expect(saveBaseline({ name, runs: RUNS, saved_at: '' })).rejects.toThrow(/as the name of a baseline/)
})

test('says that there is none, and how to save one', () => {
  expect(() => readBaseline('none')).toThrow(
    /there is no such file\.\nSave one with "npx mailstorm baseline save/,
  )
})

test.for([
  ['not JSON', '{'],
  ['another format', '{"format":"mailstorm-baseline/2","runs":[{}]}'],
  ['no runs', '{"format":"mailstorm-baseline/1","runs":[]}'],
  ['runs without figures', '{"format":"mailstorm-baseline/1","runs":[{"format":"mailstorm/1"}]}'],
] as const)('refuses a file that is %s', async ([, text]) => {
  await saveBaseline({ name: 'burst', runs: RUNS, saved_at: '' })
  await writeFile(join(folder, 'baselines', 'burst.json'), text)
  expect(() => readBaseline('burst')).toThrow(/Failed to read the baseline/)
})

test('a baseline of an older version has its figures by the names that thresholds have', async () => {
  const run = viewOf('run.json', pressureResult())
  if (run === undefined) throw new Error('the fixture is no run')
  const { drain_seconds, spared_fetches, disturbances, proxy_memory_mb, ...same } = run.figures
  const older = {
    ...same,
    ...{ drain: drain_seconds, cache_spared: spared_fetches, dnd_violations: disturbances },
    peak_memory: (proxy_memory_mb ?? 0) * 1024 ** 2,
  } as RunView['figures']
  await saveBaseline({ name: 'older', runs: [{ ...run, figures: older }], saved_at: '' })
  expect(readBaseline('older').runs[0]?.figures).toEqual(run.figures)
})
