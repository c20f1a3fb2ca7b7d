import net from 'node:net'
import tls from 'node:tls'
import { dialOptions } from '../dial.ts'
import type { Clock } from '../engine/clock.ts'
import { proxyHeader } from '../proxy-protocol.ts'
import { secretMaskFor } from '../text/secret-mask.ts'
import { Deadline } from './deadline.ts'
import { closedFailure, failed, type SmtpFailure, socketFailure } from './failure.ts'
import { type Reply, ReplyParser, ReplySyntaxError, replyText } from './reply.ts'
import type { Phase, SmtpTarget, TlsOptions } from './target.ts'

/** Told of every reply when it is taken, and of its phase. */
export type OnReplyTaken = (reply: Reply, phase: Phase) => void

/** Told to look again when replies have arrived, when the connection is open or flushed, or when it ended. */
export interface Receiver {
  /** `nowMs`: when that was; one look at the clock for everything that arrived together. */
  proceed(nowMs: number): void
}

/** For the watchdog. */
export interface TransportState {
  readonly phase: Phase
  /** When the phase began and when it times out, in Clock milliseconds; Infinity while nothing is awaited. */
  readonly sinceMs: number
  readonly limitMs: number
}

/** TLS sessions to resume, by host, port and TLS options (RFC 8446 2.2, RFC 5077). */
export interface TlsSessionCache {
  get(key: string): Buffer | undefined
  set(key: string, session: Buffer): unknown
}

/** Shared: creating an Error collects a stack, which costs as much as a write, and nobody sees this one. */
const SESSION_OVER = failed('aborted', 'quit', 'session ended by the load generator')

/**
 * One connection: octets out, replies in, one time limit at a time. The first thing that goes wrong
 * ends it. It never waits: it tells its receiver when to look again.
 *
 * Replies are counted against commands. One that arrived before its command was sent, or that answers
 * none, ends the connection. If it says success, it is nobody's success; if it refuses, it is the last
 * reply that counts.
 */
export class Transport {
  /** Time limit of a phase, unless `enter` is given another. */
  readonly replyTimeoutMs: number
  readonly #deadline: Deadline
  readonly #onTaken: OnReplyTaken | undefined
  readonly #clock: Clock
  readonly #target: SmtpTarget
  readonly #tlsSessions: TlsSessionCache | undefined
  /** Told when to look again. */
  receiver: Receiver | undefined
  /** Connected, and the TLS handshake is done if there is one. */
  #isOpen = false
  #socket: net.Socket
  readonly #parser: ReplyParser
  /**
   * Replies that have arrived; those from `#taken` to `#arrived` are not taken yet. The array stays as long as it was:
   * shift() leaves the optimised code, and both it and `length = 0` give the memory back that the next reply needs.
   */
  readonly #replies: (Reply | undefined)[] = []
  #taken = 0
  #arrived = 0
  /** Replies still expected to what was sent; the greeting comes unasked (RFC 5321 3.1). */
  #owed = 1
  /** Of these, replies to what had been sent before the last thing was. */
  #owedBefore = 0
  /** A reply had begun to arrive before the last write, so it cannot answer that. */
  #replyUnderWay = false
  /** The socket under TLS, and how many octets it had read at the last write. */
  #plain: net.Socket | undefined
  #readWhenSent = 0
  /** Replies that arrived before the message was known to be sent. */
  readonly #held: Reply[] = []
  /** How many of the replies to the last thing cannot come before all of it is gone: all, or the last one. */
  #repliesHeld = Number.POSITIVE_INFINITY
  /** Length of a message's last write: its final dot, and what is pipelined behind it. */
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
    transport.#listen(target.tls.mode !== 'none')
    const { proxy } = target
    if (proxy !== undefined)
      socket.on('connect', () => socket.write(proxyHeader(proxy, socket, dialling.turn ?? 0)))
    socket.on('connect', transport.#onOpen)
    return transport
  }

  /** It is connected, and the TLS handshake that was begun last is done. */
  get isOpen(): boolean {
    return this.#isOpen && this.#failure === undefined
  }

  /** Why it ended; replies that arrived before may still be there to take. */
  get failure(): SmtpFailure | undefined {
    return this.#failure
  }

  get state(): TransportState {
    return { phase: this.#phase, sinceMs: this.#deadline.setMs, limitMs: this.#deadline.atMs }
  }

  /** A reply, or part of one, has arrived and is not taken. */
  get hasUnreadInput(): boolean {
    return this.#taken < this.#arrived || this.#parser.midReply
  }

  get encrypted(): boolean {
    return this.#socket instanceof tls.TLSSocket
  }

  /** Under TLS, what it was agreed on; undefined in plaintext. */
  get security(): TlsSeen | undefined {
    const socket = this.#socket
    if (!(socket instanceof tls.TLSSocket)) return undefined
    const { subject, issuer, valid_to: until } = socket.getPeerCertificate()
    return {
      version: socket.getProtocol() ?? '',
      cipher: socket.getCipher().name,
      distrust: socket.authorized ? undefined : String(socket.authorizationError),
      // An empty object when the server sent none.
      certificate: subject && { subject: nameIn(subject), issuer: nameIn(issuer), until: new Date(until) },
    }
  }

  /** The own address as an address literal for EHLO (RFC 5321 4.1.3). */
  get addressLiteral(): string {
    const known = literals.get(this.#target)
    if (known !== undefined) return known
    const { localAddress = '127.0.0.1', localFamily } = this.#socket
    const literal = localFamily === 'IPv6' ? `[IPv6:${localAddress}]` : `[${localAddress}]`
    // All connections to one address have the same source address, and each look is a system call.
    if (this.#target.localAddresses !== undefined) return literal
    if (this.#target.addresses?.length === 1 || net.isIP(this.#target.host) > 0)
      literals.set(this.#target, literal)
    return literal
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  /** Begins `phase`, which may take `timeoutMs`. `nowMs`: the time, where the caller knows it. */
  enter(phase: Phase, timeoutMs = this.replyTimeoutMs, nowMs?: number): void {
    this.#phase = phase
    this.#deadline.set(timeoutMs, nowMs)
  }

  /** No time limit until the next `enter`. */
  rest(): void {
    this.#deadline.lift()
  }

  /** The next reply that has arrived. */
  take(): Reply | undefined {
    if (this.#taken === this.#arrived) return undefined
    const reply = this.#replies[this.#taken] as Reply
    this.#replies[this.#taken++] = undefined
    if (this.#taken === this.#arrived) this.#taken = this.#arrived = 0
    if (this.#onTaken !== undefined) this.#onTaken(reply, this.#phase)
    return reply
  }

  #push(reply: Reply): void {
    this.#replies[this.#arrived++] = reply
  }

  /** Sends commands and expects so many replies. They are ASCII, except with SMTPUTF8 (RFC 6531 3.4). */
  write(commands: string, replies: number, encoding: 'latin1' | 'utf8' = 'latin1'): void {
    if (this.#failure !== undefined) return
    this.#expect(replies)
    this.#socket.write(commands, encoding)
  }

  /**
   * Sends a message, whose final dot is in the last part, and what is pipelined behind it, and expects so
   * many replies to all of it. flush() tells when it is sent.
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
    // Node starts a write when the previous one is done: until then the dot is certainly not on its way.
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

  /** Some of the replies to what was sent will not come: what they would have told was told by an earlier one. */
  expectFewer(replies: number): void {
    this.#owed -= replies
    this.#owedBefore = Math.max(0, this.#owedBefore - replies)
  }

  /** Whether the kernel has taken all writes, or a reply arrived first; if not, the receiver is told when. */
  flush(): boolean {
    return this.#taken < this.#arrived || this.drained()
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
    // Writes complete in order: an empty one tells of all before it, and costs nothing unless somebody waits.
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
    // The error listener stays: an error without one would end the thread.
    plain.off('data', this.#onData).off('end', this.#onClosed).off('close', this.#onClosed)
    const { host, port, path = host, exchangers, tls: options } = this.#target
    const name = options.serverName ?? exchangers?.[plain.remoteAddress ?? ''] ?? host
    const { secureContext, text } = securityOf(options)
    // Resumption skips the certificate check: only sessions that were checked the same way may be resumed.
    const key = `${path} ${port} ${name} ${text}`
    const session = this.#tlsSessions?.get(key)
    const secured = tls.connect({
      socket: plain,
      secureContext,
      rejectUnauthorized: options.verify,
      ...(session === undefined ? {} : { session }),
      ...serverNameOf(name),
    })
    this.#plain = plain
    this.#socket = secured
    this.#listen(true)
    secured.on('session', (session) => this.#tlsSessions?.set(key, session))
    secured.once('secureConnect', this.#onOpen)
  }

  /** Closes the connection when nobody waits for it any more. */
  destroy(): void {
    this.#fail(SESSION_OVER)
  }

  /** Closes the connection in the middle of a message, by RST or FIN, as a client does that goes away. */
  breakOff(phase: Phase, byReset: boolean): void {
    if (this.#failure !== undefined) return
    const how = byReset ? 'a reset (RST)' : 'a close (FIN)'
    this.#failure = failed('broken_off', phase, `the client broke off by ${how}, as it was told to`)
    this.#deadline.end()
    // Under TLS it is the TCP connection that ends.
    const socket = this.#plain ?? this.#socket
    if (byReset && socket instanceof net.Socket) socket.resetAndDestroy()
    else socket.destroy()
  }

  /** Closes the connection because the run was aborted, and tells the receiver. */
  abort(): void {
    this.#fail(failed('aborted', this.#phase, 'the run was aborted'))
  }

  /** `toData`: it comes as events, and not by `onread`; a listener would start reading a second time. */
  #listen(toData: boolean): void {
    if (toData) this.#socket.on('data', this.#onData)
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
    // Only after the whole chunk: a later reply in it cannot answer what is sent because of an earlier one.
    if (this.#taken < this.#arrived) this.#wake()
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
    else this.#push(reply)
  }

  /**
   * TLS hands over records one by one, and we write in between: a reply in a later record of the same
   * packet had arrived before that write, although it is parsed after it.
   */
  #cameBeforeSent(): boolean {
    return this.#plain !== undefined && this.#plain.bytesRead === this.#readWhenSent
  }

  /**
   * A reply before the message is known to be sent. While earlier parts are queued, the dot is not sent.
   * Of the last part, everything up to the dot may be sent, or Node has not yet said that all is (with TLS
   * it does a turn later). Two turns of the event loop decide: a server that answers the dot has
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

  /** A reply to nothing: every later one would be matched with the wrong command. */
  #unasked(reply: Reply): void {
    const text = `an unsolicited or premature reply: ${replyText(reply)}`
    if (reply.code < 400) {
      this.#fail(failed('protocol_error', this.#phase, text))
      return
    }
    // A refusal counts whenever it comes, 421 above all (RFC 5321 3.8): the next to ask gets it.
    this.#push(reply)
    this.#release()
    this.#fail(failed('connection_closed', this.#phase, `session ended after ${text}`))
  }

  #flushed(): void {
    this.#release()
    this.#wake()
  }

  #release(): void {
    this.#awaitsFlush = false
    if (this.#held.length > 0) for (const reply of this.#held.splice(0)) this.#push(reply)
  }

  #fail(failure: SmtpFailure): void {
    // Replies that arrived before the failure still count.
    if (this.#failure === undefined) this.#judgeHeld()
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#deadline.end()
    this.#socket.destroy()
    this.#wake()
  }
}

/** A TLS connection, for people to read. */
export interface TlsSeen {
  /** Such as TLSv1.3. */
  readonly version: string
  readonly cipher: string
  /** Why the certificate is not trusted, as OpenSSL names it; undefined when it is. */
  readonly distrust: string | undefined
  readonly certificate:
    | { readonly subject: string; readonly issuer: string; readonly until: Date }
    | undefined
}

/** The name that people know it by. From the other side: not cleaned. */
function nameIn({ CN, O }: tls.Certificate): string {
  return [CN ?? O ?? 'no name'].flat().join(', ')
}

/**
 * All plain connections of a thread read into one buffer; `onOctets` must not keep it. This bypasses the
 * stream's buffers and events, which cost as much as the parser.
 */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** Own address literals by target. */
const literals = new WeakMap<SmtpTarget, string>()

interface Dialling {
  /** TLS sessions to resume. */
  readonly tlsSessions?: TlsSessionCache
  /** How long each phase may take; to connect, whatever the number of addresses. */
  readonly replyTimeoutMs: number
  readonly onTaken?: OnReplyTaken | undefined
  /** Looks the name up, where the target does not bring its addresses. */
  readonly lookup?: net.LookupFunction | undefined
  /** Which of the own addresses, and of those of a PROXY header, it has. */
  readonly turn?: number
}

/** How to connect to a target; `onOctets` is told what comes, unless TLS is to take the connection over. */
function connectOptions(
  target: SmtpTarget,
  { replyTimeoutMs, lookup, turn }: Dialling,
  onOctets: (octets: Buffer, length: number) => void,
): net.NetConnectOpts {
  const options = dialOptions(target, replyTimeoutMs, turn)
  if ('port' in options) {
    options.noDelay = true
    if (lookup !== undefined) options.lookup ??= lookup
  }
  if (target.tls.mode === 'none') {
    const callback = (length: number) => {
      onOctets(readBuffer, length)
      return true
    }
    options.onread = { buffer: readBuffer, callback }
  }
  return options
}

/** What TLS options amount to, and the options as text. */
interface Security {
  readonly secureContext: tls.SecureContext
  readonly text: string
}

/** Made once: for each session it would take 15 ms to read the roots where `ca` is to stand beside them. */
const securities = new WeakMap<TlsOptions, Security>()

function securityOf(options: TlsOptions): Security {
  const known = securities.get(options)
  if (known !== undefined) return known
  const { ca, minVersion, cert, key } = options
  const secureContext = tls.createSecureContext({
    ...(ca === undefined ? {} : { ca: [...tls.rootCertificates, ca] }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(cert === undefined ? {} : { cert, key }),
  })
  const security = { secureContext, text: JSON.stringify(options) }
  securities.set(options, security)
  return security
}

/** Server name for SNI and the certificate check; an address gets no SNI (RFC 6066 3). */
function serverNameOf(name: string): { servername?: string; host?: string } {
  return net.isIP(name) ? { host: name } : { servername: name, host: name }
}
