import net from 'node:net'
import tls from 'node:tls'
import type { Clock } from '../load/clock.ts'
import { failed, SmtpFailure, socketFailure } from './failure.ts'
import { type Reply, ReplyParser, ReplySyntaxError } from './reply.ts'
import { connectOptions, serverNameOf } from './socket-options.ts'
import type { Phase, SmtpTarget } from './target.ts'

/** Told every reply when somebody takes it, with the phase that it belongs to. */
export type OnReplyTaken = (reply: Reply, phase: Phase) => void

interface Waiter {
  resolve(reply: Reply): void
  reject(failure: SmtpFailure): void
}

/** One for all: an Error collects its stack, which costs as much as a write, and nobody sees this one. */
const SESSION_OVER = failed('aborted', 'quit', 'session ended by the load generator')

/**
 * One connection: octets out, replies in, one time limit at a time. The first thing that goes wrong
 * ends it, and every later call rejects with that.
 */
export class Transport {
  readonly #clock: Clock
  readonly #onTaken: OnReplyTaken | undefined
  #socket: net.Socket
  readonly #parser = new ReplyParser()
  /** Replies that came before somebody asked for them. */
  readonly #replies: Reply[] = []
  #waiter: Waiter | undefined
  #flushWaiter: { resolve(): void; reject(failure: SmtpFailure): void } | undefined
  #failure: SmtpFailure | undefined
  #phase: Phase = 'connect'
  #deadlineMs = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined
  #armedForMs = Number.POSITIVE_INFINITY

  private constructor(socket: net.Socket, clock: Clock, onTaken: OnReplyTaken | undefined) {
    this.#socket = socket
    this.#clock = clock
    this.#onTaken = onTaken
  }

  /** Begins to open a TCP connection. */
  static connect(target: SmtpTarget, clock: Clock, onTaken?: OnReplyTaken): Transport {
    const socket = net.connect(connectOptions(target, (octets) => transport.#read(octets)))
    const transport = new Transport(socket, clock, onTaken)
    transport.#listen()
    return transport
  }

  /** Resolves when the connection is open. Rejects with SmtpFailure. */
  async connected(timeoutMs: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.enter('connect', timeoutMs)
    await new Promise<void>((resolve, reject) => {
      this.#flushWaiter = { resolve, reject }
      this.#socket.once('connect', () => this.#flushed())
    })
  }

  /** What has failed, once something has. */
  get failure(): SmtpFailure | undefined {
    return this.#failure
  }

  /** Octets or replies that nobody asked for are waiting. */
  get hasUnreadInput(): boolean {
    return this.#replies.length > 0 || this.#parser.midReply
  }

  get encrypted(): boolean {
    return this.#socket instanceof tls.TLSSocket
  }

  /** The own address as an address literal for EHLO (RFC 5321 4.1.3). */
  get addressLiteral(): string {
    const address = this.#socket.localAddress ?? '127.0.0.1'
    return this.#socket.localFamily === 'IPv6' ? `[IPv6:${address}]` : `[${address}]`
  }

  /** From now on what happens belongs to `phase`, which may take `timeoutMs`. */
  enter(phase: Phase, timeoutMs: number): void {
    this.#phase = phase
    this.#deadlineMs = this.#clock.nowMs() + timeoutMs
    if (this.#deadlineMs < this.#armedForMs) this.#arm()
  }

  /** No time limit until the next `enter`. */
  rest(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY
  }

  /** A reply that has already come; asked first, it saves a promise per reply that is pipelined. */
  take(): Reply | undefined {
    const reply = this.#replies.shift()
    if (reply !== undefined) this.#onTaken?.(reply, this.#phase)
    return reply
  }

  /** The next reply. Rejects with SmtpFailure. One caller at a time. */
  reply(): Promise<Reply> {
    const reply = this.take()
    if (reply !== undefined) return Promise.resolve(reply)
    if (this.#failure !== undefined) return Promise.reject(inPhase(this.#failure, this.#phase))
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  /** Sends octets in one write; see flushed() for when they are gone. */
  write(octets: string | readonly Buffer[]): void {
    if (this.#failure !== undefined) return
    if (typeof octets === 'string') this.#socket.write(octets, 'latin1')
    else if (octets.length === 1) this.#socket.write(octets[0] as Buffer)
    else {
      this.#socket.cork()
      for (const part of octets) this.#socket.write(part)
      this.#socket.uncork()
    }
  }

  /**
   * Resolves when the kernel has taken all that was written, or when a reply came before that: a
   * server may refuse in the middle of the data. Rejects with SmtpFailure. Undefined: no need to wait.
   */
  flushed(): Promise<void> | undefined {
    if (this.#socket.writableLength === 0 || this.#replies.length > 0) return undefined
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject }
      this.#flushWaiter = waiter
      // Writes end in their order: one of nothing tells of all before it, and only who waits pays for it.
      this.#socket.write('', (error) => {
        if (!error && this.#flushWaiter === waiter) this.#flushed()
      })
    })
  }

  /** TLS on the open connection. Rejects with SmtpFailure of class `tls`. */
  async secure(
    target: SmtpTarget,
    session: Buffer | undefined,
    onSession: (session: Buffer) => void,
  ): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners()
    const secured = tls.connect({
      socket: plain,
      rejectUnauthorized: target.tls.verify,
      ...(session === undefined ? {} : { session }),
      ...(target.tls.ca === undefined ? {} : { ca: [...tls.rootCertificates, target.tls.ca] }),
      ...serverNameOf(target),
    })
    this.#socket = secured
    this.#listen()
    secured.on('session', onSession)
    await new Promise<void>((resolve, reject) => {
      this.#flushWaiter = { resolve, reject }
      secured.once('secureConnect', () => this.#flushed())
    })
  }

  /** Ends the connection that nobody waits for any more. */
  destroy(): void {
    this.#fail(SESSION_OVER)
  }

  /** Ends the connection at once; whoever waits for it is told so. */
  abort(): void {
    this.#fail(failed('aborted', this.#phase, 'the run was aborted'))
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#fail(socketFailure(error, this.#phase)))
    this.#socket.on('close', () => this.#closed())
    this.#socket.on('end', () => this.#closed())
  }

  #closed(): void {
    if (this.#failure !== undefined) return
    const phase = this.#phase
    if (this.#parser.midReply) {
      this.#fail(failed('protocol_error', phase, 'connection closed in the middle of a reply'))
    } else if (phase === 'tls') {
      this.#fail(failed('tls', phase, 'connection closed during the TLS handshake'))
    } else this.#fail(failed('connection_closed', phase, 'connection closed without a reply'))
  }

  #read(chunk: Buffer): void {
    try {
      this.#parser.push(chunk, this.#onReply)
    } catch (error) {
      if (!(error instanceof ReplySyntaxError)) throw error
      this.#fail(failed('protocol_error', this.#phase, error.message))
    }
  }

  readonly #onReply = (reply: Reply): void => {
    const waiter = this.#waiter
    if (waiter !== undefined) {
      this.#waiter = undefined
      this.#onTaken?.(reply, this.#phase)
      waiter.resolve(reply)
      return
    }
    this.#replies.push(reply)
    this.#flushed()
  }

  #flushed(): void {
    const waiter = this.#flushWaiter
    this.#flushWaiter = undefined
    waiter?.resolve()
  }

  #fail(failure: SmtpFailure): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#disarm?.()
    this.#socket.destroy()
    this.#waiter?.reject(failure)
    this.#flushWaiter?.reject(failure)
    this.#waiter = undefined
    this.#flushWaiter = undefined
  }

  /** One timer per connection, moved only when it fires too early: most phases end long before. */
  #arm(): void {
    this.#disarm?.()
    this.#armedForMs = this.#deadlineMs
    this.#disarm = this.#clock.wakeAt(this.#deadlineMs, () => {
      this.#armedForMs = Number.POSITIVE_INFINITY
      if (this.#clock.nowMs() >= this.#deadlineMs) {
        this.#fail(failed('timeout', this.#phase, `no reply in time in phase ${this.#phase}`))
      } else if (this.#deadlineMs !== Number.POSITIVE_INFINITY) this.#arm()
    })
  }
}

/** What broke may have come in one chunk with replies before it: the phase is that of who misses a reply. */
function inPhase(failure: SmtpFailure, phase: Phase): SmtpFailure {
  return new SmtpFailure(failure.outcome, { ...failure.failure, phase })
}
