import type { Clock } from '../engine/clock.ts'
import type { Failure } from '../engine/sample.ts'
import type { OpenTransports } from './connections.ts'
import { inPhase, refused, type SmtpFailure } from './failure.ts'
import type { Reply } from './reply.ts'
import type { Receiver, Transport } from './transport.ts'

/** A lane that waits for the end of its session. One of the two is called, once; `fail` is for bugs of ours. */
export interface Waiting {
  goOn(): void
  fail(error: unknown): void
}

/** A session that was sent QUIT and has not been answered. */
class Goodbye implements Receiver {
  readonly #farewells: Farewells
  readonly transport: Transport
  readonly target: number
  /** When QUIT was sent, Clock milliseconds. */
  readonly sentMs: number
  readonly waiting: Waiting
  /** The lane waits for it no more. */
  isOverdue = false
  #ended: PromiseWithResolvers<void> | undefined

  constructor(farewells: Farewells, transport: Transport, target: number, waiting: Waiting) {
    this.#farewells = farewells
    this.transport = transport
    this.target = target
    this.sentMs = transport.nowMs()
    this.waiting = waiting
  }

  proceed(nowMs: number): void {
    this.#farewells.proceed(this, nowMs)
  }

  /** Resolves when `end` is called. */
  ended(): Promise<void> {
    this.#ended ??= Promise.withResolvers()
    return this.#ended.promise
  }

  end(): void {
    this.#ended?.resolve()
  }
}

/** RFC 5321 4.5.3.2 has no limit for QUIT. Its reply decides nothing, so it gets less time than a message. */
const QUIT_TIMEOUT_MS = 5_000
/** How long a lane waits for the reply before it goes on. Exim takes 200 ms (docs/servers.md). */
const HOLD_MS = 500
/** Most connections of a thread that stay open for an overdue reply, beside those of the plan. */
const MOST_OVERDUE = 100

const NOT_AWAITED: Failure = {
  class: 'aborted',
  phase: 'quit',
  text: 'QUIT was sent without waiting for the reply: this server had not replied to earlier ones',
}

export interface FarewellOptions {
  readonly clock: Clock
  /** How long any reply may take. */
  readonly replyTimeoutMs: number
  readonly transports: OpenTransports
  /** Told how long an answer took. */
  readonly onQuit: (ms: number) => void
  /** Told how a session ended without its 221. */
  readonly onSessionFailure: (failure: Failure, target: number) => void
}

/**
 * The ends of a thread's sessions. By QUIT every message has its outcome, so a server that is slow to answer it, or
 * never does, must not slow the load: a lane waits only a moment. The rest of the wait goes on without it,
 * and a server that was silent once is not waited for again.
 */
export class Farewells {
  readonly #options: FarewellOptions
  readonly #timeoutMs: number
  /** Sessions with an overdue reply, by target. */
  readonly #overdue = new Map<number, number>()
  #allOverdue = 0
  /** Targets that once did not answer QUIT at all. */
  readonly #silent = new Set<number>()
  /** Longest first. Those that a lane waits for share one timer, as most are answered at once. */
  readonly #pending = new Set<Goodbye>()
  #disarm: (() => void) | undefined
  #fault: unknown

  constructor(options: FarewellOptions) {
    this.#options = options
    this.#timeoutMs = Math.min(QUIT_TIMEOUT_MS, options.replyTimeoutMs)
  }

  /** Ends a session by QUIT. `waiting` goes on at once where there is nothing to wait for. */
  say(transport: Transport, target: number, waiting: Waiting): void {
    // The server has already ended it.
    if (transport.failure !== undefined || transport.hasUnreadInput) {
      this.#close(transport)
      waiting.goOn()
      return
    }
    if (this.#silent.has(target) || (this.#overdue.get(target) ?? 0) > 0) {
      transport.write('QUIT\r\n', 1)
      this.#leave(transport, target)
      waiting.goOn()
      return
    }
    const goodbye = new Goodbye(this, transport, target, waiting)
    this.#pending.add(goodbye)
    if (this.#disarm === undefined) this.#arm(goodbye)
    transport.receiver = goodbye
    transport.enter('quit', this.#timeoutMs, goodbye.sentMs)
    transport.write('QUIT\r\n', 1)
  }

  /** Resolves when every reply awaited now has arrived or is given up. */
  async ended(): Promise<void> {
    await Promise.all(Array.from(this.#pending, (goodbye) => goodbye.ended()))
    if (this.#fault !== undefined) throw this.#fault
    for (const { isOverdue } of this.#pending) if (!isOverdue) return
    this.#disarm?.()
    this.#disarm = undefined
  }

  #arm({ sentMs }: Goodbye): void {
    const { clock } = this.#options
    this.#disarm = clock.wakeAt(sentMs + HOLD_MS, () => {
      this.#disarm = undefined
      this.#letGo(clock.nowMs())
    })
  }

  /** Lets lanes go on that have waited long enough. */
  #letGo(nowMs: number): void {
    for (const goodbye of this.#pending) {
      if (goodbye.isOverdue) continue
      if (goodbye.sentMs + HOLD_MS > nowMs) {
        this.#arm(goodbye)
        return
      }
      goodbye.isOverdue = true
      this.#countOverdue(goodbye.target, 1)
      if (this.#allOverdue > MOST_OVERDUE) this.#leave(goodbye.transport, goodbye.target)
      goodbye.waiting.goOn()
    }
  }

  /** For a goodbye: something has arrived, or its connection has ended. */
  proceed(goodbye: Goodbye, nowMs: number): void {
    const { transport, target, waiting } = goodbye
    const reply = transport.take()
    const { failure } = transport
    if (reply === undefined && failure === undefined) return
    transport.receiver = undefined
    this.#pending.delete(goodbye)
    if (goodbye.isOverdue) this.#countOverdue(target, -1)
    this.#close(transport)
    try {
      if (reply !== undefined) this.#answered(reply, target, nowMs - goodbye.sentMs)
      else this.#unanswered(inPhase(failure as SmtpFailure, 'quit'), target)
      if (!goodbye.isOverdue) waiting.goOn()
    } catch (error) {
      // A bug of ours. If the lane is gone, `ended` rejects with it.
      this.#fault ??= error
      waiting.fail(error)
    }
    goodbye.end()
  }

  #answered(reply: Reply, target: number, afterMs: number): void {
    this.#options.onQuit(afterMs)
    if (reply.code !== 221) this.#options.onSessionFailure(refused(reply, 'quit').failure, target)
  }

  #unanswered({ failure }: SmtpFailure, target: number): void {
    if (failure.class === 'timeout') this.#silent.add(target)
    // A connection that we closed ourselves is no failure of the server.
    if (failure.class !== 'aborted') this.#options.onSessionFailure(failure, target)
  }

  #leave(transport: Transport, target: number): void {
    this.#close(transport)
    this.#options.onSessionFailure(NOT_AWAITED, target)
  }

  #countOverdue(target: number, change: 1 | -1): void {
    this.#allOverdue += change
    this.#overdue.set(target, (this.#overdue.get(target) ?? 0) + change)
  }

  #close(transport: Transport): void {
    transport.destroy()
    this.#options.transports.delete(transport)
  }
}
