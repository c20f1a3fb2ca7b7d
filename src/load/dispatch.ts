import type { Clock } from './clock.ts'
import type { Pacer } from './pacer.ts'

/** Leave to send one message. */
export interface Ticket {
  /** Number in the run's plan, from 0. */
  readonly message: number
  /** When it was due, Clock milliseconds; in the closed model when it was taken. */
  readonly dueMs: number
}

/** Where a lane gets its tickets. */
export interface Feed {
  /** A ticket that is due now, or undefined. Never waits. */
  take(): Ticket | undefined
  /** The next ticket as soon as it is due; undefined when there will be no more. */
  next(): Promise<Ticket | undefined>
}

/**
 * One line of work that sends one message at a time. It asks its feed for a ticket before anything
 * else, ends every ticket with exactly one sample, and resolves when the feed has ended. It never rejects.
 */
export type Lane = (feed: Feed) => Promise<void>

export interface Worker {
  readonly lane: Lane
  /** How many lanes this worker may have at a time; more than one matters in the open model only. */
  readonly maxLanes: number
}

export interface DispatchOptions {
  readonly pacer: Pacer
  readonly clock: Clock
  /** Start of the run, Clock milliseconds. */
  readonly startMs: number
  /** Takes the next number of the run's plan, over all threads; undefined when all are taken. */
  readonly claim: () => number | undefined
  /** Told how late a message left although a lane was free: the generator's own lag. */
  readonly onLag: (lagMs: number) => void
}

interface JoinedWorker {
  readonly maxLanes: number
  lanes: number
  openLane(): void
}

/**
 * The one dispatch loop for all executors: hands tickets to lanes when the pacer says that they are
 * due. Open model: when all lanes are busy it opens further ones up to their limit; beyond that the
 * message waits, and its response time still counts from when it was due.
 */
export class Dispatch implements Feed {
  readonly #options: DispatchOptions
  readonly #workers: JoinedWorker[] = []
  /** Lanes that wait for a ticket, longest first. */
  readonly #idle: ((ticket: Ticket | undefined) => void)[] = []
  /** Claimed from the plan, not yet handed out. */
  #upcoming: Ticket | undefined
  #ended = false
  #disarm: (() => void) | undefined

  constructor(options: DispatchOptions) {
    this.#options = options
  }

  /** Runs a worker's lanes until the plan has ended. */
  async join(worker: Worker): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const joined: JoinedWorker = {
      maxLanes: worker.maxLanes,
      lanes: 0,
      openLane: () => {
        joined.lanes++
        worker
          .lane(this)
          .then(() => {
            if (--joined.lanes === 0) resolve()
          })
          .catch(reject)
      },
    }
    this.#workers.push(joined)
    joined.openLane()
    // A lane that takes its first ticket at once arms no timer, and further lanes wait for the timer.
    if (worker.maxLanes > 1 && this.#options.pacer.model === 'open') this.#arm()
    return promise
  }

  take(): Ticket | undefined {
    const ticket = this.#peek()
    if (ticket === undefined) return undefined
    const nowMs = this.#options.clock.nowMs()
    if (nowMs < this.#options.startMs || ticket.dueMs > nowMs) return undefined
    return this.#hand(ticket, nowMs)
  }

  next(): Promise<Ticket | undefined> {
    const ticket = this.take()
    if (ticket !== undefined || this.#ended) return Promise.resolve(ticket)
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#arm()
    })
  }

  /** Hands out no more tickets: what is in flight ends by itself, what is left was never started. */
  stop(): void {
    this.#ended = true
    this.#disarm?.()
    this.#disarm = undefined
    for (const give of this.#idle.splice(0)) give(undefined)
  }

  #peek(): Ticket | undefined {
    if (this.#ended) return undefined
    if (this.#upcoming === undefined) {
      const message = this.#options.claim()
      if (message === undefined) this.stop()
      else this.#upcoming = { message, dueMs: this.#options.startMs + this.#options.pacer.dueMs(message) }
    }
    return this.#upcoming
  }

  #hand(ticket: Ticket, nowMs: number): Ticket {
    this.#upcoming = undefined
    return this.#options.pacer.model === 'open' ? ticket : { message: ticket.message, dueMs: nowMs }
  }

  #arm(): void {
    if (this.#disarm !== undefined) return
    const ticket = this.#peek()
    if (ticket === undefined) return
    const { clock, startMs } = this.#options
    this.#disarm = clock.wakeAt(Math.max(ticket.dueMs, startMs), () => {
      this.#disarm = undefined
      this.#handDue()
    })
  }

  /** Hands over all that is due: to lanes that wait, else to further lanes, else leaves it waiting. */
  #handDue(): void {
    for (;;) {
      const ticket = this.#peek()
      if (ticket === undefined) return
      const nowMs = this.#options.clock.nowMs()
      if (nowMs < this.#options.startMs || ticket.dueMs > nowMs) break
      const give = this.#idle.shift()
      if (give === undefined && !this.#openLane()) return
      // A lane that has just been opened has taken the ticket itself.
      if (give !== undefined) give(this.#hand(ticket, nowMs))
      if (this.#options.pacer.model === 'open') this.#options.onLag(nowMs - ticket.dueMs)
    }
    this.#arm()
  }

  /** Opens a lane at the worker that has the fewest; false when all are at their limit. */
  #openLane(): boolean {
    if (this.#options.pacer.model === 'closed') return false
    let fewest: JoinedWorker | undefined
    for (const worker of this.#workers) {
      if (worker.lanes < worker.maxLanes && (fewest === undefined || worker.lanes < fewest.lanes))
        fewest = worker
    }
    if (fewest === undefined) return false
    const before = this.#upcoming
    fewest.openLane()
    return this.#upcoming !== before
  }
}
