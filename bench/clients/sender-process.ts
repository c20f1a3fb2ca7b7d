import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MailstormError } from '../../src/error.ts'
import type { Measurement } from '../measurement.ts'
import type { BurstOrder, Engine, FloorModule } from './bursts.ts'

/** A process that sends bursts when it is told to: our engine, or the bare script. */
export interface SenderProcess extends AsyncDisposable {
  readonly send: (order: BurstOrder) => Promise<Measurement>
}

/** Where the sender threads stand, and where they stood in commits before: those are measured too. */
const ENGINE_FOLDERS = ['src/engine/threads', 'src/threads']

/** `url`: of the files of a commit, this one's unless told otherwise. */
export async function startEngine(url = ownUrl): Promise<SenderProcess> {
  const folder = ENGINE_FOLDERS.find((one) => existsSync(new URL(url(`${one}/load-run.ts`))))
  if (folder === undefined) {
    throw new MailstormError('BENCH', `Failed to find an engine in ${ENGINE_FOLDERS.join(' or ')}.`)
  }
  return start({ loadRun: url(`${folder}/load-run.ts`), pool: url(`${folder}/pool.ts`) })
}

export function startFloor(): Promise<SenderProcess> {
  return start({ floor: ownUrl('bench/clients/floor.ts') })
}

function ownUrl(path: string): string {
  return new URL(`../../${path}`, import.meta.url).href
}

/**
 * What a new process takes of a processor until its just-in-time compilers are done, with room: each shape was at its own
 * least after 0.8 to 2 s (docs/benchmarks.md). Not a number of messages: they differ by size and shape.
 */
const WARM_UP_CPU_SECONDS = 2.5
/** Where a server lets it wait, it takes little of a processor. */
const MOST_WARM_UP_MS = 8_000

/** Sends such bursts until the compilers are done. */
export async function warmUp(sender: SenderProcess, order: BurstOrder): Promise<void> {
  const endMs = performance.now() + MOST_WARM_UP_MS
  let cpuSeconds = 0
  while (cpuSeconds < WARM_UP_CPU_SECONDS && performance.now() < endMs)
    cpuSeconds += (await sender.send(order)).cpuSeconds
}

async function start(engine: Engine | FloorModule): Promise<SenderProcess> {
  const script = fileURLToPath(new URL('bursts.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(engine)])
  const exited = once(child, 'exit')
  const answer = async <T>(): Promise<T> => {
    const ended = exited.then(([code]) => Promise.reject(new Error(`an engine ended with code ${code}`)))
    const [message] = await Promise.race([once(child, 'message'), ended])
    return message as T
  }
  await answer()
  return {
    async send(order) {
      child.send(order)
      const told = await answer<Measurement | { readonly problem: string }>()
      if ('problem' in told) throw new MailstormError('BENCH', `Failed to send a burst: ${told.problem}`)
      return told
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await exited
    },
  }
}
