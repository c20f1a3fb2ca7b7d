import { LoadRun } from '../../src/engine/threads/load-run.ts'
import { SenderPool } from '../../src/engine/threads/pool.ts'
import type { Measurement } from '../measurement.ts'
import { planOf } from './plan.ts'
import { type MailstormTask, taskFromArguments } from './task.ts'

/** Client program: our engine as a plain script, whole: thread, recorder, receipts, live figures. */
const task = taskFromArguments<MailstormTask>()
await using pool = new SenderPool(1)
await pool.warmUp()
await send(task.warmUpMessages)
console.log(JSON.stringify(await send(task.messages)))

async function send(messages: number): Promise<Measurement> {
  const cpuBefore = process.cpuUsage()
  const measured = await new LoadRun(pool, planOf(task, messages)).finished()
  const cpu = process.cpuUsage(cpuBefore)
  const accepted = measured.recording.targets[0]?.accepted
  if (measured.threadError !== undefined) throw measured.threadError
  if (accepted !== messages) throw new Error(`${accepted} of ${messages} messages were accepted`)
  return { messages, seconds: measured.elapsedMs / 1e3, cpuSeconds: (cpu.user + cpu.system) / 1e6 }
}
