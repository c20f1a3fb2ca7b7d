import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptedIds } from '../../../test/servers/record.ts'
import { say, wait } from '../../../test/servers/script.ts'
import { ScriptedServer } from '../../../test/servers/scripted-server.ts'
import { planFor } from '../../../test/truth/plan.ts'
import { LoadRun } from './load-run.ts'
import type { LoadPlan } from './plan.ts'
import { SenderPool } from './pool.ts'

const LONG_MS = 60_000

/** Executors in the real engine, on more than one thread: what is claimed is what has ended. */
describe('an executor on two threads', () => {
  let pool: SenderPool

  beforeAll(async () => {
    pool = new SenderPool(2)
    await pool.warmUp()
  }, LONG_MS)

  afterAll(() => pool[Symbol.asyncDispose]())

  async function run(changes: Partial<LoadPlan>) {
    await using server = await ScriptedServer.start({ dot: [wait(5), say('250 ok')] })
    const load = new LoadRun(pool, planFor(server.port, changes))
    const measured = await load.finished()
    const done = await Promise.all(Array.from({ length: load.plan.workers }, (_, n) => load.worker(n)))
    return {
      planned: load.planned,
      accepted: measured.recording.targets[0]?.accepted,
      received: new Set(acceptedIds(server.sessions)).size,
      sessions: server.sessions.length,
      ofWorkers: done.map(({ ended }) => ended),
      recording: measured.recording,
      receipts: measured.receipts,
    }
  }

  it(
    'constant-workers: sends until the time is over, and has planned what it sent',
    async () => {
      const { planned, accepted, received, recording, receipts } = await run({
        schedule: { executor: 'constant-workers', durationSeconds: 1 },
        workers: 4,
      })
      expect(planned).toBeGreaterThan(20)
      expect(accepted).toBe(planned)
      expect(received).toBe(planned)
      expect(receipts.targets[0]?.accepted).toBe(planned)
      expect(recording.lastStartMs).toBeLessThan(1_000)
    },
    LONG_MS,
  )

  it('per-worker-iterations: each worker sends its number', async () => {
    const { planned, accepted, ofWorkers } = await run({
      schedule: { executor: 'per-worker-iterations', messagesPerWorker: 7, workers: 5 },
      workers: 5,
    })
    expect([planned, accepted]).toEqual([35, 35])
    expect(ofWorkers).toEqual([7, 7, 7, 7, 7])
  })

  it(
    'ramping-workers: those that come later and go earlier send less, each turn in a session of its own',
    async () => {
      const stages = [
        { durationSeconds: 0.5, target: 2 },
        { durationSeconds: 0, target: 1 },
        { durationSeconds: 0.5, target: 1 },
        { durationSeconds: 0, target: 2 },
        { durationSeconds: 0.3, target: 2 },
      ]
      const { planned, accepted, received, sessions, ofWorkers } = await run({
        schedule: { executor: 'ramping-workers', startWorkers: 0, stages },
        workers: 3,
      })
      expect(accepted).toBe(planned)
      expect(received).toBe(planned)
      const [first = 0, second = 0, third = 0] = ofWorkers
      expect(first).toBeGreaterThan(second)
      expect(second).toBeGreaterThan(0)
      expect(third).toBe(0)
      // The first worker stays, the second comes twice.
      expect(sessions).toBe(3)
    },
    LONG_MS,
  )

  it(
    'ramping-arrival-rate: starts each message at its time',
    async () => {
      const { planned, accepted, recording } = await run({
        schedule: {
          executor: 'ramping-arrival-rate',
          startRatePerSecond: 0,
          stages: [
            { durationSeconds: 1, target: 100 },
            { durationSeconds: 0, target: 20 },
            { durationSeconds: 1, target: 20 },
          ],
        },
        workers: 10,
        sessionsPerWorker: 10,
      })
      expect([planned, accepted]).toEqual([70, 70])
      // Within a second of a busy machine: 50 in the first, 20 in the second.
      const [first = 0, second = 0] = recording.seconds.map(({ started }) => started)
      expect(first).toBeGreaterThan(30)
      expect(first).toBeLessThanOrEqual(50)
      expect(first + second).toBeLessThanOrEqual(70)
    },
    LONG_MS,
  )

  it('starts no sooner than it was told to', async () => {
    await using server = await ScriptedServer.start()
    const startAtMs = Number(process.hrtime.bigint()) / 1e6 + 700
    const load = new LoadRun(pool, planFor(server.port, { startAtMs, workers: 2 }))
    expect(load.startMs).toBe(startAtMs)
    expect(load.startsAt.getTime() - Date.now()).toBeGreaterThan(300)
    await load.finished()
    expect(Number(process.hrtime.bigint()) / 1e6).toBeGreaterThan(startAtMs)
    expect(acceptedIds(server.sessions)).toHaveLength(100)
  })
})
