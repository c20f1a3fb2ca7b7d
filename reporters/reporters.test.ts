import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Result } from '../src/engine/result.ts'
import { BARE_ENVIRONMENT } from '../test/child-process.ts'
import { runVitest } from '../test/fixture-projects/reporters/run-vitest.ts'
import { runVitest as runVitestWith } from '../test/vitest-child.ts'

const LIMIT_MS = 60_000
const ROOT = join(import.meta.dirname, '..')
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
const CONFIG = 'test/fixture-projects/reporters/vitest.config.ts'
/** Two signals within half a second are one. */
const LATER_MS = 700

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-reporters-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function latestIn(folder: string): Promise<Result> {
  return JSON.parse(await readFile(join(folder, 'latest.json'), 'utf8')) as Result
}

test('a run that passes: result files, summary, table, and no line for any of fifty workers', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const run = await runVitest('passed', { STRESS_RESULTS_DIR: folder })
  expect(run.exitCode).toBe(0)
  expect((await readdir(folder)).toSorted()).toEqual([
    '20260102-030405-passed.html',
    '20260102-030405-passed.json',
    '20260102-030405-passed.md',
    'index.html',
    'latest.json',
  ])
  expect(JSON.parse(await readFile(join(folder, 'latest.json'), 'utf8'))).toMatchObject({
    scenario: 'passed',
  })
  expect(run.output.match(/\[PASSED\] passed: no errors/g)).toHaveLength(1)
  expect(run.output).toMatch(/^passed +5,000 +100\.00 %.*PASSED$/m)
  expect(run.output).toContain('✓ passed: 51 rows passed')
  expect(run.output).not.toMatch(/worker \d/)
  expect(run.output).not.toContain('\u001b[2K')
})

test('a run that fails: each reason once, with its rows; annotations and a job summary on GitHub', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const summary = join(folder, 'summary.md')
  await writeFile(summary, 'written before\n')
  const run = await runVitest('failed', {
    STRESS_RESULTS_DIR: join(folder, 'results'),
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: summary,
  })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('✗ failed: 20 rows passed, 32 failed')
  expect(run.output).toContain(
    '✗ worker 21: 100 messages, and 29 further rows\n      Failed to connect: smtp-server-3 refuses.',
  )
  expect(run.output.match(/smtp-server-3 refuses/g)).toHaveLength(1)
  expect(run.output).toContain('  ✗ success_rate>=0.99 — was 97.60 %\n')
  expect(run.output).not.toContain('✗ success_rate>=0.99\n')
  expect(run.output).toMatch(/failed\.stress\.ts:\d+/)
  expect(run.output).toMatch(/^::error title=failed::lost==0 — was 2, limit 0$/m)
  const markdown = await readFile(summary, 'utf8')
  expect(markdown).toMatch(/^written before\n# mailstorm\n\n❌ \*\*1 of 1 run failed/)
  expect(markdown).toContain('## ❌ failed: FAILED')
  expect(await readdir(join(folder, 'results'))).toContain('20260102-030405-failed.md')
})

test('a suite that cannot run, and an error outside any test, are shown and fail the run', {
  timeout: LIMIT_MS,
}, async () => {
  const run = await runVitest('broken', {
    STRESS_RESULTS_DIR: await temporaryFolder(),
    GITHUB_ACTIONS: 'true',
  })
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('✗ broken: could not run')
  expect(run.output).toContain(
    '::error title=broken > could not run::Failed to boot smtp-server-1: no port is free.',
  )
  expect(run.output).toContain('Failed to boot smtp-server-1: no port is free.')
  expect(run.output).toContain('an error that nobody caught')
})

interface Stopped {
  readonly signal: NodeJS.Signals
  readonly exitCode: number
}

const writesItsPartialResult = async ({ signal, exitCode }: Stopped) => {
  const folder = await temporaryFolder()
  const run = await runVitest(
    'interrupted',
    { STRESS_RESULTS_DIR: folder },
    { signals: [{ text: 'waiting for the signal', signal }] },
  )
  expect(run).toMatchObject({ exitCode, signal: null })
  const result: unknown = JSON.parse(await readFile(join(folder, '20260102-030405-interrupted.json'), 'utf8'))
  expect(result).toMatchObject({ status: 'partial', partial_reason: 'interrupted' })
  expect(run.output).toContain(`${signal}: stopping, partial results will be written.`)
  expect(run.output).toMatch(/^interrupted .* FAILED \(partial\)$/m)
  expect(run.output).toContain('■ interrupted: 0 rows passed, 4 stopped')
  expect(run.output).not.toContain('there is no result')
}

test.for<Stopped>([{ signal: 'SIGINT', exitCode: 130 }])(
  'a run stopped by $signal writes its partial result and exits with $exitCode',
  { timeout: LIMIT_MS },
  writesItsPartialResult,
)

test.for<Stopped>([
  { signal: 'SIGTERM', exitCode: 143 },
  { signal: 'SIGHUP', exitCode: 129 },
])(
  'a run stopped by $signal writes its partial result and exits with $exitCode',
  { tags: 'long', timeout: LIMIT_MS },
  writesItsPartialResult,
)

test('a run stopped before it sent anything says that there is no result', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const run = await runVitest(
    'unbegun',
    { STRESS_RESULTS_DIR: folder },
    { signals: [{ text: 'waiting for the signal', signal: 'SIGINT' }] },
  )
  expect(run.output).toContain('It was stopped before it had sent anything: there is no result.')
  expect(await readdir(folder)).toEqual([])
})

test('a second signal ends a run that will not stop', { tags: 'long', timeout: LIMIT_MS }, async () => {
  const folder = await temporaryFolder()
  const run = await runVitestWith({
    config: CONFIG,
    name: 'stubborn',
    env: { STRESS_RESULTS_DIR: folder },
    steps: [
      { text: 'waiting for the signal', act: (child) => child.kill('SIGINT') },
      { text: 'SIGINT: stopping', act: (child) => setTimeout(() => child.kill('SIGINT'), LATER_MS) },
    ],
  })
  expect(run).toMatchObject({ exitCode: 130, signal: null })
  expect(await readdir(folder)).toEqual([])
})

test('a run in which nothing matched -t fails, and says so and what there is', {
  timeout: LIMIT_MS,
}, async () => {
  const env = { STRESS_RESULTS_DIR: await temporaryFolder() }
  const [unknown, within] = await Promise.all([runVitest('brust', env), runVitest('passed > stall', env)])
  expect(unknown.exitCode).toBe(1)
  expect(unknown.output).toContain('No scenario matches -t brust: nothing was run.')
  expect(unknown.output).toMatch(/^There are: .*\bburst\b.*\bpassed\b/m)
  expect(within.exitCode).toBe(1)
  expect(within.output).toContain('No scenario matches -t passed > stall: nothing was run.')
  expect(within.output).toMatch(/^Within passed, -t takes the beginning of one of these:\n {2}passed > /m)
})

// Vitest 4 joined names by a space: an old pattern selects nothing, which Vitest itself passes.
test('a pattern of Vitest 4 that selects nothing fails whichever reporter is asked for, and says what there is', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const env = { STRESS_RESULTS_DIR: folder }
  const started = ['dot', 'blob'].map((reporter) =>
    runVitestWith({
      config: 'vitest.stress.config.ts',
      name: 'quick worker 1,',
      env,
      args: [`--reporter=${reporter}`, `--outputFile=${join(folder, reporter)}`],
    }),
  )
  for (const run of await Promise.all(started)) {
    expect(run.exitCode).toBe(1)
    expect(run.output).toContain('No scenario matches -t quick worker 1,: nothing was run.')
    expect(run.output).toContain('  quick > worker 1, first to smtp-server-1')
  }
})

test('a run as a blob and merged is the same result to the last bucket of its histograms', {
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const blobs = join(folder, 'blobs')
  const config = 'vitest.stress.config.ts'
  const load = { STRESS_MESSAGES: '300', STRESS_WORKERS: '2', STRESS_THREADS: '1', SMTP_SERVERS: '1' }
  const ran = await runVitestWith({
    config,
    name: 'custom',
    env: { ...load, STRESS_RESULTS_DIR: join(folder, 'ran') },
    args: ['--reporter=blob', `--outputFile=${join(blobs, '1.json')}`],
  })
  expect(ran.exitCode).toBe(0)
  const merged = await runVitestWith({
    config,
    env: { STRESS_RESULTS_DIR: join(folder, 'merged') },
    args: [`--merge-reports=${blobs}`],
  })
  expect(merged.exitCode).toBe(0)
  const [first, again] = await Promise.all(['ran', 'merged'].map((name) => latestIn(join(folder, name))))
  expect(again).toEqual(first)
  const { buckets, ...histogram } = first?.histograms.response_time ?? {}
  expect(buckets?.length).toBeGreaterThan(10)
  expect(histogram).toMatchObject({ count: 300 })
})

test('merged blob reports write the same results again', { tags: 'long', timeout: LIMIT_MS }, async () => {
  const folder = await temporaryFolder()
  const blobs = join(folder, 'blobs')
  await runVitest(
    'passed',
    { STRESS_RESULTS_DIR: join(folder, 'first') },
    { extraArguments: ['--reporter=blob', `--outputFile=${join(blobs, 'blob.json')}`] },
  )
  const run = await runVitest(
    'passed',
    { STRESS_RESULTS_DIR: join(folder, 'merged') },
    { extraArguments: [`--merge-reports=${blobs}`] },
  )
  expect(run.exitCode).toBe(0)
  expect(await readdir(join(folder, 'merged'))).toContain('20260102-030405-passed.json')
  expect(run.output.match(/\[PASSED\] passed: no errors/g)).toHaveLength(1)
})

test.for([
  { signals: ['SIGTERM', 'SIGTERM'], exitCodes: [143] },
  // Of two that are pending at once, the kernel lets either be handled first.
  { signals: ['SIGHUP', 'SIGINT'], exitCodes: [129, 130] },
] as const)(
  '$signals within half a second are one signal: the partial result is written',
  {
    tags: 'long',
    timeout: LIMIT_MS,
  },
  async ({ signals, exitCodes }) => {
    const folder = await temporaryFolder()
    const run = await runVitestWith({
      config: CONFIG,
      name: 'interrupted',
      env: { STRESS_RESULTS_DIR: folder },
      steps: [
        {
          text: 'waiting for the signal',
          act: (child) => {
            for (const signal of signals) child.kill(signal)
          },
        },
      ],
    })
    expect(run.signal).toBe(null)
    expect(exitCodes).toContain(run.exitCode)
    expect(await readdir(folder)).toContain('20260102-030405-interrupted.json')
  },
)

test('a reader that goes away after the first line does not cost the result', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const run = await runVitestWith({
    config: CONFIG,
    name: 'passed',
    env: { STRESS_RESULTS_DIR: folder },
    steps: [{ text: 'RUN', act: (child) => child.stdout?.destroy() }],
  })
  expect(run.exitCode).toBe(0)
  expect(run.output).not.toContain('EPIPE')
  expect(run.output).not.toContain('Timeout terminating')
  expect(await readdir(folder)).toContain('20260102-030405-passed.json')
})

test('SIGTERM to npx alone, whose shell does not hand it on, ends the run and writes its partial result', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  const folder = await temporaryFolder()
  const shell = spawn(
    'sh',
    // Not its last command, so that no shell replaces itself by it: as npm's does not.
    ['-c', `"$@"; exit $?`, 'sh', process.execPath, VITEST, 'run', '--config', CONFIG, '-t', 'interrupted'],
    {
      cwd: ROOT,
      env: {
        ...BARE_ENVIRONMENT,
        HOME: process.env.HOME,
        CI: '1',
        npm_command: 'exec',
        STRESS_RESULTS_DIR: folder,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (!output.includes('waiting for the signal') && (output + text).includes('waiting for the signal'))
      shell.kill('SIGTERM')
    output += text
  })
  // Held open by the run as long as it goes on.
  await once(shell.stdout, 'close')
  expect(shell.signalCode).toBe('SIGTERM')
  expect(output).toMatch(/the process that started this one \(\d+\) has ended: stopping/)
  expect(await readdir(folder)).toContain('20260102-030405-interrupted.json')
})
