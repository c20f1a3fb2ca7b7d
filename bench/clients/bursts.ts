import type { LoadRun } from '../../src/engine/threads/load-run.ts'
import type { SenderPool } from '../../src/engine/threads/pool.ts'
import type { Measurement } from '../measurement.ts'
import type { sendFloor as SendFloor } from './floor.ts'
import { planOf } from './plan.ts'
import { type MailstormTask, taskFromArguments } from './task.ts'

/** One burst of so many messages, sent when the parent asks for it. */
export interface BurstOrder {
  readonly shape: Omit<MailstormTask, 'messages' | 'warmUpMessages'>
  readonly messages: number
}

/** The engine's modules, by file URL: this commit's or another's. */
export interface Engine {
  readonly loadRun: string
  readonly pool: string
}

/** The bare script instead of an engine. */
export interface FloorModule {
  readonly floor: string
}

/** Client program: one engine that stays, and sends a burst whenever its parent orders one. */
const sent = taskFromArguments<Engine | FloorModule>()
await using sending = await ('floor' in sent ? floorOf(sent) : engineOf(sent))
const { promise: parentGone, resolve: end } = Promise.withResolvers<void>()
process.on('message', (order: BurstOrder) => {
  sending.send(order).then(
    (measurement) => process.send?.(measurement),
    (error: Error) => process.send?.({ problem: error.message }),
  )
})
process.on('disconnect', end)
process.send?.('ready')
await parentGone

interface Sending extends AsyncDisposable {
  send(order: BurstOrder): Promise<Measurement>
}

async function floorOf({ floor }: FloorModule): Promise<Sending> {
  const { sendFloor } = (await import(floor)) as { sendFloor: typeof SendFloor }
  return {
    send: ({ shape, messages }) => sendFloor(shape, messages),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function engineOf(engine: Engine): Promise<Sending> {
  const { LoadRun: Run } = (await import(engine.loadRun)) as { LoadRun: typeof LoadRun }
  const { SenderPool: Pool } = (await import(engine.pool)) as { SenderPool: typeof SenderPool }
  const pool = new Pool(1)
  await pool.warmUp()
  return {
    async send({ shape, messages }) {
      const cpuBefore = process.cpuUsage()
      const measured = await new Run(pool, planOf(shape, messages)).finished()
      const cpu = process.cpuUsage(cpuBefore)
      const accepted = measured.recording.targets[0]?.accepted
      if (measured.threadError !== undefined) throw measured.threadError
      if (accepted !== messages) throw new Error(`${accepted} of ${messages} messages were accepted`)
      return { messages, seconds: measured.elapsedMs / 1e3, cpuSeconds: (cpu.user + cpu.system) / 1e6 }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
