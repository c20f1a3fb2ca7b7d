import net from 'node:net'
import tls from 'node:tls'
import type { Clock } from '../load/clock.ts'
import { secretMaskFor } from '../secret-mask.ts'
import { Deadline } from './deadline.ts'
import { closedFailure, failed, inPhase, type SmtpFailure, socketFailure } from './failure.ts'
import { type Reply, ReplyParser, ReplySyntaxError } from './reply.ts'
import { addressLiteralOf, connectOptions, secureOptions } from './socket-options.ts'
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
  readonly #deadline: Deadline
  readonly #onTaken: OnReplyTaken | undefined
  #socket: net.Socket
  readonly #parser: ReplyParser
  /** Replies that came before somebody asked for them. */
  readonly #replies: Reply[] = []
  #waiter: Waiter | undefined
  #flushWaiter: { resolve(): void; reject(failure: SmtpFailure): void } | undefined
  #failure: SmtpFailure | undefined
  #phase: Phase = 'connect'

  private constructor(
    socket: net.Socket,
    { auth }: SmtpTarget,
    clock: Clock,
    onTaken: OnReplyTaken | undefined,
  ) {
    this.#socket = socket
    this.#parser = new ReplyParser(auth && secretMaskFor(auth))
    this.#deadline = new Deadline(clock, () => this.#timedOut())
    this.#onTaken = onTaken
  }

  /** Begins to open a TCP connection. */
  static connect(target: SmtpTarget, clock: Clock, onTaken?: OnReplyTaken): Transport {
    const socket = net.connect(connectOptions(target, (octets) => transport.#read(octets)))
    const transport = new Transport(socket, target, clock, onTaken)
    transport.#listen()
    return transport
  }

  /** Resolves when the connection is open. Rejects with SmtpFailure. */
  async connected(timeoutMs: number): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    this.enter('connect', timeoutMs)
    await this.#flushedAt('connect')
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

  get addressLiteral(): string {
    return addressLiteralOf(this.#socket)
  }

  /** From now on what happens belongs to `phase`, which may take `timeoutMs`. */
  enter(phase: Phase, timeoutMs: number): void {
    this.#phase = phase
    this.#deadline.set(timeoutMs)
  }

  /** No time limit until the next `enter`. */
  rest(): void {
    this.#deadline.lift()
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
    const secured = tls.connect({ socket: plain, ...secureOptions(target, session) })
    this.#socket = secured
    this.#listen()
    secured.on('session', onSession)
    await this.#flushedAt('secureConnect')
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
    if (this.#failure === undefined) this.#fail(closedFailure(this.#phase, this.#parser.midReply))
  }

  #timedOut(): void {
    this.#fail(failed('timeout', this.#phase, `no reply in time in phase ${this.#phase}`))
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

  #flushedAt(opened: 'connect' | 'secureConnect'): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#flushWaiter = { resolve, reject }
      this.#socket.once(opened, () => this.#flushed())
    })
  }

  #flushed(): void {
    const waiter = this.#flushWaiter
    this.#flushWaiter = undefined
    waiter?.resolve()
  }

  #fail(failure: SmtpFailure): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#deadline.end()
    this.#socket.destroy()
    this.#waiter?.reject(failure)
    this.#flushWaiter?.reject(failure)
    this.#waiter = undefined
    this.#flushWaiter = undefined
  }
}
