import { link, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { burstResult } from '../../src/report/result.fixture.ts'
import { timelineRow } from '../../src/report/result-parts.fixture.ts'
import { renderList, renderScenarioSummary } from '../../src/report/runs/list.ts'
import { olderRun } from '../../src/results/older.fixture.ts'
import { readFolder } from '../../src/results/result-files.ts'
import { resultJson } from '../../src/results/result-json.ts'
import { summariseRuns } from '../../src/results/summary.ts'
import { mailstorm } from './mailstorm.ts'

const FILES = 1000
/** Half an hour, as a soak: 1.3 MB. Ten of them, each under a hundred names: they are read a hundred times. */
const SECONDS = 1800
const DIFFERENT = 10
const WITHIN_MS = 2000

let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailstorm-many-'))
  const timeline = Array.from({ length: SECONDS }, (_, second) => timelineRow(second))
  for (let n = 0; n < FILES; n++) {
    const path = join(folder, `20260102-${String(n).padStart(6, '0')}-soak.json`)
    const first = join(folder, `20260102-${String(n % DIFFERENT).padStart(6, '0')}-soak.json`)
    if (n < DIFFERENT) await writeFile(path, resultJson(burstResult({ scenario: `soak-${n}`, timeline })))
    else await link(first, path)
  }
  await writeFile(join(folder, 'older.json'), JSON.stringify(olderRun()))
  await writeFile(join(folder, 'damaged.json'), '{"format"')
  return () => rm(folder, { recursive: true, force: true })
})

/** Processor time, so that what else the machine does decides nothing; elapsed on an idle one it is the same. */
test('1,000 results are read, listed and summed up in less than two seconds', async () => {
  const before = process.cpuUsage()
  const { runs } = await readFolder(folder)
  const text = renderList(folder, runs) + renderScenarioSummary(folder, summariseRuns(runs))
  const { user, system } = process.cpuUsage(before)
  console.log(`processor time: ${((user + system) / 1000).toFixed(0)} ms`)
  expect(text.split('\n').length).toBeGreaterThan(FILES)
  expect((user + system) / 1000).toBeLessThan(WITHIN_MS)
})

test.for(['list', 'summary'])('%s shows all of 1,000 results', async (command) => {
  const startMs = performance.now()
  const { exitCode, out, err } = await mailstorm(folder, [command, '--results', folder])
  console.log(`${command}: ${(performance.now() - startMs).toFixed(0)} ms`)
  expect(exitCode).toBe(0)
  expect(out).toContain(`${(FILES + 1).toLocaleString('en-US')} runs`)
  expect(err).toContain('damaged.json')
})
