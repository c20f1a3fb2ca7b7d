import type { ReceiptsData } from '../../ledger/receipts.ts'
import type { Recording } from '../recording.ts'

/** Places in the shared memory, one Int32 each. */
const NEXT_MESSAGE = 0
const ORDER = 1

export const ORDERS = ['go', 'stop', 'abort'] as const
export type Order = (typeof ORDERS)[number]

/**
 * What all threads of a run share: whose turn is next, and whether to go on. A thread that joins late
 * finds here the order whose message it has missed.
 */
export class RunControl {
  readonly memory: SharedArrayBuffer
  readonly #places: Int32Array

  constructor(memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory
    this.#places = new Int32Array(memory)
  }

  /** The next message of the plan that no thread has claimed; undefined when all `total` are. */
  claim(total: number): number | undefined {
    const message = Atomics.add(this.#places, NEXT_MESSAGE, 1)
    return message < total ? message : undefined
  }

  /** How many messages of a plan of `total` have been claimed. */
  claimed(total: number): number {
    return Math.min(total, Atomics.load(this.#places, NEXT_MESSAGE))
  }

  get order(): Order {
    return ORDERS[Atomics.load(this.#places, ORDER)] ?? 'go'
  }

  /** Orders can only become stricter. */
  give(order: Order): void {
    if (ORDERS.indexOf(order) > ORDERS.indexOf(this.order))
      Atomics.store(this.#places, ORDER, ORDERS.indexOf(order))
  }
}

/** What one thread has measured of a run so far. */
export interface ThreadMeasure {
  /** Names the share that this is the newest state of. */
  readonly part: string
  /** The workers whose share it is. */
  readonly workers: readonly number[]
  readonly recording: Recording
  readonly receipts: ReceiptsData
  /** Messages that it took from the plan and has not begun: 1, or 0. */
  readonly heldBack: number
  /** CPU time of the thread since it joined the run. */
  readonly cpuMs: number
  /** How long the thread's event loop was overdue. */
  readonly loopDelayMs: LoopDelay
  /** Set when all that it waits for is past its time limits: the sessions that hang. */
  readonly hanging?: readonly HangingSession[]
  /** How a hook of the scenario failed here. */
  readonly hookError?: string
}

/** A session that is past all its time limits. */
export interface HangingSession {
  readonly target: number
  readonly phase: string
  readonly sinceMs: number
}

export interface LoopDelay {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Answer of a worker's task. */
export interface WorkerDone {
  readonly ended: number
  readonly accepted: number
  /** In the answer of the last worker that ends on its thread: all that the thread measured. */
  readonly measure?: ThreadMeasure
}

/** On a run's BroadcastChannel: threads tell how far they are, the run that it gave an order. */
export type RunMessage =
  | { readonly type: 'measure'; readonly measure: ThreadMeasure }
  /** The order itself stands in the RunControl. */
  | { readonly type: 'order' }

export function channelName(runId: string): string {
  return `mailstorm:${runId}`
}
