import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { serverPidsOf } from '../vitest-child.ts'
import { ALL_SUITES, accountedFor, stress } from './stress.ts'

test('quick: five servers, every message accounted for and verified, results written', async () => {
  const run = await stress('quick', {}, [], ALL_SUITES)
  expect(run.output).toContain('[PASSED] quick')
  expect(run.exitCode).toBe(0)
  const { result } = run
  if (result === undefined) throw new Error('no result')
  expect(result.metrics).toMatchObject({ total_messages: 100, successful_messages: 100 })
  expect(result.metrics.total_bytes_sent).toBe(100 * 1024)
  expect(accountedFor(result)).toBe(true)
  expect(result.ledger).toMatchObject({ verified: true, received: 100, lost: 0, duplicated: 0, corrupted: 0 })
  expect(result.per_server.filter(({ accepted }) => accepted > 0)).toHaveLength(5)
  expect(Object.keys(result.resource_usage)).toHaveLength(5)
  expect(result.workload).toMatchObject({ messages_per_session: 'unlimited', pipelining: 'commands' })
  const files = (await readdir(run.resultsDir)).filter((name) => /\.(html|json|md)$/.test(name))
  expect(files.toSorted()).toEqual([
    `${result.stamp}-quick.html`,
    `${result.stamp}-quick.json`,
    `${result.stamp}-quick.md`,
    'index.html',
    'latest.json',
  ])
})

test.for(['json', 'tap-flat'])(
  '--reporter=%s keeps every result file',
  { tags: 'long' },
  async (reporter) => {
    const run = await stress('quick', { SMTP_SERVERS: '1' }, [], [`--reporter=${reporter}`])
    expect(run.exitCode).toBe(0)
    const files = await readdir(run.resultsDir)
    expect(files.map((name) => name.replace(/^\d{8}-\d{6}-/, '')).toSorted()).toEqual(
      expect.arrayContaining(['index.html', 'latest.json', 'quick.html', 'quick.json', 'quick.md']),
    )
    expect(run.output).toContain('[PASSED] quick')
    // What a program reads stands alone.
    if (reporter === 'tap-flat') expect(run.stdout).toMatch(/^TAP version 13\n1\.\.\d+\n(?:ok .*\n)+$/)
  },
)

test('a missed threshold fails its row with value and limit, and the run', async () => {
  const run = await stress('custom', {
    STRESS_MESSAGES: '50',
    STRESS_THRESHOLDS: 'p(99)<0.001,success_rate==1',
    SMTP_SERVERS: '1',
  })
  expect(run.exitCode).toBe(1)
  expect(run.output).toMatch(/p\(99\)<0\.001 — was [\d.]+ ms/)
  expect(run.result?.verdict).toBe('FAILED')
  expect(run.result?.thresholds.map(({ verdict }) => verdict)).toEqual([
    'fail',
    'pass',
    'pass',
    'pass',
    'pass',
  ])
})

test('one row of one worker sends that worker’s share alone', { tags: 'long' }, async () => {
  const run = await stress('quick > worker 3,')
  expect(run.exitCode).toBe(0)
  expect(run.result?.metrics).toMatchObject({ total_messages: 10, successful_messages: 10 })
})

test('one row of one threshold runs the whole scenario', { tags: 'long' }, async () => {
  const run = await stress('quick > lost==0')
  expect(run.exitCode).toBe(0)
  expect(run.result?.metrics.total_messages).toBe(100)
})

test('STARTTLS and AUTH work against the embedded servers, whose certificate is verified', {
  tags: 'long',
}, async () => {
  const run = await stress('custom', {
    STRESS_MESSAGES: '60',
    STRESS_TLS: 'starttls',
    STRESS_AUTH_USER: 'tester',
    STRESS_AUTH_PASS: 'secret-phrase',
    STRESS_MESSAGES_PER_SESSION: '2',
    SMTP_SERVERS: '2',
  })
  expect(run.output).toContain('[PASSED] custom')
  const { metrics } = run.result ?? {}
  expect(metrics?.sessions_opened).toBeGreaterThanOrEqual(30)
  expect(metrics?.phases_ms.tls?.count).toBe(metrics?.sessions_opened)
  expect(metrics?.phases_ms.auth?.count).toBe(metrics?.sessions_opened)
  expect(JSON.stringify(run.result)).not.toContain('secret-phrase')
})

test('a server killed in the middle is named, and nothing acknowledged is unaccounted for', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const run = await stress('custom', { STRESS_MESSAGES: '80000', STRESS_WORKERS: '20', SMTP_SERVERS: '3' }, [
    { text: 'p99', act: (child) => process.kill(serverPidsOf(child.pid)[1] ?? Number.NaN, 'SIGKILL') },
  ])
  expect(run.exitCode).toBe(1)
  const { result } = run
  if (result === undefined) throw new Error(`no result: ${run.output}`)
  expect(result.status).toBe('partial')
  expect(result.partial_reason).toMatch(/smtp-server-\d: killed by SIGKILL at [\d.]+ s/)
  expect(accountedFor(result)).toBe(true)
  const [dead] = result.per_server.filter(({ ended }) => ended !== undefined)
  expect(dead?.ended).toMatch(/killed by SIGKILL/)
  expect(dead?.failed).toBeGreaterThan(0)
  expect(dead?.failed).toBe(result.metrics.outcomes.failed)
  const classes = result.failures.map((failure) => failure.class)
  expect(classes.length).toBeGreaterThan(0)
  for (const one of classes)
    expect(['connection_reset', 'connection_closed', 'connection_refused']).toContain(one)
  expect(result.ledger).toMatchObject({ verified: true, lost: 0, duplicated: 0 })
})

test('Ctrl-C writes the partial result, exits with 130 and leaves no server behind', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  let servers: number[] = []
  const run = await stress('sustained', {}, [
    {
      text: 'p99',
      act: (child) => {
        servers = serverPidsOf(child.pid)
        child.kill('SIGINT')
      },
    },
  ])
  expect(run.exitCode).toBe(130)
  expect(servers).toHaveLength(5)
  for (const pid of servers) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(run.result).toMatchObject({ status: 'partial', partial_reason: 'interrupted', verdict: 'FAILED' })
  expect(run.result?.metrics.successful_messages).toBeGreaterThan(100)
  expect(run.result?.ledger).toMatchObject({ verified: true, lost: 0, duplicated: 0 })
  if (run.result !== undefined) expect(accountedFor(run.result)).toBe(true)
})
