import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { LedgerEntry, ServerLedger } from '../../ledger/ledger.ts'
import { LOOPBACK } from '../../listening.ts'
import { readLedgerEntries, readServerLedger } from '../smtp-server/ledger.ts'
import { type CrowdCounts, type CrowdPlan, checkCrowdPlan } from './crowd.ts'
import { checkProxyPlan, checkServerPlan, type FaultProxyPlan, type FaultServerPlan } from './plans.ts'
import type { ProxyCounts } from './proxy.ts'
import type { ServerCounts } from './server.ts'

/** The task given to the thread at its start. */
export type ThreadTask =
  | { readonly kind: 'server'; readonly plan: FaultServerPlan }
  | { readonly kind: 'proxy'; readonly plan: FaultProxyPlan }
  | { readonly kind: 'crowd'; readonly plan: CrowdPlan }

/** Its first message. */
export interface ThreadReady {
  /** 0 for a crowd, which does not listen. */
  readonly port: number
  readonly ledgerFile?: string
}

/**
 * A fault server, proxy or crowd in a thread of its own, so that it does not share the load engine's event
 * loop.
 */
class FaultThread<Counts> implements AsyncDisposable {
  readonly host = LOOPBACK
  readonly port: number
  readonly #worker: Worker

  constructor(worker: Worker, { port }: ThreadReady) {
    this.#worker = worker
    this.port = port
  }

  async counts(): Promise<Counts> {
    return (await ask(this.#worker, 'counts')) as Counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopProgram(this.#worker, 'stop')
  }
}

export class FaultServerThread extends FaultThread<ServerCounts> {
  readonly #ledgerFile: string

  static async start(plan: FaultServerPlan): Promise<FaultServerThread> {
    checkServerPlan(plan)
    return new FaultServerThread(...(await startThread({ kind: 'server', plan })))
  }

  private constructor(worker: Worker, ready: ThreadReady) {
    super(worker, ready)
    this.#ledgerFile = ready.ledgerFile ?? ''
  }

  /** Read from the file, which has each message before it is acknowledged. */
  ledger(runId: string): Promise<ServerLedger> {
    return readServerLedger(this.#ledgerFile, runId)
  }

  entries(runId: string): AsyncIterable<LedgerEntry> {
    return readLedgerEntries(this.#ledgerFile, runId)
  }
}

export class FaultProxyThread extends FaultThread<ProxyCounts> {
  static async start(plan: FaultProxyPlan): Promise<FaultProxyThread> {
    checkProxyPlan(plan)
    return new FaultProxyThread(...(await startThread({ kind: 'proxy', plan })))
  }
}

export class CrowdThread extends FaultThread<CrowdCounts> {
  static async start(plan: CrowdPlan): Promise<CrowdThread> {
    checkCrowdPlan(plan)
    return new CrowdThread(...(await startThread({ kind: 'crowd', plan })))
  }
}

async function startThread(task: ThreadTask): Promise<[Worker, ThreadReady]> {
  const [worker, ready] = await startProgram(new URL('./main.ts', import.meta.url), task)
  return [worker, ready as ThreadReady]
}

/**
 * Starts a program in a thread, so that it shares no event loop with what it talks to. Resolves with its first
 * message.
 */
export async function startProgram(program: URL, task: unknown): Promise<readonly [Worker, ready: unknown]> {
  const worker = new Worker(program, {
    workerData: task,
    // Vitest's own Node options do not belong in this thread.
    execArgv: [],
  })
  return [worker, await nextMessage(worker)]
}

/** Posts a question; the thread's next message is the answer. */
export async function ask(worker: Worker, question: string): Promise<unknown> {
  const answer = nextMessage(worker)
  worker.postMessage(question)
  return answer
}

/** Asks a thread to end by this message. Resolves at once when it has already ended. */
export async function stopProgram(worker: Worker, message: string): Promise<void> {
  if (hasEnded(worker)) return
  const exited = once(worker, 'exit')
  worker.postMessage(message)
  await exited
}

/** Rejects when the thread ends, since no message can come any more. */
async function nextMessage(worker: Worker): Promise<unknown> {
  if (hasEnded(worker)) throw new Error('the thread has ended')
  const end = new AbortController()
  const onExit = (code: number) => end.abort(new Error(`the thread ended with code ${code} and no answer`))
  worker.once('exit', onExit)
  try {
    const [message] = await once(worker, 'message', { signal: end.signal })
    return message
  } catch (error) {
    throw end.signal.aborted ? end.signal.reason : error
  } finally {
    worker.off('exit', onExit)
  }
}

function hasEnded(worker: Worker): boolean {
  return worker.threadId === -1
}
