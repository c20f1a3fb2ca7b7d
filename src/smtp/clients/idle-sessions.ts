import type { Clock } from '../../engine/clock.ts'
import { FailureKinds } from '../../engine/failure-kinds.ts'
import { Histogram } from '../../engine/histogram.ts'
import type { IdleRecording } from '../../engine/idle.ts'
import type { Gate, OpenTransports } from '../connections.ts'
import { Dialogue } from '../dialogue.ts'
import { inPhase, refused, type SmtpFailure } from '../failure.ts'
import type { LoginOf } from '../login/logins.ts'
import { replyText } from '../reply.ts'
import { PhaseTimer, type SmtpTarget } from '../target.ts'
import { type Receiver, type TlsSessionCache, Transport } from '../transport.ts'

export interface IdleSessionsOptions {
  readonly targets: readonly SmtpTarget[]
  readonly clock: Clock
  readonly startMs: number
  readonly replyTimeoutMs: number
  readonly tlsSessions: TlsSessionCache
  readonly transports: OpenTransports
  readonly connectGate: Gate
}

/** A limit below it leaves no time to renew a session before it. */
const LEAST_LIMIT_MS = 2_000
/** So much before the limit a session is renewed, or a tenth of the limit, whichever is more. */
const MARGIN_MS = 1_000

/** How long a session may be idle that is to be renewed before this limit; undefined where none can be. */
export function renewAfterMs(limitMs: number): number | undefined {
  return limitMs < LEAST_LIMIT_MS ? undefined : limitMs - Math.max(MARGIN_MS, limitMs / 10)
}

/** The shortest time after which a target ended an idle session, and its words. */
interface IdleLimit {
  readonly afterMs: number
  readonly text: string
}

/**
 * Sessions that say hello, log in where the load does, and then nothing until the end. One thread's. The first that a
 * target ends show its limit: from then on they are renewed before it, so that as many stay open as were asked for.
 */
export class IdleSessions {
  readonly #options: IdleSessionsOptions
  readonly #open = new Set<Transport>()
  readonly #endedAfter = new Histogram()
  readonly #failures = new FailureKinds()
  #asked = 0
  #opened = 0
  #ended = 0
  #renewed = 0
  readonly #limits = new Map<number, IdleLimit>()
  /** Ends what waits to renew a session. */
  readonly #renewals = new Map<Transport, () => void>()
  #isOver = false

  constructor(options: IdleSessionsOptions) {
    this.#options = options
  }

  /** Opens so many, to the targets in turn, the first to that of this number. */
  open(count: number, firstTarget: number, loginOf: LoginOf | undefined): void {
    const { targets, connectGate } = this.#options
    this.#asked += count
    for (let index = 0; index < count; index++) {
      const target = (firstTarget + index) % targets.length
      connectGate.enter(() => this.#openOne(target, loginOf, () => this.#opened++))
    }
  }

  #openOne(index: number, loginOf: LoginOf | undefined, onOpened: () => void): void {
    const { targets, clock, replyTimeoutMs, tlsSessions, transports, connectGate } = this.#options
    if (this.#isOver) {
      connectGate.leave()
      return
    }
    const own = targets[index] as SmtpTarget
    const target = loginOf?.(own).target ?? own
    const transport = Transport.connect(target, clock, { replyTimeoutMs, tlsSessions })
    this.#open.add(transport)
    transports.add(transport, index)
    const never = () => {
      throw new Error('an idle session was told of a message')
    }
    const dialogue = new Dialogue(
      transport,
      new PhaseTimer(),
      { target },
      {
        goAhead: never,
        ended: never,
        cleared: never,
        opened: () => {
          connectGate.leave()
          onOpened()
          transport.rest()
          const openedMs = transport.nowMs()
          const renew = () => this.#openAgain(index, loginOf)
          transport.receiver = this.#watch(transport, { index, openedMs, renew })
          this.#renewInTime(transport, { index, openedMs, renew })
        },
        refused: (failure) => {
          connectGate.leave()
          this.#end(transport, failure, index)
        },
      },
    )
    transport.receiver = dialogue
    dialogue.open(clock.nowMs())
    dialogue.proceed(clock.nowMs())
  }

  #openAgain(index: number, loginOf: LoginOf | undefined): void {
    const { connectGate } = this.#options
    connectGate.enter(() => this.#openOne(index, loginOf, () => this.#renewed++))
  }

  /** Whatever comes now is the server's goodbye: 421 at best (RFC 5321 3.8). */
  #watch(transport: Transport, idle: IdleSession): Receiver {
    let goodbye: string | undefined
    return {
      proceed: (nowMs) => {
        const reply = transport.take()
        const { failure } = transport
        if (reply === undefined && failure === undefined) return
        // Some say 221, and close then.
        if (reply !== undefined) goodbye = replyText(reply)
        const ended = reply === undefined || reply.code < 400 ? failure : refused(reply, 'quit')
        if (ended === undefined) return
        this.#end(transport, inPhase(ended, 'quit'), idle.index)
        if (ended.failure.class === 'aborted') return
        this.#ended++
        this.#endedAfter.record(nowMs - idle.openedMs)
        this.#learn(idle.index, { afterMs: nowMs - idle.openedMs, text: goodbye ?? ended.failure.text })
        // One that ended at once would be opened again and again.
        if (renewAfterMs(nowMs - idle.openedMs) !== undefined) idle.renew()
      },
    }
  }

  /** Of several the shortest: no session may be idle for longer. */
  #learn(index: number, limit: IdleLimit): void {
    const known = this.#limits.get(index)
    if (known === undefined || limit.afterMs < known.afterMs) this.#limits.set(index, limit)
  }

  #renewInTime(transport: Transport, { index, openedMs, renew }: IdleSession): void {
    const limit = this.#limits.get(index)
    const afterMs = limit && renewAfterMs(limit.afterMs)
    if (afterMs === undefined) return
    const cancel = this.#options.clock.wakeAt(openedMs + afterMs, () => {
      this.#leave(transport)
      renew()
    })
    this.#renewals.set(transport, cancel)
  }

  /** By QUIT, without waiting for its reply. */
  #leave(transport: Transport): void {
    this.#forget(transport)
    if (transport.isOpen) transport.write('QUIT\r\n', 1)
    transport.destroy()
  }

  #forget(transport: Transport): void {
    transport.receiver = undefined
    this.#renewals.get(transport)?.()
    this.#renewals.delete(transport)
    this.#open.delete(transport)
    this.#options.transports.delete(transport)
  }

  #end(transport: Transport, { failure, outcome }: SmtpFailure, index: number): void {
    const { clock, startMs } = this.#options
    this.#forget(transport)
    transport.destroy()
    if (failure.class === 'aborted') return
    this.#failures.record(
      { ...failure, phase: failure.phase === 'quit' ? 'idle' : failure.phase },
      index,
      outcome,
      clock.nowMs() - startMs,
    )
  }

  /** The load is over: QUIT, without waiting for its reply. */
  close(): void {
    this.#isOver = true
    for (const transport of this.#open) this.#leave(transport)
  }

  snapshot(): IdleRecording {
    return {
      asked: this.#asked,
      opened: this.#opened,
      ended: this.#ended,
      renewed: this.#renewed,
      limits: [...this.#limits].map(([target, limit]) => ({ target, ...limit })),
      endedAfter: this.#endedAfter.toSparse(),
      failures: this.#failures.rows(),
    }
  }
}

interface IdleSession {
  /** Of its target. */
  readonly index: number
  readonly openedMs: number
  /** Opens another in its place. */
  readonly renew: () => void
}

/** Of `count` sessions, those of one of so many workers. */
export function idleShare(count: number, worker: number, workers: number): number {
  return Math.floor((count * (worker + 1)) / workers) - Math.floor((count * worker) / workers)
}
