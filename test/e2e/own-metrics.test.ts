import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Result } from '../../src/engine/result.ts'
import { runVitest, type Step, type VitestRun } from '../vitest-child.ts'
import { accountedFor, stress } from './stress.ts'

test('own-metrics: what the hooks recorded is in the result, the terminal and the Markdown', async () => {
  const run = await stress('own-metrics', { SMTP_SERVERS: '2', STRESS_THREADS: '2' })
  expect(run.exitCode).toBe(0)
  const { result } = run
  if (result === undefined) throw new Error('no result')
  const { metrics, custom_metrics: own } = result
  expect(own?.slow).toMatchObject({ kind: 'rate', total: 1000 })
  expect(own?.handshake_ms).toMatchObject({ kind: 'trend', summary: { count: metrics.sessions_opened } })
  expect(own?.busy_replies).toMatchObject({ kind: 'counter', sum: 0 })
  expect(own?.extensions).toMatchObject({ kind: 'gauge', min: 8, max: 8 })
  expect(result.thresholds.slice(1, 5).map(({ expression, verdict }) => `${expression} ${verdict}`)).toEqual([
    'handshake_ms.p(95)<500 pass',
    'slow<0.05 pass',
    'busy_replies<100 pass',
    'extensions.min>=3 pass',
  ])
  expect(run.output).toMatch(/Custom metrics:\n +metric +kind +value\n +handshake_ms +trend +p95 [\d.]+ ms /)
  const markdown = await readFile(join(run.resultsDir, `${result.stamp}-own-metrics.md`), 'utf8')
  expect(markdown).toMatch(/Custom metrics<\/summary>\n\n\| Metric \| Kind \|/)
})

test('a missing module of hooks is one message, before any server is booted', { tags: 'long' }, async () => {
  const run = await wrong('missing-hooks')
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(/Failed to load the hooks file:.*no-such-hooks\.ts: Cannot find module/)
  expect(run.output).not.toContain('Backend:')
  expect(run.output).toContain('✗ missing-hooks: 0 rows passed, 1 failed')
})

test('a metric with the name of a built-in one is refused before anything runs', {
  tags: 'long',
}, async () => {
  const run = await wrong('taken-name')
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('"lost" is one of mailstorm\'s own metrics: choose another name.')
})

test('a hook that fails leaves the figures true and fails the run; what it did not record has no data', {
  tags: 'long',
}, async () => {
  const run = await wrong('failing-hooks')
  expect(run.exitCode).toBe(1)
  expect(run.output).toContain('a hook of the scenario failed: MailstormError: Failed to record')
  expect(run.output).toMatch(/pass +success_rate==1 +100\.00 %/)
  expect(run.output).toMatch(/NO DATA +depth<5 .*no hook recorded depth/)
})

test('SIGINT ends a run of which a hook has blocked a thread, and its result has what the other one sent', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await wrong('endless-hooks', { STRESS_THREADS: '2' }, [
    { text: 'p99', act: (child) => child.kill('SIGINT') },
  ])
  expect(run.exitCode).toBe(130)
  const result = JSON.parse(await readFile(join(run.resultsDir, 'latest.json'), 'utf8')) as Result
  expect(result).toMatchObject({ status: 'partial', verdict: 'FAILED' })
  expect(result.partial_reason).toMatch(
    /^interrupted; a sender thread no longer answers \(worker [\d, ]+\): /,
  )
  expect(accountedFor(result)).toBe(true)
  expect(result.metrics.outcomes.accepted).toBeGreaterThan(50)
  expect(result.failures).toContainEqual(expect.objectContaining({ class: 'aborted', target: 'unknown' }))
})

async function wrong(
  name: string,
  env: NodeJS.ProcessEnv = {},
  steps: readonly Step[] = [],
): Promise<VitestRun & { readonly resultsDir: string }> {
  const resultsDir = await mkdtemp(join(tmpdir(), 'mailstorm-own-metrics-'))
  onTestFinished(() => rm(resultsDir, { recursive: true, force: true }))
  const run = await runVitest({
    config: 'test/fixture-projects/own-metrics/vitest.config.ts',
    name,
    env: { STRESS_RESULTS_DIR: resultsDir, STRESS_BACKEND: 'embedded', SMTP_SERVERS: '1', ...env },
    steps,
  })
  return { ...run, resultsDir }
}
