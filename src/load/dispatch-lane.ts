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
  /** The next ticket as soon as it is due; undefined when this lane is to end. */
  next(): Promise<Ticket | undefined>
}

/**
 * One line of work that sends one message at a time. It asks its feed for a ticket before anything
 * else, ends every ticket with exactly one sample, and resolves when the feed has ended. It never rejects.
 */
export type Lane = (feed: Feed) => Promise<void>

export interface Worker {
  /** 0-based, of all workers of the plan. */
  readonly number: number
  readonly lane: Lane
  /** How many lanes this worker may have at a time; more than one matters in the open model only. */
  readonly maxLanes: number
}
