// @module-tag long

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import type { Result } from '../../src/engine/result.ts'
import { type StoreAndForwardOptions, startStoreAndForward } from '../servers/store-and-forward.ts'
import type { Step } from '../vitest-child.ts'
import { type StressRun, stress } from './stress.ts'

const LIMIT_MS = 120_000
const PARTS = ['steady', 'burst', 'slow', 'refusing', 'away', 'back']

async function relay(
  options: Omit<StoreAndForwardOptions, 'nextPort'> = {},
  { env = {}, steps = [] }: { env?: NodeJS.ProcessEnv; steps?: readonly Step[] } = {},
) {
  const sinkPort = await freePort()
  await using running = await startStoreAndForward({ ...options, nextPort: sinkPort })
  const run = await stress(
    'relay',
    {
      SMTP_TARGETS: `127.0.0.1:${running.port}`,
      STRESS_VERIFY: `sink:${sinkPort}`,
      STRESS_VERIFY_TIMEOUT: '10',
      ...{ STRESS_RATE: '20', STRESS_DURATION: '2', STRESS_MESSAGES: '200', STRESS_SIZE: 'small' },
      ...env,
    },
    steps,
  )
  return { ...run, sinkPort, putOff: running.putOff(), of: (part: string) => resultOf(run, part) }
}

function resultOf({ resultsDir }: StressRun, part: string): Result {
  const name = readdirSync(resultsDir).find((file) => file.endsWith(`-relay--${part}.json`)) ?? part
  return JSON.parse(readFileSync(join(resultsDir, name), 'utf8')) as Result
}

test('a relay that keeps its word passes, and each part has its own mail in its account', {
  timeout: LIMIT_MS,
}, async () => {
  const { exitCode, output, of, putOff } = await relay()
  expect(exitCode, output).toBe(0)
  // The sink did put it off, and was away.
  expect(putOff).toBeGreaterThan(0)
  for (const part of PARTS) {
    const messages = part === 'burst' ? 200 : 40
    expect(of(part).ledger, part).toMatchObject({
      ...{ verified: true, acknowledged: messages, received: messages, lost: 0, duplicated: 0, corrupted: 0 },
      account: { arrived: messages, bounced: 0, misrouted: 0 },
    })
  }
  const together = of('together')
  expect(together.ledger).toMatchObject({ acknowledged: 400, received: 400, lost: 0, duplicated: 0 })
  expect(together.delivery?.timeline.reduce((sum, row) => sum + row.arrived, 0)).toBe(400)
  expect(together.delivery?.timeline.at(-1)?.in_between).toBe(0)
  const rows = together.next_hop ?? []
  expect(rows.map((row) => [row.part, row.from_seconds, row.next_hop])).toEqual([
    ['steady', 0, 'takes each message'],
    ['burst', 2, 'takes each message'],
    ['slow', 4, 'takes 500 ms to each message'],
    ['refusing', 6, 'puts off each recipient with 451'],
    ['away', 8, 'is away'],
    ['back', 10, 'takes each message'],
  ])
  for (const { part, from_seconds: from, since_seconds: since } of rows) {
    expect(since, part).toBeGreaterThanOrEqual(from)
    expect(since, part).toBeLessThan(from + 1.5)
  }
  // Nothing arrives where nobody is; what was accepted meanwhile belongs to that part all the same.
  const away = rows.find(({ part }) => part === 'away')
  expect(away?.deepest_queue).toBeGreaterThanOrEqual(40)
  expect(of('away').delivery?.end_to_end_ms.max).toBeGreaterThan(1_000)
  expect(of('steady').delivery?.end_to_end_ms.p50).toBeLessThan(1_000)
  // It went on to the last message only after the next hop had come back.
  expect(rows.at(-1)?.drain_seconds).toBeGreaterThan(0)
  expect(together.side_by_side?.rows.map(({ label }) => label)).toEqual([...PARTS, 'together'])
  expect(output).toContain('is away')
})

test('a relay that loses and doubles fails the rows of the parts in which it did', {
  timeout: LIMIT_MS,
}, async () => {
  // Of the first part one, and one of the last.
  const { exitCode, output, of } = await relay({
    loses: (message) => message === 10,
    doubles: (message) => message === 390,
  })
  expect(exitCode).toBe(1)
  expect(of('steady')).toMatchObject({ verdict: 'FAILED', ledger: { lost: 1, duplicated: 0 } })
  expect(of('burst')).toMatchObject({ verdict: 'PASSED', ledger: { lost: 0, duplicated: 0 } })
  expect(of('back')).toMatchObject({ verdict: 'FAILED', ledger: { lost: 0, duplicated: 1 } })
  expect(of('together')).toMatchObject({ verdict: 'FAILED', ledger: { lost: 1, duplicated: 1 } })
  expect(output).toContain('lost==0')
})

test('Ctrl-C in the middle leaves partial results, and no sink', { timeout: LIMIT_MS }, async () => {
  const { exitCode, of, sinkPort } = await relay(
    {},
    {
      env: { STRESS_DURATION: '20' },
      steps: [{ text: 'steady: ', act: (child) => void child.kill('SIGINT') }],
    },
  )
  expect(exitCode).not.toBe(0)
  const { status, partial_reason: why, ledger } = of('together')
  expect(status).toBe('partial')
  expect(why).toContain('interrupted')
  expect(ledger.acknowledged).toBeGreaterThan(0)
  // What was still on its way is not called lost.
  expect(ledger.lost ?? 0).toBe(0)
  await expect(fetch(`http://127.0.0.1:${sinkPort}`)).rejects.toThrow('fetch failed')
})

test.each([
  [{}, 'SMTP_TARGETS names no relay to send to; STRESS_VERIFY names no sink'],
  [{ SMTP_TARGETS: '127.0.0.1:9' }, 'STRESS_VERIFY names no sink'],
  [
    { SMTP_TARGETS: '127.0.0.1:9', STRESS_VERIFY: 'maildir:/nowhere' },
    'STRESS_VERIFY is maildir, and only a sink',
  ],
])('%j is one error that says what to give', { timeout: LIMIT_MS }, async (env, why) => {
  const { exitCode, output } = await stress('relay', env)
  expect(exitCode).not.toBe(0)
  expect(output).toContain(why)
  expect(output).toContain('mailstorm run relay --target 127.0.0.1:25 --verify sink:2525')
})
