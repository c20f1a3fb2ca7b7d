import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { pressureResult } from '../../report/html/pressure.fixture.ts'
import { burstResult } from '../../report/result.fixture.ts'
import { type ReportOptions, report } from './report.ts'

async function resultsFolder(results: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-report-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, result] of Object.entries(results))
    await writeFile(join(folder, `${name}.json`), JSON.stringify(result))
  return folder
}

/** The heading of the page that the command has printed the path of, and that path. */
async function reported(files: readonly string[], options: ReportOptions) {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await report(files, options)
  const path = String(log.mock.lastCall?.[0])
  log.mockRestore()
  const page = await readFile(path, 'utf8')
  return { path, page, heading: /<h1>(.*?)<\/h1>/.exec(page)?.[1] }
}

const slower = burstResult({
  run_id: 'slow',
  metrics: { ...burstResult().metrics, messages_per_second: 300, throughput: 300 },
})
/** As the older generator wrote it: no format, no timeline, no histograms. */
const older = {
  test_type: 'burst',
  metrics: { total_messages: 10, successful_messages: 10, failed_messages: 0, messages_per_second: 5 },
}

test('the newest run by default, beside its JSON', async () => {
  const results = await resultsFolder({
    old: burstResult({ scenario: 'quick', stamp: '20250101-000000' }),
    new: pressureResult(),
  })
  expect(await reported([], { results })).toMatchObject({
    heading: 'pressure',
    path: join(results, 'new.html'),
  })
})

test('two runs are compared, three laid over each other', async () => {
  const results = await resultsFolder({ a: burstResult(), b: slower, c: burstResult({ run_id: 'c' }) })
  const two = await reported(['a', 'b'], { results })
  expect(two.heading).toBe('A vs. B')
  expect(two.page).toContain('<span class="chip failed">Regression</span>')
  const three = await reported(['a', 'b', 'c'], { results })
  expect(three.heading).toBe('3 runs')
  expect(three.path).toBe(join(results, 'report.html'))
  const sides = await reported(['a', 'c'], { results, against: ['b'], output: join(results, 'x.html') })
  expect(sides).toMatchObject({ heading: 'A vs. B', path: join(results, 'x.html') })
})

test('an older or incomplete file gets what it says', async () => {
  const { timeline: _timeline, ...incomplete } = burstResult()
  const results = await resultsFolder({ '20241127-120000-old': older, incomplete })
  const { heading, page } = await reported(['20241127-120000-old'], { results })
  expect(heading).toBe('old')
  expect(page).toContain('nothing to draw')
  expect((await reported(['incomplete'], { results })).heading).toBe('burst')
})

test('an empty folder and a name that is none are told of', async () => {
  const results = await resultsFolder({})
  await expect(report([], { results })).rejects.toThrow(/^Failed to report the newest run: there is none in /)
  await expect(report(['nix'], { results })).rejects.toThrow(/^Failed to find "nix"/)
})
