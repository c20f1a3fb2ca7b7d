// @module-tag long

import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { embeddedPostgres } from '../../containers/postgres/postgres.ts'
import type { PressureControl } from '../../src/pressure/execute.ts'
import type { PressureResult } from '../../src/pressure/result.ts'
import type { PressureSpec } from '../../src/pressure/spec.ts'
import { freshDatabases } from '../proxy/databases.ts'
import { newDatabase } from '../proxy/new-database.ts'
import { RestartablePostgres } from '../proxy/restartable-postgres.ts'
import { pressed } from './scene.ts'

const freshDatabase = freshDatabases()
const limit = { timeout: 120_000 }
const POOL_SIZE = 20

/** Ten seconds of messages; the kill comes in their middle. */
const STEADY: PressureSpec = {
  durationSeconds: 10,
  proxy: {
    GMP_SYNC_INTERVAL: '0.5',
    GMP_SEND_LOOP_INTERVAL: '0.1',
    GMP_LEASE: '2',
    GMP_LOG_LEVEL: 'silent',
    GMP_POOL_SIZE: `${POOL_SIZE}`,
  },
  tenants: [
    // A proxy that dies between reading an answer and storing it has lost it: the tenant offers it again.
    { profile: 'newsletter', attachmentShare: 0, dndShare: 0, reofferAfterMs: 6_000 },
    { profile: 'standard', attachmentShare: 0, dndShare: 0, reofferAfterMs: 6_000 },
  ],
  quietSeconds: 15,
  thresholds: [`duplicated<=${POOL_SIZE}`],
}
const KILL_AFTER_MS = 5_000

type Parts = Parameters<NonNullable<PressureControl['onStarted']>>[0]

/** Something that happens in the middle of the hand-over. */
function midRun(act: (parts: Parts) => unknown): PressureControl['onStarted'] {
  // The moment itself is what is tested: no event tells it.
  return (parts) => void delay(KILL_AFTER_MS).then(() => act(parts))
}

const eventsOf = ({ events }: PressureResult) => events.map(({ what }) => what)

function expectNothingLost({ verification }: PressureResult): void {
  expect(verification).toMatchObject({
    verified: true,
    lost: 0,
    still_queued: 0,
    corrupted: 0,
    unreported: 0,
  })
  expect(verification.duplicated).toBeLessThanOrEqual(POOL_SIZE)
}

test.each([1, 3])('a proxy killed among %i: told with its second, nothing lost', limit, async (proxies) => {
  const kill = ({ proxies: { sampled } }: Parts) => {
    const [victim] = sampled as unknown as readonly { readonly pid: number }[]
    process.kill(victim?.pid ?? Number.NaN, 'SIGKILL')
  }
  const result = await pressed({ ...STEADY, proxies }, await freshDatabase(), { onStarted: midRun(kill) })
  expect(eventsOf(result)).toEqual(['proxy-1 was killed by SIGKILL', 'proxy-1 was restarted'])
  const [killed] = result.events
  expect(killed?.at_seconds).toBeGreaterThan(3)
  expect(killed?.at_seconds).toBeLessThan(9)
  expect(result).toMatchObject({
    status: 'partial',
    verdict: 'FAILED',
    partial_reason: 'proxy-1 was killed by SIGKILL',
  })
  expectNothingLost(result)
})

test('PostgreSQL that crashes and comes back: nothing lost, nothing twice', limit, async () => {
  await using postgres = await RestartablePostgres.start()
  const outage = async ({ events }: Parts) => {
    await postgres.crash()
    events.add('postgres crashed')
    await delay(2_000)
    await postgres.start()
    events.add('postgres is back')
  }
  // An outage longer than the lease: the proxy claims anew what it has in flight, and does not send it again for that.
  const spec = { ...STEADY, proxy: { ...STEADY.proxy, GMP_LEASE: '1' } }
  const result = await pressed(spec, postgres.url, { onStarted: midRun(outage) })
  expect(eventsOf(result)).toEqual(['postgres crashed', 'postgres is back'])
  expect(result.status).toBe('complete')
  expectNothingLost(result)
  expect(result.verification.duplicated).toBe(0)
})

test(
  'PostgreSQL killed for good: the run ends, and does not call lost what may be in its queue',
  limit,
  async () => {
    await using postgres = await embeddedPostgres().start()
    const databaseUrl = await newDatabase(postgres.url)
    const kill = () => process.kill(postgres.pid, 'SIGKILL')
    const result = await pressed(STEADY, databaseUrl, { database: postgres, onStarted: midRun(kill) })
    expect(result).toMatchObject({ status: 'partial', verdict: 'FAILED' })
    expect(result.partial_reason).toMatch(/^postgres (was killed by|exited|was exited)/)
    expect(result.metrics.window_seconds).toBeLessThan(9)
    const { verification } = result
    expect(verification.handed_over).toBeGreaterThan(0)
    if (verification.lost === null)
      expect(verification.why_not).toContain("the proxy's queue could not be read")
    else expect(verification.lost).toBe(0)
  },
)

test('a sink killed: not verified, with the reason, and what was known until then', limit, async () => {
  const kill = ({ sinks: { sampled } }: Parts) => {
    const [sink] = sampled as unknown as readonly { readonly pid: number }[]
    process.kill(sink?.pid ?? Number.NaN, 'SIGKILL')
  }
  const result = await pressed(STEADY, await freshDatabase(), { onStarted: midRun(kill) })
  expect(eventsOf(result)).toEqual(['sink was killed by SIGKILL'])
  expect(result).toMatchObject({ status: 'partial', partial_reason: 'sink was killed by SIGKILL' })
  expect(result.verification).toMatchObject({
    verified: false,
    lost: null,
    why_not: 'sink was killed by SIGKILL: what it had received can no longer be read',
  })
  expect(result.metrics.end_to_end_ms.count).toBeGreaterThan(0)
})

test('an interruption: a partial result at once, and what waits is queued, not lost', limit, async () => {
  const interruption = new AbortController()
  const result = await pressed(STEADY, await freshDatabase(), {
    signal: interruption.signal,
    onStarted: midRun(() => interruption.abort()),
  })
  expect(result).toMatchObject({ status: 'partial', partial_reason: 'interrupted', verdict: 'FAILED' })
  expect(result.metrics.duration_seconds).toBeLessThan(9)
  const { handed_over, delivered, errors, still_queued, lost } = result.verification
  expect({ lost, errors }).toEqual({ lost: 0, errors: 0 })
  expect((delivered ?? 0) + (still_queued ?? 0)).toBe(handed_over)
})
