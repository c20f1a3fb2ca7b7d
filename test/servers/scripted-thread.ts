import type { Worker } from 'node:worker_threads'
import { ask, startProgram } from '../../src/programs/faults/threads.ts'
import type { ReceivedSession } from './record.ts'
import type { Script } from './script.ts'

export interface ServerState {
  /** What came so far, session by session; octets arrive as Uint8Array. */
  readonly sessions: readonly ReceivedSession[]
  readonly stalledForMs: number | undefined
}

/** A scripted server in a thread of its own, so that it shares no event loop with what it measures. */
export class ScriptedThread implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #worker: Worker

  static async start(script: Script): Promise<ScriptedThread> {
    const [worker, port] = await startProgram(new URL('./scripted-thread-main.ts', import.meta.url), script)
    return new ScriptedThread(worker, port as number)
  }

  private constructor(worker: Worker, port: number) {
    this.#worker = worker
    this.port = port
  }

  async state(): Promise<ServerState> {
    return (await ask(this.#worker, 'state')) as ServerState
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}
