import { setTimeout as after } from 'node:timers/promises'
import { quantileMs } from '../../src/engine/histogram.ts'
import { LoadRun } from '../../src/engine/threads/load-run.ts'
import type { LoadPlan } from '../../src/engine/threads/plan.ts'
import { SenderPool } from '../../src/engine/threads/pool.ts'
import { planOf } from './plan.ts'
import { taskFromArguments } from './task.ts'

/** What limits.ts asks of our engine: so many messages as fast as it goes, or so many sessions at one a second each. */
export type LimitsTask = { readonly port: number } & (
  | { readonly messages: number; readonly sizeBytes: number }
  | {
      readonly sessions: number
      /** In which they are opened, at a rate that rises to one message a second each. */
      readonly rampSeconds: number
      /** For which that rate is held then. */
      readonly seconds: number
    }
)

export interface LimitsRun {
  readonly messages: number
  /** Resident memory of the process with its thread loaded, and the most of it in the run. */
  readonly restBytes: number
  readonly mostBytes: number
  /** Sessions that were opened. */
  readonly sessions: number
  /** Messages that started in each second. */
  readonly started: readonly number[]
  /** How late messages started although a session was free, or could be opened: of the whole run. */
  readonly lagP99Ms: number
  /** CPU time of the sender thread as a share of the run's length. */
  readonly cpuShare: number
}

const LOOK_EVERY_MS = 100

/** Client program: our engine in one process, and what it takes of memory. */
const task = taskFromArguments<LimitsTask>()
await using pool = new SenderPool(1)
await pool.warmUp()
const shape = { port: task.port, pipelining: 'transactions', newConnectionEach: false } as const
// Sessions are held open by a server that takes its time: then the shape of the load itself is the warm-up.
if ('messages' in task) await new LoadRun(pool, planOf({ ...shape, sizeBytes: 1024 }, 1_000)).finished()
await after(LOOK_EVERY_MS)
const restBytes = process.memoryUsage.rss()
let mostBytes = restBytes
const look = setInterval(() => {
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss())
}, LOOK_EVERY_MS)
const { recording, threadError, threadCpuMs, elapsedMs } = await new LoadRun(pool, plan()).finished()
clearInterval(look)
if (threadError !== undefined) throw threadError
const result: LimitsRun = {
  messages: recording.targets[0]?.accepted ?? 0,
  restBytes,
  mostBytes,
  sessions: recording.seconds.reduce((sum, { sessionsOpened }) => sum + sessionsOpened, 0),
  started: recording.seconds.map(({ started }) => started),
  lagP99Ms: quantileMs(recording.lag, 0.99),
  cpuShare: threadCpuMs / elapsedMs,
}
console.log(JSON.stringify(result))

function plan(): LoadPlan {
  if ('messages' in task) return planOf({ ...shape, sizeBytes: task.sizeBytes }, task.messages)
  const { sessions, rampSeconds, seconds } = task
  const stages = [
    { durationSeconds: rampSeconds, target: sessions },
    { durationSeconds: seconds, target: sessions },
  ]
  return {
    ...planOf({ ...shape, pipelining: 'commands', sizeBytes: 1024 }, sessions),
    schedule: { executor: 'ramping-arrival-rate', startRatePerSecond: 0, stages },
    workers: 1,
    sessionsPerWorker: sessions,
  }
}
