import type { Clock } from '../engine/clock.ts'
import { FailureKinds } from '../engine/failure-kinds.ts'
import { Histogram } from '../engine/histogram.ts'
import type { IdleRecording } from '../engine/idle.ts'
import type { Gate, OpenTransports } from './connections.ts'
import { Dialogue } from './dialogue.ts'
import { inPhase, refused, type SmtpFailure } from './failure.ts'
import type { LoginOf } from './logins.ts'
import { PhaseTimer, type SmtpTarget } from './target.ts'
import { type Receiver, type TlsSessionCache, Transport } from './transport.ts'

export interface IdleSessionsOptions {
  readonly targets: readonly SmtpTarget[]
  readonly clock: Clock
  readonly startMs: number
  readonly replyTimeoutMs: number
  readonly tlsSessions: TlsSessionCache
  readonly transports: OpenTransports
  readonly connectGate: Gate
}

/** Sessions that say hello, log in where the load does, and then nothing until the end. One thread's. */
export class IdleSessions {
  readonly #options: IdleSessionsOptions
  readonly #open = new Set<Transport>()
  readonly #endedAfter = new Histogram()
  readonly #failures = new FailureKinds()
  #asked = 0
  #opened = 0
  #ended = 0
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
      connectGate.enter(() => this.#openOne(target, loginOf))
    }
  }

  #openOne(index: number, loginOf: LoginOf | undefined): void {
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
          this.#opened++
          transport.rest()
          transport.receiver = this.#watch(transport, index, transport.nowMs())
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

  /** Whatever comes now is the server's goodbye: 421 at best (RFC 5321 3.8). */
  #watch(transport: Transport, index: number, openedMs: number): Receiver {
    return {
      proceed: (nowMs) => {
        const reply = transport.take()
        const { failure } = transport
        if (reply === undefined && failure === undefined) return
        const ended = reply === undefined || reply.code < 400 ? failure : refused(reply, 'quit')
        if (ended === undefined) return
        if (ended.failure.class !== 'aborted') {
          this.#ended++
          this.#endedAfter.record(nowMs - openedMs)
        }
        this.#end(transport, inPhase(ended, 'quit'), index)
      },
    }
  }

  #end(transport: Transport, { failure, outcome }: SmtpFailure, index: number): void {
    const { clock, startMs, transports } = this.#options
    transport.receiver = undefined
    this.#open.delete(transport)
    transports.delete(transport)
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
    for (const transport of this.#open) {
      transport.receiver = undefined
      if (transport.isOpen) transport.write('QUIT\r\n', 1)
      transport.destroy()
      this.#options.transports.delete(transport)
    }
    this.#open.clear()
  }

  snapshot(): IdleRecording {
    return {
      asked: this.#asked,
      opened: this.#opened,
      ended: this.#ended,
      endedAfter: this.#endedAfter.toSparse(),
      failures: this.#failures.rows(),
    }
  }
}

/** Of `count` sessions, those of one of so many workers. */
export function idleShare(count: number, worker: number, workers: number): number {
  return Math.floor((count * (worker + 1)) / workers) - Math.floor((count * worker) / workers)
}
