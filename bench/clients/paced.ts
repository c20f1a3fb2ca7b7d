import { quantileMs } from '../../src/engine/histogram.ts'
import { LoadRun } from '../../src/engine/threads/load-run.ts'
import { SenderPool } from '../../src/engine/threads/pool.ts'
import type { PacedRun, PacedTask } from './pacing-task.ts'
import { RECIPIENT, SENDER } from './task.ts'

/** Client program: our engine under a constant arrival rate. */
const task = JSON.parse(process.argv[2] ?? '{}') as PacedTask
await using pool = new SenderPool(1)
await pool.warmUp()
await send(1)
console.log(JSON.stringify(await send(task.seconds)))

async function send(durationSeconds: number): Promise<PacedRun> {
  const run = new LoadRun(pool, {
    runId: `pacing-${process.pid}-${durationSeconds}`,
    schedule: { executor: 'constant-arrival-rate', ratePerSecond: task.ratePerSecond, durationSeconds },
    targets: [{ name: 'server', host: '127.0.0.1', port: task.port, tls: { mode: 'none', verify: true } }],
    workers: 10,
    sessionsPerWorker: 10,
    mail: { sizeBytes: 1_024, sender: SENDER, recipients: [RECIPIENT] },
    seed: 1,
    pipelining: 'commands',
    messagesPerSession: Number.POSITIVE_INFINITY,
    replyTimeoutMs: 30_000,
    drainMs: 30_000,
  })
  const { recording, threadCpuMs, elapsedMs } = await run.finished()
  const accepted = recording.targets[0]?.accepted
  if (accepted !== run.pacer.total)
    throw new Error(`${accepted} of ${run.pacer.total} messages were accepted`)
  return {
    messages: accepted,
    lastStartMs: recording.lastStartMs,
    lagP50Ms: quantileMs(recording.lag, 0.5),
    lagP99Ms: quantileMs(recording.lag, 0.99),
    cpuShare: threadCpuMs / elapsedMs,
  }
}
