import net from 'node:net'
import tls from 'node:tls'
import type { Clock } from '../load/clock.ts'
import { failed, type SmtpFailure, socketFailure } from './failure.ts'
import { type Reply, ReplyParser, ReplySyntaxError } from './reply.ts'
import type { Phase, SmtpTarget } from './target.ts'

interface Waiter {
  resolve(reply: Reply): void
  reject(failure: SmtpFailure): void
}

/**
 * One connection: octets out, replies in, one time limit at a time. The first thing that goes wrong
 * ends it, and every later call rejects with that.
 */
export class Transport {
  readonly #clock: Clock
  #socket: net.Socket
  readonly #parser = new ReplyParser()
  /** Replies that came before somebody asked for them. */
  readonly #replies: Reply[] = []
  #waiter: Waiter | undefined
  #flushWaiter: { resolve(): void; reject(failure: SmtpFailure): void } | undefined
  #unflushed = 0
  #failure: SmtpFailure | undefined
  #phase: Phase = 'connect'
  #deadlineMs = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined
  #armedForMs = Number.POSITIVE_INFINITY

  private constructor(socket: net.Socket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
  }

  /** Opens a TCP connection. Rejects with SmtpFailure. */
  static async connect(target: SmtpTarget, clock: Clock, timeoutMs: number): Promise<Transport> {
    const socket = net.connect({ host: target.host, port: target.port, noDelay: true })
    const transport = new Transport(socket, clock)
    transport.#listen()
    transport.enter('connect', timeoutMs)
    await new Promise<void>((resolve, reject) => {
      transport.#flushWaiter = { resolve, reject }
      socket.once('connect', () => transport.#flushed())
    })
    return transport
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
    return net.isIPv6(address) ? `[IPv6:${address}]` : `[${address}]`
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

  /** The next reply. Rejects with SmtpFailure. One caller at a time. */
  reply(): Promise<Reply> {
    const reply = this.#replies.shift()
    if (reply !== undefined) return Promise.resolve(reply)
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
    })
  }

  /** Sends octets in one write; see flushed() for when they are gone. */
  write(octets: string | readonly Buffer[]): void {
    if (this.#failure !== undefined) return
    this.#unflushed++
    const onFlushed = this.#onFlushed
    if (typeof octets === 'string') this.#socket.write(octets, 'latin1', onFlushed)
    else if (octets.length === 1) this.#socket.write(octets[0] as Buffer, onFlushed)
    else {
      this.#socket.cork()
      octets.forEach((part, index) => {
        this.#socket.write(part, index === octets.length - 1 ? onFlushed : undefined)
      })
      this.#socket.uncork()
    }
  }

  /**
   * Resolves when the kernel has taken all that was written, or when a reply came before that: a
   * server may refuse in the middle of the data. Rejects with SmtpFailure.
   */
  flushed(): Promise<void> | undefined {
    if (this.#socket.writableLength === 0 || this.#replies.length > 0) return undefined
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    return new Promise((resolve, reject) => {
      this.#flushWaiter = { resolve, reject }
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

  /** Ends the connection at once; whoever waits is told `failure`. */
  destroy(failure?: SmtpFailure): void {
    this.#fail(failure ?? failed('aborted', this.#phase, 'session ended by the load generator'))
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#socket.on('error', (error) => this.#fail(socketFailure(error, this.#phase)))
    this.#socket.on('close', () => this.#fail(this.#closed()))
    this.#socket.on('end', () => this.#fail(this.#closed()))
  }

  #closed(): SmtpFailure {
    if (this.#parser.midReply) {
      return failed('protocol_error', this.#phase, 'connection closed in the middle of a reply')
    }
    const phase = this.#phase
    if (phase === 'tls') return failed('tls', phase, 'connection closed during the TLS handshake')
    return failed('connection_closed', phase, 'connection closed without a reply')
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
      waiter.resolve(reply)
      return
    }
    this.#replies.push(reply)
    this.#flushed()
  }

  readonly #onFlushed = (): void => {
    if (--this.#unflushed === 0) this.#flushed()
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

/** Server name for SNI and the certificate check; an address gets no SNI (RFC 6066 3). */
function serverNameOf(target: SmtpTarget): { servername?: string; host?: string } {
  const name = target.tls.serverName ?? target.host
  return net.isIP(name) ? { host: name } : { servername: name, host: name }
}
