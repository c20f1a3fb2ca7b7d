import type { Clock } from '../engine/clock.ts'
import type { Failure } from '../engine/sample.ts'
import type { OpenTransports } from './connections.ts'
import { asFailure, refused, type SmtpFailure } from './failure.ts'
import { PHASE_INDEX, type PhaseTimer, type Session } from './session.ts'
import { quit } from './transaction.ts'

/** As much of a lane's open session as its end needs. */
interface Leaving {
  readonly session: Session
}

/** A session that was sent QUIT and has not been answered. */
interface Goodbye {
  readonly open: Leaving
  readonly target: number
  /** Until then its lane waits for the answer, Clock milliseconds. */
  readonly untilMs: number
  readonly goOn: () => void
  isOverdue: boolean
}

/** RFC 5321 4.5.3.2 has no limit for QUIT. Its answer decides nothing, so it need not have a message's patience. */
const QUIT_TIMEOUT_MS = 5_000
/** So long a lane waits for the goodbye before it goes on. Exim takes 200 ms for it (docs/servers.md). */
const HOLD_MS = 500
/** Connections of a thread that may stay open for a goodbye that is overdue, beside those of the plan. */
const MOST_OVERDUE = 100

const NOT_AWAITED: Failure = {
  class: 'aborted',
  phase: 'quit',
  text: 'QUIT was sent without waiting for the reply: this server had not replied to earlier ones',
}

export interface FarewellOptions {
  readonly clock: Clock
  /** How long any reply may take. */
  readonly timeoutMs: number
  readonly transports: OpenTransports
  /** Told how long an answer took. */
  readonly onQuit: (ms: number) => void
  /** Told how a session ended without its 221. */
  readonly onSessionFailure: (failure: Failure, target: number) => void
}

/**
 * The ends of a thread's sessions. By QUIT every message has its outcome: a server that is slow to say
 * goodbye, or never does, must cost the load nothing, so that a lane waits for it but a moment; the
 * rest of the wait goes on behind the lane's back, and only until one server is known to be silent.
 */
export class Farewells {
  readonly #options: FarewellOptions
  readonly #timeoutMs: number
  /** Of each target, the sessions whose goodbye is overdue. */
  readonly #overdue = new Map<number, number>()
  #allOverdue = 0
  /** Targets that have let the whole time pass. */
  readonly #silent = new Set<number>()
  /** Those that a lane waits for, longest first: one timer for all, as most are answered in no time. */
  readonly #held = new Set<Goodbye>()
  #disarm: (() => void) | undefined
  readonly #pending = new Set<Promise<void>>()

  constructor(options: FarewellOptions) {
    this.#options = options
    this.#timeoutMs = Math.min(QUIT_TIMEOUT_MS, options.timeoutMs)
  }

  /** Ends a session by QUIT. Resolves when the lane is to go on, which may be before the answer. */
  say(open: Leaving, target: number, timer: PhaseTimer): Promise<void> {
    const { clock } = this.#options
    const { transport } = open.session
    // The server has ended it already, with 421 or without: nobody is left to say goodbye to.
    if (transport.failure !== undefined || transport.hasUnreadInput) {
      this.#close(open)
      return Promise.resolve()
    }
    if (this.#silent.has(target) || (this.#overdue.get(target) ?? 0) > 0) {
      transport.write('QUIT\r\n', 1)
      this.#leave(open, target)
      return Promise.resolve()
    }
    return new Promise((goOn, fail) => {
      const nowMs = clock.nowMs()
      timer.reset(nowMs)
      const goodbye: Goodbye = { open, target, untilMs: nowMs + HOLD_MS, goOn, isOverdue: false }
      this.#held.add(goodbye)
      if (this.#disarm === undefined) this.#arm(goodbye)
      const pending = this.#quit(goodbye, timer)
      this.#pending.add(pending)
      // One that failed by a fault of ours stays, so that `ended` tells of it when the lane is gone.
      pending.then(() => {
        this.#pending.delete(pending)
        goOn()
      }, fail)
    })
  }

  /** Resolves when every goodbye that is being waited for now has come or is given up. */
  async ended(): Promise<void> {
    await Promise.all(this.#pending)
    if (this.#held.size > 0) return
    this.#disarm?.()
    this.#disarm = undefined
  }

  #arm({ untilMs }: Goodbye): void {
    const { clock } = this.#options
    this.#disarm = clock.wakeAt(untilMs, () => {
      this.#disarm = undefined
      this.#letGo(clock.nowMs())
    })
  }

  /** The lanes that have waited long enough go on. */
  #letGo(nowMs: number): void {
    for (const goodbye of this.#held) {
      if (goodbye.untilMs > nowMs) {
        this.#arm(goodbye)
        return
      }
      this.#held.delete(goodbye)
      goodbye.isOverdue = true
      this.#countOverdue(goodbye.target, 1)
      if (this.#allOverdue > MOST_OVERDUE) this.#leave(goodbye.open, goodbye.target)
      goodbye.goOn()
    }
  }

  async #quit(goodbye: Goodbye, timer: PhaseTimer): Promise<void> {
    const { open, target } = goodbye
    try {
      const reply = await quit(open.session, this.#timeoutMs)
      timer.mark('quit')
      this.#options.onQuit(timer.phasesMs[PHASE_INDEX.quit] as number)
      if (reply.code !== 221) this.#options.onSessionFailure(refused(reply, 'quit').failure, target)
    } catch (error) {
      this.#unanswered(asFailure(error), target)
    } finally {
      if (goodbye.isOverdue) this.#countOverdue(target, -1)
      else this.#held.delete(goodbye)
    }
    this.#close(open)
  }

  #unanswered({ failure }: SmtpFailure, target: number): void {
    if (failure.class === 'timeout') this.#silent.add(target)
    // The end that we made ourselves is no trouble of the server's.
    if (failure.class !== 'aborted') this.#options.onSessionFailure(failure, target)
  }

  #leave(open: Leaving, target: number): void {
    this.#close(open)
    this.#options.onSessionFailure(NOT_AWAITED, target)
  }

  #countOverdue(target: number, change: 1 | -1): void {
    this.#allOverdue += change
    this.#overdue.set(target, (this.#overdue.get(target) ?? 0) + change)
  }

  #close({ session: { transport } }: Leaving): void {
    transport.destroy()
    this.#options.transports.delete(transport)
  }
}
