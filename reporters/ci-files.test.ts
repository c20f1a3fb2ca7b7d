import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runVitest, type VitestRun } from '../test/fixture-projects/reporters/run-vitest.ts'

const LIMIT_MS = 60_000

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-ci-files-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A run with the reporters of CI alone. */
function runInCi(scenario: string, folder: string): Promise<VitestRun> {
  const names = ['junit-reporter', 'benchmark-reporter']
  const extraArguments = names.map((name) => `--reporter=${join(import.meta.dirname, `${name}.ts`)}`)
  return runVitest(scenario, { STRESS_RESULTS_DIR: folder }, { extraArguments })
}

test('junit.xml has every row of the scenario that ran, its figures, and no row that -t left out', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  await runInCi('failed', folder)
  const xml = await readFile(join(folder, 'junit.xml'), 'utf8')
  expect(xml).toMatch(
    /<testsuite name="failed" timestamp=".*Z" file="failed.stress.ts" tests="52" failures="32" errors="0" skipped="0" time="/,
  )
  expect(xml.match(/<testsuite /g)).toHaveLength(1)
  expect(xml).toContain('<property name="success_rate" value="0.976"/>')
  expect(xml).toContain('<property name="threshold lost==0" value="fail: 2"/>')
  expect(xml).toMatch(/<testcase classname="failed.stress.ts" name="worker 1: 100 messages" time="[\d.]+"\/>/)
  expect(xml.match(/message="Failed to connect: smtp-server-3 refuses."/g)).toHaveLength(30)
  expect(xml).toMatch(/name="a mistake in a suite".*\n.*<failure type="AssertionError" message=".*">.*\n/)
})

test('a suite that cannot run, and an error outside any row, are errors in junit.xml', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  await runInCi('broken', folder)
  const xml = await readFile(join(folder, 'junit.xml'), 'utf8')
  expect(xml).toContain(
    '<error type="MailstormError" message="Failed to boot smtp-server-1: no port is free."/>',
  )
  expect(xml).toContain('message="an error that nobody caught"')
  expect(await readdir(folder)).toEqual(['junit.xml'])
})

test('figures for github-action-benchmark stand in files of their own, one for each direction', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  await runInCi('passed', folder)
  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, 'benchmark', name), 'utf8'))
  expect(await read('bigger-is-better.json')).toContainEqual({
    name: 'passed (embedded): throughput',
    unit: 'messages/s',
    value: 5000 / 4.21,
    extra: expect.stringContaining('run b7f3a1c2'),
  })
  expect(await read('smaller-is-better.json')).toContainEqual(
    expect.objectContaining({ name: 'passed (embedded): p(99)', unit: 'ms' }),
  )
})

test('files that cannot be written are told of, and the run fails', { timeout: LIMIT_MS }, async () => {
  const file = join(await temporaryFolder(), 'results')
  await writeFile(file, '')
  const run = await runInCi('passed', file)
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain(`Failed to write "${join(file, 'junit.xml')}"`)
  expect(run.output).toContain(`Failed to write benchmark figures to "${join(file, 'benchmark')}"`)
})

test('a run of either kind that failed while all its rows passed is an error in junit.xml, and the exit code is 1', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const names = ['results-reporter', 'github-reporter', 'junit-reporter']
  const extraArguments = names.map((name) => `--reporter=${join(import.meta.dirname, `${name}.ts`)}`)
  const env = { STRESS_RESULTS_DIR: folder, GITHUB_ACTIONS: 'true' }
  const run = await runVitest('unsaid', env, { extraArguments })
  expect(run.exitCode).toBe(1)
  const xml = await readFile(join(folder, 'junit.xml'), 'utf8')
  expect(xml).toMatch(/<testsuites [^>]* failures="0" errors="2"/)
  expect(xml).toContain('<error type="PartialRun" message="stopped early: its time limit of 5 s ran out"/>')
  expect(xml).toMatch(/<error type="FailedRun" message="not verified: the sink is gone/)
  expect(run.output).toMatch(/::error title=unsaid::stopped early: its time limit of 5 s ran out/)
  expect(run.output).toMatch(/::error title=unsaid pressure::not verified: the sink is gone/)
  expect(run.output).toContain('[FAILED] unsaid: ')
  expect(run.output).toContain('[FAILED] unsaid pressure: ')
})

test('a run that is interrupted before it has a result is an error in junit.xml', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const names = ['graceful-interrupt', 'progress-reporter', 'junit-reporter']
  const extraArguments = names.map((name) => `--reporter=${join(import.meta.dirname, `${name}.ts`)}`)
  const signals = [{ text: 'waiting for the signal', signal: 'SIGTERM' }] as const
  const run = await runVitest('booting', { STRESS_RESULTS_DIR: folder }, { extraArguments, signals })
  expect(run.exitCode).toBe(143)
  expect(await readFile(join(folder, 'junit.xml'), 'utf8')).toContain(
    '<error type="Interrupted" message="the run was interrupted"/>',
  )
})
