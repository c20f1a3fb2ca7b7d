import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { probeResult } from '../report/html/probe.fixture.ts'
import { burstResult } from '../report/result.fixture.ts'
import { olderRun } from './older.fixture.ts'
import { findRunFile, readFolder, readRunFile, readRuns } from './result-files.ts'
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

test('a run is found by its path, and by its name in the results folder with or without .json', async () => {
  const folder = await folderWith({ '20260102-030405-burst.json': '{}' })
  const path = join(folder, '20260102-030405-burst.json')
  for (const name of [path, '20260102-030405-burst.json', '20260102-030405-burst'])
    expect(await findRunFile(name, folder)).toBe(path)
  await expect(findRunFile('20260102-030406-burst', folder)).rejects.toMatchObject({
    code: 'RESULT_NOT_READ',
    message: expect.stringContaining(
      `Failed to find "20260102-030406-burst": it is neither a file, nor one of ${folder}, nor a baseline.`,
    ),
  })
})

test('what cannot be read as a run is an error that says why: no file, damaged, or JSON of something else', async () => {
  const folder = await folderWith({
    'cut.json': resultJson(burstResult()).slice(0, 900),
    'other.json': '{"name":"p99"}',
    'good.json': resultJson(burstResult()),
  })
  const file = (name: string) => join(folder, name)
  const whys = [
    ['gone.json', 'RESULT_NOT_READ', /^Failed to read \S+gone\.json: there is no such file\.\n/],
    ['cut.json', 'RESULT_NOT_READ', /^Failed to read \S+cut\.json: damaged: .+\.\n/],
    ['other.json', 'NOT_A_RESULT', /other\.json: it is JSON, but not the result of a run\.\n/],
  ] as const
  for (const [name, code, says] of whys)
    for (const reader of [readRunFile, readRuns])
      await expect(reader(file(name)), name).rejects.toMatchObject({
        code,
        message: expect.stringMatching(says),
      })
  const { view } = await readRunFile(file('good.json'))
  expect(await readRuns(file('good.json'))).toEqual([view])
})
