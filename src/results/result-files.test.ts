import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { probeResult } from '../report/html/probe.fixture.ts'
import { burstResult } from '../report/result.fixture.ts'
import { olderRun } from './older.fixture.ts'
import { readFolder } from './result-files.ts'
import { resultJson } from './result-json.ts'

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-folder-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

test('lists runs of both generators and of probes by their time, the oldest first, and not what is ours and no run', async () => {
  const folder = await folderWith({
    'b.json': resultJson(burstResult({ stamp: '20260102-030405' })),
    'a.json': resultJson(burstResult({ stamp: '20260103-030405' })),
    'old.json': JSON.stringify(olderRun()),
    'latest.json': resultJson(burstResult()),
    'a.md': '# not JSON',
    'probe.json': JSON.stringify({ ...probeResult(), stamp: '20260102-040000' }),
    'baseline.json': '{"format":"mailstorm-baseline/1"}',
    '.hidden.json': '{',
  })
  const { runs, skipped } = await readFolder(folder)
  expect(runs.map(({ file }) => basename(file))).toEqual(['old.json', 'b.json', 'probe.json', 'a.json'])
  expect(skipped).toEqual([])
})

test('names what it skips, and why, and shows the rest', async () => {
  const folder = await folderWith({
    'good.json': resultJson(burstResult()),
    'cut.json': resultJson(burstResult()).slice(0, 900),
    'empty.json': '',
    'list.json': '[{"name":"p99","unit":"ms","value":3}]',
  })
  await mkdir(join(folder, 'folder.json'))
  await symlink(join(folder, 'gone'), join(folder, 'dangling.json'))
  const { runs, skipped } = await readFolder(folder)
  expect(runs.map(({ file }) => basename(file))).toEqual(['good.json'])
  expect(skipped.map(({ file, why }) => [basename(file), why])).toEqual([
    ['cut.json', expect.stringMatching(/^damaged: .+/)],
    ['dangling.json', expect.stringContaining('ENOENT')],
    ['empty.json', expect.stringMatching(/^damaged: .+/)],
    ['folder.json', expect.stringContaining('EISDIR')],
    ['list.json', 'not the result of a run'],
  ])
})

test('a folder that is not there has no runs', async () => {
  expect(await readFolder('/nowhere/results')).toEqual({ runs: [], skipped: [] })
})

test('a pipe among the results is named, and not waited for', async () => {
  const folder = await folderWith({ 'good.json': resultJson(burstResult()) })
  execFileSync('mkfifo', [join(folder, 'pipe.json')])
  const { runs, skipped } = await readFolder(folder)
  expect(runs.map(({ file }) => basename(file))).toEqual(['good.json'])
  expect(skipped.map(({ file, why }) => [basename(file), why])).toEqual([
    ['pipe.json', 'damaged: it is not a file, but a pipe, a socket or a device'],
  ])
})
