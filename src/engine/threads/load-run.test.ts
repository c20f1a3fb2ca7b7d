import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptedIds } from '../../../test/servers/record.ts'
import { hang, say, wait } from '../../../test/servers/script.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { planFor } from '../../../test/truth/plan.ts'
import { isAcknowledged } from '../../ledger/receipts.ts'
import { messageId } from '../../mail/id.ts'
import { systemClock } from '../clock.ts'
import type { Recording } from '../recording.ts'
import { LoadRun } from './load-run.ts'
import { SenderPool } from './pool.ts'

const LONG_MS = 60_000
const endless = { executor: 'shared-iterations', messages: 1_000_000 } as const

function outcomes({ targets }: Recording) {
  return targets.map(({ accepted, deferred, rejected, failed }) => ({ accepted, deferred, rejected, failed }))
}

function endedOf({ targets }: Recording): number {
  return targets.reduce(
    (sum, { accepted, deferred, rejected, failed }) => sum + accepted + deferred + rejected + failed,
    0,
  )
}

describe.each([1, 3])('a run on %d threads', (threads) => {
  let pool: SenderPool

  beforeAll(async () => {
    pool = new SenderPool(threads)
    await pool.warmUp()
  }, LONG_MS)

  afterAll(() => pool[Symbol.asyncDispose]())

  it('sends every message exactly once, and measures each', async () => {
    await using server = await ScriptedServer.start()
    const schedule = { executor: 'shared-iterations', messages: 1_000 } as const
    const run = new LoadRun(pool, planFor(server.port, { schedule, workers: 6, pipelining: 'transactions' }))
    const { recording, receipts, threadError } = await run.finished()
    const all = Array.from({ length: 1_000 }, (_, message) => message)
    expect(threadError).toBeUndefined()
    expect(acceptedIds(server.sessions).sort()).toEqual(
      all.map((message) => messageId(run.plan.runId, message)),
    )
    expect(all.every((message) => isAcknowledged(receipts, message))).toBe(true)
    expect(receipts.targets).toMatchObject([{ accepted: 1_000, bytes: 1_000 * 1_024 }])
    expect(outcomes(recording)).toEqual([{ accepted: 1_000, deferred: 0, rejected: 0, failed: 0 }])
    expect(recording.responseTime.count).toBe(1_000)
    expect(recording.seconds.reduce((sum, { started }) => sum + started, 0)).toBe(1_000)
    expect(recording.seconds.reduce((sum, { sessionsOpened }) => sum + sessionsOpened, 0)).toBe(6)
  })

  it('tells of each worker what it ended and what was accepted', async () => {
    await using server = await ScriptedServer.start({
      rcpt: { first: [[say('550 5.1.1 who?')], [say('451 busy')]] },
    })
    const run = new LoadRun(pool, planFor(server.port, { workers: 4 }))
    const workers = await Promise.all([0, 1, 2, 3].map((worker) => run.worker(worker)))
    expect(workers.reduce((sum, { ended }) => sum + ended, 0)).toBe(100)
    expect(workers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(98)
    expect(() => run.worker(4)).toThrow('worker 4 is not part of this run')
  })

  it('lets its workers begin at different targets', async () => {
    await using first = await ScriptedServer.start()
    await using second = await ScriptedServer.start()
    const targets = [first, second].map(({ host, port }, index) => ({
      name: `server ${index}`,
      host,
      port,
      tls: { mode: 'none', verify: true } as const,
    }))
    const plan = planFor(0, { targets, workers: 4, messagesPerSession: 5 })
    const { recording } = await new LoadRun(pool, plan).finished()
    expect(first.sessions.length + second.sessions.length).toBeGreaterThanOrEqual(20)
    for (const { accepted } of recording.targets) expect(accepted).toBeGreaterThan(20)
  })

  it('measures while it goes on', { timeout: LONG_MS }, async () => {
    await using server = await ScriptedServer.start({ dot: [wait(5), say('250 ok')] })
    const run = new LoadRun(pool, planFor(server.port, { schedule: endless }))
    await expect.poll(() => endedOf(run.measured().recording), { timeout: 30_000 }).toBeGreaterThan(0)
    const before = endedOf(run.measured().recording)
    await expect.poll(() => endedOf(run.measured().recording), { timeout: 30_000 }).toBeGreaterThan(before)
    run.stop({ abort: true })
    const { recording } = await run.finished()
    expect(endedOf(recording)).toBeGreaterThanOrEqual(before)
  })

  it('stopped, ends what is in flight and starts nothing more', { timeout: LONG_MS }, async () => {
    await using server = await ScriptedServer.start({ dot: [wait(50), say('250 ok')] })
    const run = new LoadRun(pool, planFor(server.port, { schedule: endless }))
    await expect.poll(() => acceptedIds(server.sessions).length, { timeout: 30_000 }).toBeGreaterThan(5)
    run.stop({ abort: false })
    const { recording } = await run.finished()
    expect(outcomes(recording)).toMatchObject([{ deferred: 0, rejected: 0, failed: 0 }])
    expect(outcomes(recording)[0]?.accepted).toBe(acceptedIds(server.sessions).length)
  })

  it('aborted, fails what is in flight as aborted, in the phase it was in', {
    timeout: LONG_MS,
  }, async () => {
    await using server = await ScriptedServer.start({ data: [hang] })
    const run = new LoadRun(pool, planFor(server.port, { workers: 3, pipelining: 'off' }))
    const heldAtData = () => server.sessions.filter(({ commands }) => commands.includes('DATA')).length
    await expect.poll(heldAtData, { timeout: 30_000 }).toBe(3)
    run.stop({ abort: true })
    const { recording } = await run.finished()
    expect(recording.failures).toMatchObject([{ class: 'aborted', phase: 'data', count: 3 }])
    expect(endedOf(recording)).toBe(3)
  })

  it('stopped before its threads have heard of it, still ends', { timeout: LONG_MS }, async () => {
    await using server = await ScriptedServer.start()
    // A busy machine may take longer from here to the order to stop than a run does to its start.
    const startAtMs = systemClock.nowMs() + LONG_MS
    const run = new LoadRun(pool, planFor(server.port, { schedule: endless, startAtMs }))
    run.stop({ abort: true })
    const { recording } = await run.finished()
    expect(endedOf(recording)).toBe(0)
  })
})

describe('the open model', () => {
  it('counts as waited, and drops at the end of the drain, what no session was free for', {
    timeout: LONG_MS,
  }, async () => {
    await using server = await ScriptedServer.start({ dot: [wait(400), say('250 ok')] })
    await using pool = new SenderPool(1)
    await pool.warmUp()
    const schedule = { executor: 'constant-arrival-rate', ratePerSecond: 10, durationSeconds: 1 } as const
    const run = new LoadRun(pool, planFor(server.port, { schedule, workers: 1, drainMs: 100 }))
    const { recording } = await run.finished()
    // 400 ms each, one at a time, started up to 1.1 s: three or, on a slow machine, two of ten; a fourth had its turn at 1.2 s.
    expect(endedOf(recording)).toBeGreaterThanOrEqual(2)
    expect(endedOf(recording)).toBeLessThanOrEqual(3)
    expect(recording.responseTime.max_ms).toBeGreaterThan(900)
    expect(recording.serviceTime.max_ms).toBeLessThan(900)
  })
})
