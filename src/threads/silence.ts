import type { Clock } from '../load/clock.ts'
import { LEAST_BYTES_PER_MS } from '../smtp/transaction.ts'
import type { TransportState } from '../smtp/transport.ts'
import type { HangingSession } from './messages.ts'
import type { LoadPlan, WatchLimits } from './plan.ts'

/**
 * Replies that one message may wait for: connect and TLS 2, greeting 1, EHLO and HELO 4 (once more under
 * TLS), STARTTLS 1, AUTH 12 (three mechanisms), MAIL, DATA, final dot, RSET and QUIT 5; and one to a recipient.
 */
const REPLIES = 25
/** A message whose session ended before it was begun gets a second one. */
const SESSIONS = 2

export function watchLimits(plan: Pick<LoadPlan, 'timeoutMs' | 'recipients' | 'sizeBytes'>): WatchLimits {
  const repliesMs = (REPLIES + plan.recipients.length) * plan.timeoutMs
  return {
    everyMs: 1_000,
    overdueMs: 10_000,
    silenceMs: SESSIONS * (repliesMs + plan.sizeBytes / LEAST_BYTES_PER_MS) + 10_000,
    heartbeatMs: 20_000,
    graceMs: 10_000,
  }
}

/** What a thread is doing. */
export interface Activity {
  /** Grows with everything that comes to an end. */
  readonly progress: number
  /** Messages were begun and have not ended, or workers are left although nothing is to be sent any more. */
  readonly waits: boolean
  readonly sessions: readonly SessionState[]
}

export interface SessionState extends TransportState {
  /** Index into the targets. */
  readonly target: number
}

/** One thread's silence. Its time is that of its own looks: a thread that was blocked has not been silent. */
export class Silence {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #limits: WatchLimits
  #progress = 0
  #lastLookMs: number
  #quietMs = 0

  constructor(clock: Pick<Clock, 'nowMs'>, limits: WatchLimits) {
    this.#clock = clock
    this.#limits = limits
    this.#lastLookMs = clock.nowMs()
  }

  /** The sessions that hang, none of them when it hangs outside of any; undefined while it does not. */
  look({ progress, waits, sessions }: Activity): readonly HangingSession[] | undefined {
    const { overdueMs, silenceMs, everyMs } = this.#limits
    const nowMs = this.#clock.nowMs()
    this.#quietMs += Math.min(nowMs - this.#lastLookMs, 2 * everyMs)
    this.#lastLookMs = nowMs
    if (progress !== this.#progress) this.#quietMs = 0
    this.#progress = progress
    const busy = sessions.filter(({ limitMs }) => limitMs !== Number.POSITIVE_INFINITY)
    const hangs = busy.length > 0 && busy.every(({ limitMs }) => nowMs - limitMs > overdueMs)
    if ((hangs && this.#quietMs > overdueMs) || (waits && this.#quietMs > silenceMs)) {
      return busy.map(({ target, phase, sinceMs }) => ({ target, phase, sinceMs }))
    }
    return undefined
  }
}
