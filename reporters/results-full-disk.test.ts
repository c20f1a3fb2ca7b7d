import { execFileSync } from 'node:child_process'
import { statfsSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runVitest } from '../test/fixture-projects/reporters/run-vitest.ts'

test('what stands of a run is named where another of its files cannot be written', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-latest-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await mkdir(join(folder, 'latest.json'))
  const run = await runVitest('passed', { STRESS_RESULTS_DIR: folder })
  expect(run.exitCode).toBe(1)
  expect(run.output.replace(/\s+/g, ' ')).toMatch(/Written: \S+\.json, \S+\.md, \S+\.html/)
  expect(run.output).toContain(`Failed to write results to "${join(folder, 'latest.json')}": `)
})

test('on a full disk the figures still reach the terminal, the run fails, and old results stay', {
  timeout: 60_000,
}, async (context) => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    return context.skip('mounting a small disk needs root on Linux')
  }
  const disk = await mkdtemp(join(tmpdir(), 'mailstorm-full-disk-'))
  onTestFinished(() => rm(disk, { recursive: true, force: true }))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
  onTestFinished(() => void execFileSync('umount', [disk]))
  writeFileSync(join(disk, 'latest.json'), '{"stamp": "20250101-000000"}')
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'filling'), Buffer.alloc(bavail * bsize))

  const run = await runVitest('passed', { STRESS_RESULTS_DIR: disk })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain(`Failed to write results to "${disk}": the disk is full (ENOSPC).`)
  expect(run.output).toContain('Free some space, or set STRESS_RESULTS_DIR to a folder on another disk.')
  expect(run.output).toContain('[PASSED] passed: no errors')
  expect(run.output).toMatch(/^passed +5,000 .*PASSED$/m)
  expect((await readdir(disk)).toSorted()).toEqual(['filling', 'latest.json'])
  expect(await readFile(join(disk, 'latest.json'), 'utf8')).toBe('{"stamp": "20250101-000000"}')
})
