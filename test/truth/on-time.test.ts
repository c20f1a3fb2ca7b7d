import { expect, it } from 'vitest'
import { quantileMs } from '../../src/engine/histogram.ts'
import { LoadRun } from '../../src/engine/threads/load-run.ts'
import { SenderPool } from '../../src/engine/threads/pool.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { planFor } from './plan.ts'

it('sends 500 messages a second on time', async () => {
  await using server = await ScriptedServer.start()
  await using pool = new SenderPool(1)
  await pool.warmUp()
  const schedule = { executor: 'constant-arrival-rate', ratePerSecond: 500, durationSeconds: 2 } as const
  const run = new LoadRun(pool, planFor(server.port, { schedule, workers: 20 }))
  const { recording, threadCpuMs } = await run.finished()
  expect(recording.targets).toMatchObject([{ accepted: 1_000 }])
  // On a quiet machine 0.5 and 1.1 ms; limits for one that runs other tests too.
  expect(quantileMs(recording.lag, 0.5)).toBeLessThan(10)
  expect(quantileMs(recording.lag, 0.99)).toBeLessThan(250)
  expect(recording.lastStartMs).toBeGreaterThanOrEqual(1_998)
  expect(recording.lastStartMs).toBeLessThan(2_250)
  expect(threadCpuMs).toBeGreaterThan(0)
  expect(threadCpuMs).toBeLessThan(2_000)
})
