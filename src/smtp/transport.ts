import net from 'node:net'
import tls from 'node:tls'
import { dialOptions } from '../dial.ts'
import type { Clock } from '../engine/clock.ts'
import { secretMaskFor } from '../secret-mask.ts'
import { Deadline } from './deadline.ts'
import { closedFailure, failed, type SmtpFailure, socketFailure } from './failure.ts'
import { type Reply, ReplyParser, ReplySyntaxError, replyText } from './reply.ts'
import type { Phase, SmtpTarget } from './target.ts'

/** Told every reply when somebody takes it, with the phase that it belongs to. */
export type OnReplyTaken = (reply: Reply, phase: Phase) => void

/** Who feeds on a transport: told to look again when replies have come, or what it waited for, or the end. */
export interface Receiver {
  /** `nowMs`: when that was, one look at the clock for all that came at once. */
  proceed(nowMs: number): void
}

/** For whoever watches over it. */
export interface TransportState {
  readonly phase: Phase
  /** When that began, and when its time is over, Clock milliseconds; Infinity while it has nothing to wait for. */
  readonly sinceMs: number
  readonly limitMs: number
}

/** TLS sessions to resume, see sessionKey (RFC 8446 2.2, RFC 5077). */
export type TlsSessionCache = Map<string, Buffer>

/** One for all: an Error collects its stack, which costs as much as a write, and nobody sees this one. */
const SESSION_OVER = failed('aborted', 'quit', 'session ended by the load generator')

/**
 * One connection: octets out, replies in, one time limit at a time. The first thing that goes wrong
 * ends it. Nothing in it waits: it tells its receiver when to look again.
 *
 * Replies are counted against what was sent. One that came before what it would have to answer, or that
 * nothing was sent for, ends the connection: a success among these is no success of anybody's, and a
 * refusal is the last thing that the server is heard to say.
 */
export class Transport {
  /** How long each phase may take that is given no other time. */
  readonly replyTimeoutMs: number
  readonly #deadline: Deadline
  readonly #onTaken: OnReplyTaken | undefined
  readonly #clock: Clock
  readonly #target: SmtpTarget
  readonly #tlsSessions: TlsSessionCache | undefined
  /** Told when to look again. */
  receiver: Receiver | undefined
  /** Connected; under TLS, and the handshake is done. */
  #isOpen = false
  #socket: net.Socket
  readonly #parser: ReplyParser
  /** Replies that have come and that nobody has taken yet. */
  readonly #replies: Reply[] = []
  /** Replies that are still to come to what was sent; the greeting comes by itself (RFC 5321 3.1). */
  #owed = 1
  /** Of these, replies to what had been sent before the last thing was. */
  #owedBefore = 0
  /** A reply had begun to come before the last thing was sent, so that it cannot be its answer. */
  #replyUnderWay = false
  /** What is underneath TLS, and the octets that had come through it when something was last sent. */
  #plain: net.Socket | undefined
  #readWhenSent = 0
  /** Replies that came while a message was not known to be gone. */
  readonly #held: Reply[] = []
  /** How many of the replies to the last thing cannot come before all of it is gone: all, or the last one. */
  #repliesHeld = Number.POSITIVE_INFINITY
  /** Octets of the last write of a message: its final dot, and what is pipelined behind it. */
  #lastWriteBytes = 0
  /** Somebody waits until all that was written is gone. */
  #awaitsFlush = false
  #flushes = 0
  #failure: SmtpFailure | undefined
  #phase: Phase = 'connect'

  private constructor(
    socket: net.Socket,
    target: SmtpTarget,
    clock: Clock,
    { replyTimeoutMs, onTaken, tlsSessions }: Dialling,
  ) {
    this.replyTimeoutMs = replyTimeoutMs
    this.#socket = socket
    this.#target = target
    this.#clock = clock
    this.#tlsSessions = tlsSessions
    this.#parser = new ReplyParser(target.auth && secretMaskFor(target.auth))
    this.#deadline = new Deadline(clock, () => this.#timedOut())
    this.#onTaken = onTaken
  }

  /** Begins to open a TCP connection. */
  static connect(target: SmtpTarget, clock: Clock, dialling: Dialling): Transport {
    const socket = net.connect(
      connectOptions(target, dialling, (octets, length) => transport.#read(octets, length)),
    )
    const transport = new Transport(socket, target, clock, dialling)
    transport.#listen()
    socket.on('connect', transport.#onOpen)
    return transport
  }

  /** It is connected, and the TLS handshake that was begun last is done. */
  get isOpen(): boolean {
    return this.#isOpen && this.#failure === undefined
  }

  /** Why it has ended; replies that came before may still be there to take. */
  get failure(): SmtpFailure | undefined {
    return this.#failure
  }

  get state(): TransportState {
    return { phase: this.#phase, sinceMs: this.#deadline.setMs, limitMs: this.#deadline.atMs }
  }

  /** A reply, or a part of one, that nobody has taken. */
  get hasUnreadInput(): boolean {
    return this.#replies.length > 0 || this.#parser.midReply
  }

  get encrypted(): boolean {
    return this.#socket instanceof tls.TLSSocket
  }

  /** The own address as an address literal for EHLO (RFC 5321 4.1.3). */
  get addressLiteral(): string {
    const known = literals.get(this.#target)
    if (known !== undefined) return known
    const { localAddress = '127.0.0.1', localFamily } = this.#socket
    const literal = localFamily === 'IPv6' ? `[IPv6:${localAddress}]` : `[${localAddress}]`
    // To one address all connections leave from the same: one look is enough, each is a system call.
    if (this.#target.addresses?.length === 1 || net.isIP(this.#target.host) > 0)
      literals.set(this.#target, literal)
    return literal
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  /** From now on what happens belongs to `phase`, which may take `timeoutMs`; `nowMs` where now is known. */
  enter(phase: Phase, timeoutMs = this.replyTimeoutMs, nowMs?: number): void {
    this.#phase = phase
    this.#deadline.set(timeoutMs, nowMs)
  }

  /** No time limit until the next `enter`. */
  rest(): void {
    this.#deadline.lift()
  }

  /** A reply that has come. */
  take(): Reply | undefined {
    const reply = this.#replies.shift()
    if (reply !== undefined) this.#onTaken?.(reply, this.#phase)
    return reply
  }

  /** Sends commands, to which so many replies are to come: of ASCII, but with SMTPUTF8 (RFC 6531 3.4). */
  write(commands: string, replies: number, encoding: 'latin1' | 'utf8' = 'latin1'): void {
    if (this.#failure !== undefined) return
    this.#expect(replies)
    this.#socket.write(commands, encoding)
  }

  /**
   * Sends a message, whose final dot is in the last part, and what is pipelined behind it; so many replies
   * are to come to all of it. See flush() for when it is gone.
   */
  writeMessage(parts: readonly Buffer[], replies: number): void {
    if (this.#failure !== undefined) return
    this.#expect(replies)
    const last = parts.at(-1) as Buffer
    this.#repliesHeld = Number.POSITIVE_INFINITY
    this.#lastWriteBytes = last.length
    if (parts.length > 1) {
      this.#socket.cork()
      for (const part of parts) if (part !== last) this.#socket.write(part)
      this.#socket.uncork()
    }
    // Node begins a write when the one before is done: until then the dot is certain not to be under way.
    this.#socket.write(last)
  }

  /**
   * Sends whole messages and their commands in one go. Replies to the first of them may come while the last is
   * not gone. The octets must stay as they are until `drained`.
   */
  writeMessages(parts: readonly Buffer[], replies: number): void {
    if (this.#failure !== undefined) return
    this.#expect(replies)
    this.#repliesHeld = 1
    this.#lastWriteBytes = Number.POSITIVE_INFINITY
    const [only] = parts
    if (parts.length === 1) {
      this.#socket.write(only as Buffer)
      return
    }
    this.#socket.cork()
    for (const part of parts) this.#socket.write(part)
    this.#socket.uncork()
  }

  /** Whether the kernel has taken all that was written, or a reply came before; else the receiver is told when. */
  flush(): boolean {
    return this.#replies.length > 0 || this.drained()
  }

  /** Whether the kernel has taken all that was written; else the receiver is told when it has. */
  drained(): boolean {
    if (this.#failure !== undefined) return false
    if (this.#socket.writableLength === 0) {
      this.#release()
      return true
    }
    if (this.#awaitsFlush) return false
    this.#awaitsFlush = true
    const flush = ++this.#flushes
    // Writes end in their order: one of nothing tells of all before it, and only who waits pays for it.
    this.#socket.write('', (error) => {
      if (!error && this.#awaitsFlush && this.#flushes === flush) this.#flushed()
    })
    return false
  }

  /** Begins TLS on the open connection, with a session to resume where there is one. */
  secure(): void {
    this.#isOpen = false
    // tls.connect() on a socket that is destroyed emits nothing, ever.
    if (this.#failure !== undefined) return
    const plain = this.#socket
    // Its errors stay: one that nobody listens for would end the thread.
    plain.off('data', this.#onData).off('end', this.#onClosed).off('close', this.#onClosed)
    const target = this.#target
    const key = sessionKey(target)
    const secured = tls.connect({ socket: plain, ...secureOptions(target, this.#tlsSessions?.get(key)) })
    this.#plain = plain
    this.#socket = secured
    this.#listen()
    secured.on('session', (session) => this.#tlsSessions?.set(key, session))
    secured.once('secureConnect', this.#onOpen)
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
    this.#socket.on('data', this.#onData)
    this.#socket.on('error', this.#onError)
    this.#socket.on('close', this.#onClosed)
    this.#socket.on('end', this.#onClosed)
  }

  readonly #onData = (chunk: Buffer): void => this.#read(chunk, chunk.length)
  readonly #onError = (error: Error): void => this.#fail(socketFailure(error, this.#phase))
  readonly #onClosed = (): void => {
    if (this.#failure === undefined) this.#fail(closedFailure(this.#phase, this.#parser.midReply))
  }

  readonly #onOpen = (): void => {
    this.#isOpen = true
    this.#wake()
  }

  #wake(): void {
    this.receiver?.proceed(this.#clock.nowMs())
  }

  #timedOut(): void {
    this.#fail(failed('timeout', this.#phase, `no reply in time in phase ${this.#phase}`))
  }

  #read(octets: Buffer, length: number): void {
    try {
      this.#parser.push(octets, length, this.#onReply)
    } catch (error) {
      if (!(error instanceof ReplySyntaxError)) throw error
      this.#fail(failed('protocol_error', this.#phase, error.message))
    }
    // Not before all of the chunk is read: a reply in it is no answer to what is sent because of another.
    if (this.#replies.length > 0) this.#wake()
  }

  #expect(replies: number): void {
    this.#replyUnderWay = this.#owed === 0 && this.#parser.midReply
    this.#owedBefore = this.#owed
    this.#owed += replies
    if (this.#plain !== undefined) this.#readWhenSent = this.#plain.bytesRead
  }

  readonly #onReply = (reply: Reply): void => {
    if (this.#failure !== undefined) return
    const isOlder = this.#owedBefore > 0
    if (this.#owed === 0 || this.#replyUnderWay || (!isOlder && this.#cameBeforeSent())) {
      this.#unasked(reply)
      return
    }
    this.#owed--
    if (isOlder) this.#owedBefore--
    if (this.#awaitsFlush && this.#owed < this.#repliesHeld) this.#hold(reply)
    else this.#replies.push(reply)
  }

  /**
   * TLS hands over one record after another of what came at once, and in between we go on: a reply in
   * such a record was here before what we have just sent, though it is parsed after it.
   */
  #cameBeforeSent(): boolean {
    return this.#plain !== undefined && this.#plain.bytesRead === this.#readWhenSent
  }

  /**
   * A reply while not all of a message is known to be gone. While earlier parts wait, the dot has not been
   * sent. The last part may be gone all but what stands behind its dot, or gone and Node has not said so
   * yet (TLS does a turn later): two turns of the event loop show it, since whoever answers the dot has
   * acknowledged it, which makes room for the rest.
   */
  #hold(reply: Reply): void {
    if (this.#socket.writableLength > this.#lastWriteBytes) this.#unasked(reply)
    else if (this.#held.push(reply) === 1) setImmediate(() => setImmediate(() => this.#judgeHeld()))
  }

  #judgeHeld(): void {
    const [first] = this.#held
    if (first === undefined) return
    if (this.#socket.writableLength === 0) this.#flushed()
    else {
      this.#held.length = 0
      this.#unasked(first)
    }
  }

  /** A reply to nothing: whatever comes after it would be taken for the answer to something else. */
  #unasked(reply: Reply): void {
    const text = `an unsolicited or premature reply: ${replyText(reply)}`
    if (reply.code < 400) {
      this.#fail(failed('protocol_error', this.#phase, text))
      return
    }
    // A refusal holds whenever it comes, 421 above all (RFC 5321 3.8): who asks next hears it.
    this.#replies.push(reply)
    this.#release()
    this.#fail(failed('connection_closed', this.#phase, `session ended after ${text}`))
  }

  #flushed(): void {
    this.#release()
    this.#wake()
  }

  #release(): void {
    this.#awaitsFlush = false
    if (this.#held.length > 0) this.#replies.push(...this.#held.splice(0))
  }

  #fail(failure: SmtpFailure): void {
    // What was said before something failed still counts.
    if (this.#failure === undefined) this.#judgeHeld()
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#deadline.end()
    this.#socket.destroy()
    this.#wake()
  }
}

/**
 * All plain connections of a thread read into one buffer: `onOctets` has to be done with it when it
 * returns. This passes by the stream's own buffers and events, which cost as much as the parser.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** The own address towards a target, as EHLO says it. */
const literals = new WeakMap<SmtpTarget, string>()

interface Dialling {
  /** TLS sessions to resume. */
  readonly tlsSessions?: TlsSessionCache
  /** How long each phase may take; to connect, whatever the number of addresses. */
  readonly replyTimeoutMs: number
  readonly onTaken?: OnReplyTaken | undefined
  /** Looks the name up, where the target does not bring its addresses. */
  readonly lookup?: net.LookupFunction | undefined
}

/** How to connect to a target; `onOctets` is told what comes, unless TLS is to take the connection over. */
function connectOptions(
  target: SmtpTarget,
  { replyTimeoutMs, lookup }: Dialling,
  onOctets: (octets: Buffer, length: number) => void,
): net.NetConnectOpts {
  const options: net.TcpNetConnectOpts = dialOptions(target, replyTimeoutMs)
  options.noDelay = true
  if (lookup !== undefined) options.lookup ??= lookup
  if (target.tls.mode === 'none') {
    const callback = (length: number) => {
      onOctets(readBuffer, length)
      return true
    }
    options.onread = { buffer: readBuffer, callback }
  }
  return options
}

/** Resumption skips the check of the certificate: only what was checked alike may be resumed. */
function sessionKey({ host, port, tls }: SmtpTarget): string {
  return JSON.stringify([host, port, tls])
}

/** How to begin TLS with a target, resuming `session` where there is one. */
function secureOptions(target: SmtpTarget, session: Buffer | undefined): tls.ConnectionOptions {
  const { verify, ca } = target.tls
  return {
    rejectUnauthorized: verify,
    ...(session === undefined ? {} : { session }),
    ...(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] }),
    ...serverNameOf(target),
  }
}

/** Server name for SNI and the certificate check; an address gets no SNI (RFC 6066 3). */
function serverNameOf(target: SmtpTarget): { servername?: string; host?: string } {
  const name = target.tls.serverName ?? target.host
  return net.isIP(name) ? { host: name } : { servername: name, host: name }
}
