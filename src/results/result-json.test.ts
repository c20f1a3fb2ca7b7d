import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Result } from '../engine/result.ts'
import { burstResult } from '../report/result.fixture.ts'
import { timelineRow } from '../report/result-parts.fixture.ts'
import { readHead, resultJson } from './result-json.ts'

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-head-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'x.json')
  await writeFile(path, text)
  return path
}

/** Half an hour: 1,800 rows of timeline, more than a megabyte. */
function longRun(changes: Partial<Result> = {}): Result {
  return burstResult({
    timeline: Array.from({ length: 1800 }, (_, second) => timelineRow(second)),
    ...changes,
  })
}

const BULK = { timeline: undefined, histograms: undefined, resource_usage: undefined }

test('a file of ours holds the whole result', () => {
  expect(JSON.parse(resultJson(longRun()))).toEqual(longRun())
})

test('reads all but the bulk of a long run', async () => {
  const head = await readHead(await fileOf(resultJson(longRun())))
  expect(head).toEqual(JSON.parse(JSON.stringify({ ...longRun(), ...BULK })))
})

test('does not read the bulk: a hole in the middle of a large file goes unseen', async () => {
  const path = await fileOf(resultJson(longRun()))
  await using file = await open(path, 'r+')
  await file.write('@@@@', 500_000)
  expect(await readHead(path)).toMatchObject({ scenario: 'burst', backend: { name: 'embedded' } })
})

test('reads a short run whole', async () => {
  const short = burstResult({ timeline: [] })
  expect(await readHead(await fileOf(resultJson(short)))).toEqual(JSON.parse(resultJson(short)))
})

test.for([
  ['in the order of the fields', JSON.stringify(longRun(), null, 2)],
  ['on one line', JSON.stringify(longRun())],
  ['indented by one', JSON.stringify(longRun(), null, 1)],
  ['indented by four', JSON.stringify(longRun(), null, 4)],
])('reads a large file whole when it is written %s', async ([, text = '']) => {
  expect(await readHead(await fileOf(text))).toEqual(JSON.parse(text))
})

test('is not led astray by a text that looks like the bulk', async () => {
  const observations = [',\n  "timeline": [', '"timeline"']
  const head = await readHead(await fileOf(resultJson(longRun({ observations }))))
  expect(head).toMatchObject({ observations, seed: 1 })
})

test('finds the bulk behind a long list of failures', async () => {
  const failures = Array.from({ length: 300 }, (_, index) => ({
    class: 'reply' as const,
    phase: 'data',
    text: `refused ${index}`,
    target: 'smtp-server-1',
    outcome: 'rejected' as const,
    count: 1,
    first_at_seconds: 0,
    last_at_seconds: 1,
  }))
  const head = await readHead(await fileOf(resultJson(longRun({ failures }))))
  expect(head).toMatchObject({ failures, seed: 1 })
  expect(head).not.toHaveProperty('timeline')
})

test.for([
  ['empty', ''],
  ['cut off', resultJson(longRun()).slice(0, 20_000)],
  ['binary', '\u0000\u0001\u0002'],
])('rejects a file that is %s', async ([, text = '']) => {
  await expect(readHead(await fileOf(text))).rejects.toBeInstanceOf(SyntaxError)
})
