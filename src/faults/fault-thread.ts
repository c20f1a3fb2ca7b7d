import type { Worker } from 'node:worker_threads'
import type { LedgerEntry, ServerLedger } from '../ledger/ledger.ts'
import { readLedgerEntries, readServerLedger } from '../server/ledger-file.ts'
import { type CrowdCounts, type CrowdPlan, checkCrowdPlan } from './crowd.ts'
import type { ProxyCounts } from './fault-proxy.ts'
import type { ServerCounts } from './fault-server.ts'
import { LOOPBACK } from './loopback.ts'
import { ask, startProgram, stopProgram } from './program-thread.ts'
import { checkProxyPlan, type FaultProxyPlan } from './proxy-plan.ts'
import { checkServerPlan, type FaultServerPlan } from './server-plan.ts'

/** What the thread is told at its start. */
export type ThreadTask =
  | { readonly kind: 'server'; readonly plan: FaultServerPlan }
  | { readonly kind: 'proxy'; readonly plan: FaultProxyPlan }
  | { readonly kind: 'crowd'; readonly plan: CrowdPlan }

/** What it says first. */
export interface ThreadReady {
  /** 0 for a crowd, which listens nowhere. */
  readonly port: number
  readonly ledgerFile?: string
}

/** A fault server, a proxy or a crowd in a thread of its own: the load engine must not share its event loop. */
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

  /** From the file: a message is there before it is acknowledged. */
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
  const [worker, ready] = await startProgram(new URL('./fault-thread-main.ts', import.meta.url), task)
  return [worker, ready as ThreadReady]
}
