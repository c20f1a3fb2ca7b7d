import type { Clock } from './clock.ts'
import type { Pacer } from './executors/executor.ts'
import { RetryQueue } from './retry-queue.ts'

/** Permission to send one message. */
export interface Ticket {
  /** Number in the run's plan, from 0. */
  readonly message: number
  /** When it was due, in Clock milliseconds; in the closed model, when it was taken. */
  readonly dueMs: number
  /** Set on a further attempt at a message; it was due when the first one was. */
  readonly isRetry?: true
}

/** Where a lane gets its tickets. */
export interface Feed {
  /** A ticket that is due now, or undefined. Never waits. */
  take(): Ticket | undefined
  /** Calls `give` once, with the next ticket as soon as it is due, or undefined when this lane is to end. */
  next(give: (ticket: Ticket | undefined) => void): void
}

/**
 * One line of work that sends one message at a time. It asks its feed for a ticket before anything
 * else, ends every ticket with exactly one sample, and resolves when the feed has ended. It never rejects.
 */
export type Lane = (feed: Feed) => Promise<void>

interface Worker {
  /** 0-based, of all workers of the plan. */
  readonly number: number
  readonly lane: Lane
  /** Most lanes of this worker at a time; only the open model uses more than one. */
  readonly maxLanes: number
}

/** A worker that has joined: its lanes, what it has taken, and when its next turn is. */
interface Seat extends Worker {
  lanes: number
  /** Messages that its lanes have taken. */
  taken: number
  /** A lane was told that it is not its worker's turn, and ends. */
  toldOff: boolean
  /** It has no lane until then, in Clock milliseconds. */
  parkedUntilMs: number | undefined
  readonly feed: Feed
  /** Resolved when its work is done, rejected when a lane failed. */
  readonly settle: { resolve(): void; reject(error: unknown): void }
}

/** The workers of a dispatch. Opens their lanes and says when one has none left. */
class Seats {
  readonly #seats: Seat[] = []
  readonly #onEmpty: (seat: Seat) => void

  constructor(onEmpty: (seat: Seat) => void) {
    this.#onEmpty = onEmpty
  }

  add(seat: Seat): void {
    this.#seats.push(seat)
  }

  openLane(seat: Seat): void {
    seat.lanes++
    seat
      .lane(seat.feed)
      .then(() => {
        if (--seat.lanes === 0) this.#onEmpty(seat)
      })
      .catch(seat.settle.reject)
  }

  /** Messages taken by all of them. */
  get taken(): number {
    return this.#seats.reduce((sum, { taken }) => sum + taken, 0)
  }

  /** The worker with the fewest lanes that is below its limit. */
  fewestLanes(): Seat | undefined {
    let fewest: Seat | undefined
    for (const seat of this.#seats) {
      if (seat.lanes < seat.maxLanes && (fewest === undefined || seat.lanes < fewest.lanes)) fewest = seat
    }
    return fewest
  }

  /** When the first parked worker has its turn. */
  get nextTurnMs(): number | undefined {
    let first: number | undefined
    for (const { parkedUntilMs } of this.#seats) {
      if (parkedUntilMs !== undefined && parkedUntilMs < (first ?? Number.POSITIVE_INFINITY))
        first = parkedUntilMs
    }
    return first
  }

  /** Opens a lane for each that has its turn by now. */
  unparkBy(nowMs: number): void {
    for (const seat of this.#seats) {
      if (seat.parkedUntilMs === undefined || seat.parkedUntilMs > nowMs) continue
      seat.parkedUntilMs = undefined
      this.openLane(seat)
    }
  }

  /** The parked ones have no turn any more. */
  dismissParked(): void {
    for (const seat of this.#seats) {
      if (seat.parkedUntilMs === undefined) continue
      seat.parkedUntilMs = undefined
      seat.settle.resolve()
    }
  }
}

export interface DispatchOptions {
  readonly pacer: Pacer
  readonly clock: Clock
  /** Start of the run, Clock milliseconds. */
  readonly startMs: number
  /** Takes the next message number of the plan, across all threads; undefined when none is left. */
  readonly claim: () => number | undefined
  /** Told how late a message started although a lane was free: the generator's own lag. */
  readonly onLag: (lagMs: number) => void
}

interface WaitingLane {
  readonly seat: Seat
  give(ticket: Ticket | undefined): void
}

/**
 * The one dispatch loop for all executors: hands tickets to lanes when the pacer says that they are
 * due and whose turn it is. Open model: when all lanes are busy it opens further ones up to their limit;
 * beyond that the message waits, and its response time still counts from when it was due. Closed model:
 * a worker whose turn is over ends its lane, and gets a new one when it has a turn again.
 */
export class Dispatch {
  readonly #options: DispatchOptions
  /** The open model. No private getter: V8 calls those at every look. */
  readonly #isOpen: boolean
  readonly #seats = new Seats((seat) => (seat.toldOff ? this.#park(seat) : seat.settle.resolve()))
  /** Lanes that wait for a ticket, longest first. */
  readonly #idle: WaitingLane[] = []
  /** Lanes that are left over when their part of the plan is done, as long as messages wait for another attempt. */
  readonly #patient: WaitingLane[] = []
  readonly #retries = new RetryQueue<Ticket>()
  #stopped = false
  /** Claimed from the plan, not yet handed out. */
  #upcoming: Ticket | undefined
  #ended = false
  #timer: { readonly atMs: number; disarm(): void } | undefined

  constructor(options: DispatchOptions) {
    this.#options = options
    this.#isOpen = options.pacer.model === 'open'
  }

  /** Runs a worker's lanes until the plan, or the worker's part in it, has ended. */
  async join(worker: Worker): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const seat: Seat = {
      ...worker,
      lanes: 0,
      taken: 0,
      toldOff: false,
      parkedUntilMs: undefined,
      feed: { take: () => this.#take(seat), next: (give) => this.#next(seat, give) },
      settle: { resolve, reject },
    }
    this.#seats.add(seat)
    if (this.#ended || this.#hasTurn(seat)) this.#seats.openLane(seat)
    else this.#park(seat)
    // A lane that takes its first ticket at once arms no timer, and further lanes wait for the timer.
    if (worker.maxLanes > 1 && this.#isOpen) this.#arm()
    return promise
  }

  /**
   * Hands out no more tickets. What is in flight ends by itself; what is left was never started. Returns the messages
   * that have waited for another attempt.
   */
  stop(): Ticket[] {
    this.#ended = true
    this.#stopped = true
    const left = this.#retries.clear()
    this.#release()
    return left
  }

  /** A message that has been attempted is to be attempted again. False: nothing is handed out any more. */
  retry({ message, dueMs }: Ticket, delayMs: number): boolean {
    if (this.#stopped) return false
    this.#retries.add({ message, dueMs, isRetry: true }, this.#options.clock.nowMs(), delayMs)
    this.#arm()
    return true
  }

  /** Nothing is left in the plan. */
  #endPlan(): void {
    this.#ended = true
    if (this.#retries.size === 0) this.#release()
    else this.#patient.push(...this.#idle.splice(0))
  }

  /** All lanes that wait may end. */
  #release(): void {
    this.#timer?.disarm()
    this.#timer = undefined
    for (const { give } of [...this.#idle.splice(0), ...this.#patient.splice(0)]) give(undefined)
    this.#seats.dismissParked()
  }

  /** 1 while a message has been taken from the plan and is not due yet, else 0. */
  get heldBack(): number {
    return this.#upcoming === undefined ? 0 : 1
  }

  /** Messages that lanes have taken. */
  get taken(): number {
    return this.#seats.taken
  }

  /** Nothing is to be handed out any more. */
  get hasEnded(): boolean {
    return this.#ended
  }

  #take(seat: Seat): Ticket | undefined {
    const { clock, startMs } = this.#options
    const nowMs = clock.nowMs()
    const again = this.#takeRetry(nowMs)
    if (again !== undefined) return again
    // Claimed in the closed model only for a lane that takes it: what nobody takes was never planned.
    if (this.#ended || nowMs < startMs || !this.#hasTurn(seat, nowMs)) return undefined
    const ticket = this.#peek()
    return ticket === undefined || ticket.dueMs > nowMs ? undefined : this.#hand(seat, ticket, nowMs)
  }

  /** What waits longest goes first, as in a queue. The last one that is taken lets the lanes go that waited for it. */
  #takeRetry(nowMs: number): Ticket | undefined {
    if (this.#retries.size === 0) return undefined
    const ticket = this.#retries.take(nowMs)
    if (this.#retries.size === 0)
      for (const { give } of this.#patient.splice(0)) queueMicrotask(() => give(undefined))
    return ticket
  }

  #next(seat: Seat, give: WaitingLane['give']): void {
    const ticket = this.#take(seat)
    if (ticket !== undefined) {
      give(ticket)
      return
    }
    const isOver = this.#ended || (!this.#isOpen && this.#turnMs(seat) === undefined)
    if (isOver && this.#retries.size > 0) {
      this.#patient.push({ seat, give })
      this.#arm()
      return
    }
    const isToldOff = !this.#ended && !this.#hasTurn(seat)
    if (isToldOff) seat.toldOff = true
    if (this.#ended || isToldOff) {
      give(undefined)
      return
    }
    this.#idle.push({ seat, give })
    this.#arm()
  }

  /** When the worker may take its next message, Clock milliseconds; before the start: as at the start. */
  #turnMs({ number, taken }: Seat, nowMs = this.#options.clock.nowMs()): number | undefined {
    const { pacer, startMs } = this.#options
    const turnMs = pacer.turnMs(number, taken, Math.max(0, nowMs - startMs))
    return turnMs === undefined ? undefined : startMs + turnMs
  }

  #hasTurn(seat: Seat, nowMs = this.#options.clock.nowMs()): boolean {
    if (this.#isOpen) return true
    const turnMs = this.#turnMs(seat, nowMs)
    return turnMs !== undefined && turnMs <= Math.max(nowMs, this.#options.startMs)
  }

  #peek(): Ticket | undefined {
    if (this.#ended) return undefined
    if (this.#upcoming === undefined) {
      const message = this.#options.claim()
      if (message === undefined) this.#endPlan()
      else this.#upcoming = { message, dueMs: this.#options.startMs + this.#options.pacer.dueMs(message) }
    }
    return this.#upcoming
  }

  #hand(seat: Seat, ticket: Ticket, nowMs: number): Ticket {
    this.#upcoming = undefined
    seat.taken++
    return this.#isOpen ? ticket : { message: ticket.message, dueMs: nowMs }
  }

  /** A worker without a lane waits for its next turn; one that has lost its last lane has ended. */
  #park(seat: Seat): void {
    const turnMs = this.#ended ? undefined : this.#turnMs(seat)
    seat.toldOff = false
    seat.parkedUntilMs = turnMs
    if (turnMs === undefined) seat.settle.resolve()
    else this.#arm()
  }

  #arm(): void {
    const wakeMs = this.#wakeMs()
    if (wakeMs === undefined) return
    const atMs = Math.max(wakeMs, this.#options.startMs)
    if (this.#timer !== undefined) {
      if (this.#timer.atMs <= atMs) return
      this.#timer.disarm()
    }
    const disarm = this.#options.clock.wakeAt(atMs, () => {
      this.#timer = undefined
      this.#wake()
    })
    this.#timer = { atMs, disarm }
  }

  /** When something is to be done next: a message due, a parked worker's turn, the start, or another attempt. */
  #wakeMs(): number | undefined {
    const planMs = this.#planMs()
    const retryMs = this.#retryMs()
    if (retryMs === undefined || planMs === undefined) return retryMs ?? planMs
    return Math.min(retryMs, planMs)
  }

  /** Busy lanes come for it themselves; where all are, a further one may be opened when it falls due. */
  #retryMs(): number | undefined {
    const { nextMs } = this.#retries
    if (nextMs === undefined || this.#patient.length > 0) return nextMs
    if (!this.#isOpen) return undefined
    return this.#idle.length > 0 || nextMs > this.#options.clock.nowMs() ? nextMs : undefined
  }

  #planMs(): number | undefined {
    if (this.#isOpen) return this.#peek()?.dueMs
    return this.#idle.length > 0 ? this.#options.startMs : this.#seats.nextTurnMs
  }

  #wake(): void {
    this.#seats.unparkBy(this.#options.clock.nowMs())
    if (this.#retries.size > 0) this.#handRetries()
    let state = this.#handDue()
    while (state === 'handed') state = this.#handDue()
    // Where all lanes are busy, they come for what is due.
    if (state === 'none-due') this.#arm()
  }

  /** To lanes that wait, then to further ones, as long as the plan goes on. */
  #handRetries(): void {
    const { clock } = this.#options
    for (;;) {
      const nowMs = clock.nowMs()
      if ((this.#retries.nextMs ?? Number.POSITIVE_INFINITY) > nowMs) return
      const waiting = this.#patient.shift() ?? (this.#isOpen ? this.#idle.shift() : undefined)
      if (waiting === undefined) {
        const before = this.#retries.size
        const fewest = this.#isOpen && !this.#ended ? this.#seats.fewestLanes() : undefined
        if (fewest !== undefined) this.#seats.openLane(fewest)
        // A lane that has just been opened has taken it itself.
        if (this.#retries.size === before) return
      } else waiting.give(this.#takeRetry(nowMs))
    }
  }

  /** Hands over one ticket that is due: to a lane that waits, else to a further lane. */
  #handDue(): 'handed' | 'none-due' | 'all-busy' {
    if (!this.#isOpen && this.#idle.length === 0) return 'none-due'
    const ticket = this.#peek()
    const nowMs = this.#options.clock.nowMs()
    if (ticket === undefined || nowMs < this.#options.startMs || ticket.dueMs > nowMs) return 'none-due'
    const waiting = this.#idle.shift()
    if (waiting === undefined && !this.#openLane()) return 'all-busy'
    // A lane that has just been opened has taken the ticket itself.
    waiting?.give(this.#hand(waiting.seat, ticket, nowMs))
    if (this.#isOpen) this.#options.onLag(nowMs - ticket.dueMs)
    return 'handed'
  }

  /** Opens a further lane at the worker that has the fewest; false when all are at their limit. */
  #openLane(): boolean {
    const fewest = this.#isOpen ? this.#seats.fewestLanes() : undefined
    if (fewest === undefined) return false
    const before = this.#upcoming
    this.#seats.openLane(fewest)
    return this.#upcoming !== before
  }
}
