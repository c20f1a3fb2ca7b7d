import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { mailstorm } from '../analysis/mailstorm.ts'
import { say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { accountedFor, type StressRun, stress } from './stress.ts'

const LIMIT_MS = 60_000
const REFUSED = { dot: [say('550 5.7.1 not here')] } as const

interface Faces {
  readonly exitCode: number | null
  /** The words of terminal, result file, `list`, Markdown and HTML. */
  readonly verdicts: readonly unknown[]
  /** Failures and errors that a reader of JUnit counts. */
  readonly junitFaults: number
  /** Errors that GitHub shows. */
  readonly annotations: readonly string[]
  readonly jobSummary: string
}

/** Everything that says how a run ended. */
async function facesOf(run: StressRun, summaryPath: string): Promise<Faces> {
  const { result, resultsDir, output } = run
  if (result === undefined) throw new Error(`no result: ${output}`)
  const { out } = await mailstorm(resultsDir, ['list', '--results', '.', '--json'])
  const { runs } = JSON.parse(out) as { runs: readonly { verdict: string }[] }
  const written = (extension: string) =>
    readFile(join(resultsDir, `${result.stamp}-${result.scenario}.${extension}`), 'utf8')
  const xml = await readFile(join(resultsDir, 'junit.xml'), 'utf8')
  const [, failures, errors] = /<testsuites [^>]*failures="(\d+)" errors="(\d+)"/.exec(xml) ?? []
  return {
    exitCode: run.exitCode,
    verdicts: [
      /^\[(\w+)\] custom/m.exec(output)?.[1],
      result.verdict,
      runs[0]?.verdict,
      /^## \S+ custom: (\w+)$/m.exec(await written('md'))?.[1],
      /<title>custom – (\w+)/.exec(await written('html'))?.[1],
    ],
    junitFaults: Number(failures) + Number(errors),
    annotations: output.split('\n').filter((line) => line.startsWith('::error title=custom')),
    jobSummary: await readFile(summaryPath, 'utf8'),
  }
}

async function facesOfLoadOn(
  server: ScriptedServer,
  name: string,
  thresholds: string,
): Promise<Faces & { run: StressRun }> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-summary-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const summaryPath = join(folder, 'summary.md')
  const run = await stress(name, {
    SMTP_TARGETS: `127.0.0.1:${server.port}`,
    STRESS_MESSAGES: '40',
    STRESS_WORKERS: '2',
    STRESS_THRESHOLDS: thresholds,
    GITHUB_ACTIONS: 'true',
    GITHUB_STEP_SUMMARY: summaryPath,
  })
  return { ...(await facesOf(run, summaryPath)), run }
}

test('a server that refuses every message fails the run everywhere, even if no threshold covers it', {
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start(REFUSED)
  const faces = await facesOfLoadOn(server, 'custom', 'p(99)<5000')
  expect(faces.exitCode).toBe(1)
  expect(new Set(faces.verdicts)).toEqual(new Set(['FAILED']))
  expect(faces.junitFaults).toBe(1)
  expect(faces.annotations).toEqual([
    '::error title=custom::success_rate>0.95 — was 0.00 %25, limit 95.00 %25',
  ])
  expect(faces.jobSummary).toContain('❌')
  expect(faces.run.output).toContain('success_rate>0.95 — was 0.00 %')
})

test('thresholds on the success rate decide everywhere', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start({ dot: { first: Array(20).fill(REFUSED.dot) } })
  const faces = await facesOfLoadOn(server, 'custom', 'p(99)<5000,success_rate>=0.5')
  expect(faces.exitCode).toBe(0)
  expect(new Set(faces.verdicts)).toEqual(new Set(['WARNING']))
  expect([faces.junitFaults, faces.annotations]).toEqual([0, []])
  expect(faces.jobSummary).not.toContain('❌')
})

test('one row that holds does not hide that its run failed', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start(REFUSED)
  const faces = await facesOfLoadOn(server, 'custom > p\\(99\\)', 'p(99)<5000')
  expect(faces.exitCode).toBe(1)
  expect(faces.junitFaults).toBe(1)
  expect(faces.verdicts).toEqual(Array(5).fill('FAILED'))
})

test('an interrupted run: messages whose turn had not come are not reached, and JUnit has an error', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  const run = await stress(
    'custom',
    {
      STRESS_MODE: 'sustained',
      STRESS_RATE: '50',
      STRESS_DURATION: '60',
      STRESS_WORKERS: '5',
      SMTP_SERVERS: '1',
    },
    [{ text: 'p99', act: (child) => child.kill('SIGINT') }],
  )
  expect(run.exitCode).toBe(130)
  const { result } = run
  if (result === undefined) throw new Error(`no result: ${run.output}`)
  const { metrics } = result
  expect(result).toMatchObject({ status: 'partial', partial_reason: 'interrupted', verdict: 'FAILED' })
  expect(accountedFor(result)).toBe(true)
  expect(metrics.outcomes.not_reached).toBeGreaterThan(2_000)
  expect(metrics.outcomes.dropped).toBeLessThan(10)
  // What is on its way when it is interrupted: a message on each session, and what waits for one.
  const begun = 3_000 - metrics.outcomes.not_reached
  expect(begun - metrics.outcomes.accepted).toBeLessThanOrEqual(5 + metrics.outcomes.dropped)
  expect(metrics.success_rate).toBe(metrics.outcomes.accepted / begun)
  expect(run.output).toMatch(/Not reached: +[\d,]+ /)
  const xml = await readFile(join(run.resultsDir, 'junit.xml'), 'utf8')
  expect(xml).toContain('<error type="PartialRun" message="stopped early: interrupted; ')
  expect(xml).toContain('failures="0" errors="1"')
})

test('an interrupted closed load: what no worker had begun is not reached', {
  tags: 'long',
  timeout: LIMIT_MS,
}, async () => {
  await using server = await ScriptedServer.start({ dot: [wait(100), say('250 ok')] })
  const run = await stress(
    'custom',
    { SMTP_TARGETS: `127.0.0.1:${server.port}`, STRESS_MESSAGES: '1000', STRESS_WORKERS: '2' },
    [{ text: 'p99', act: (child) => child.kill('SIGTERM') }],
  )
  expect(run.exitCode).toBe(143)
  const { result } = run
  if (result === undefined) throw new Error(`no result: ${run.output}`)
  expect(accountedFor(result)).toBe(true)
  expect(result.metrics.outcomes).toMatchObject({ dropped: 0, deferred: 0, rejected: 0 })
  expect(result.metrics.outcomes.failed).toBeLessThanOrEqual(2)
  expect(result.metrics.outcomes.not_reached).toBeGreaterThan(800)
})
