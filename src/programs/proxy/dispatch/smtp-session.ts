import type { LookupFunction } from 'node:net'
import { systemClock } from '../../../engine/clock.ts'
import type { Capabilities } from '../../../smtp/capabilities.ts'
import { refused, SmtpFailure } from '../../../smtp/failure.ts'
import { isCompletion, isGoAhead, type Reply } from '../../../smtp/reply.ts'
import { flushed, openSession, quit, replyOf, type TlsSessionCache } from '../../../smtp/session.ts'
import { LEAST_BYTES_PER_MS, type SmtpTarget } from '../../../smtp/target.ts'
import type { Transport } from '../../../smtp/transport.ts'
import { checkHost, fencedLookup, OutOfReach } from '../attachments/reach.ts'
import { UnfitMessage, WireEncoder, type WireMessage } from './wire-message.ts'

export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

export interface SessionOptions {
  readonly target: SmtpTarget
  /** Limit of each step until the session is ready. */
  readonly connectTimeoutMs: number
  /** Limit of silence; the attempt limits the total time. */
  readonly sendTimeoutMs: number
  readonly tlsSessions: TlsSessionCache
  /** Whether the server may be in loopback and private networks. */
  readonly allowPrivate: boolean
}

/** Notified when a transaction begins: an account's rate limit counts at MAIL. */
export interface TransactionWatch {
  /** The session is ready; MAIL is sent once this resolves, and not when it rejects. */
  beforeMail(): Promise<void>
  /** MAIL was sent, and has been answered or never will be. */
  mailed(): void
}

/** The server's reply to each recipient of a message that it accepted for some of them. */
export interface Transacted {
  readonly accepted: readonly string[]
  readonly refused: readonly RefusedBy[]
}

export interface RefusedBy {
  readonly address: string
  readonly failure: SmtpFailure
}

/** No recipient was accepted, each for its own reason. */
export class NobodyAccepted extends Error {
  readonly refused: readonly RefusedBy[]

  constructor(refusals: readonly RefusedBy[]) {
    super(refusals[0]?.failure.message ?? 'no recipient was accepted')
    this.refused = refusals
  }
}

const QUIT_WITHIN_MS = 2_000
const HAD_ENDED: ReadonlySet<string> = new Set(['connection_closed', 'connection_reset'])
/** Most octets of a stream in transit to the kernel. */
const MOST_UNSENT = 256 * 1024

/** A session with an SMTP server, greeted and logged in: one message after another. */
export class SmtpSession {
  /** It has sent a message before, so the server may have closed it since. */
  used = false
  idleSinceMs = 0
  readonly #transport: Transport
  readonly #capabilities: Capabilities
  readonly #timeoutMs: number
  /** Some content of the current message has been sent. */
  #contentBegun = false
  /** The server still holds a refused envelope, which must be cleared first. */
  #needsReset = false

  /** Throws OutOfReach when the server's address is not allowed. */
  static async open(options: SessionOptions, signal: AbortSignal): Promise<SmtpSession> {
    const { target, connectTimeoutMs: replyTimeoutMs, tlsSessions, allowPrivate } = options
    checkHost(target.host, allowPrivate)
    const clock = systemClock
    let outOfReach: OutOfReach | undefined
    const resolve = fencedLookup(allowPrivate)
    const lookup: LookupFunction = (host, how, callback) =>
      resolve(host, how, (error, ...found) => {
        if (error instanceof OutOfReach) outOfReach = error
        callback(error, ...found)
      })
    let onAbort = () => {}
    const onTransport = (transport: Transport) => {
      onAbort = () => transport.abort()
      signal.addEventListener('abort', onAbort)
    }
    signal.throwIfAborted()
    try {
      const opening = { target, clock, replyTimeoutMs, tlsSessions, onTransport, authOptional: true, lookup }
      const { transport, capabilities } = await openSession(opening)
      return new SmtpSession(transport, capabilities, options.sendTimeoutMs)
    } catch (error) {
      throw signal.aborted ? signal.reason : (outOfReach ?? error)
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  private constructor(transport: Transport, capabilities: Capabilities, timeoutMs: number) {
    this.#transport = transport
    this.#capabilities = capabilities
    this.#timeoutMs = timeoutMs
  }

  /** Closed, or about to be: a server that sends something on an idle session is closing it (RFC 5321 3.8). */
  get ended(): boolean {
    return this.#transport.failure !== undefined || this.#transport.hasUnreadInput
  }

  /** No content of the last message has been sent. */
  get contentUntouched(): boolean {
    return !this.#contentBegun
  }

  /** Whether the session can be used after `send` failed: the server may just have refused something. */
  isUsableAfter(error: unknown): boolean {
    if (this.ended) return false
    if (!(error instanceof SmtpFailure)) return true
    // Without a code there was no readable reply; 421 means that the server closes (RFC 5321 3.8).
    return error.failure.code !== undefined && error.failure.code !== 421
  }

  rest(): void {
    this.idleSinceMs = performance.now()
    this.#transport.rest()
  }

  /** Sends QUIT, and closes after the server has. */
  quit(): void {
    const close = () => this.close()
    quit(this.#transport, QUIT_WITHIN_MS).then(close, close)
  }

  close(): void {
    this.#transport.destroy()
  }

  /**
   * One transaction. Rejects with what is wrong with the whole message: SmtpFailure, NobodyAccepted,
   * UnfitMessage.
   */
  async send(
    envelope: Envelope,
    message: WireMessage,
    signal: AbortSignal,
    watch: TransactionWatch | undefined,
  ): Promise<Transacted> {
    this.#contentBegun = false
    this.#checkSize(message.leastBytes)
    if (message.isInternational && !this.#capabilities.smtpUtf8)
      throw new UnfitMessage(
        'it has an address that is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531)',
      )
    const onAbort = () => this.#transport.abort()
    signal.addEventListener('abort', onAbort)
    try {
      if (this.#needsReset) await this.#reset()
      if (watch !== undefined) await watch.beforeMail()
      signal.throwIfAborted()
      const { accepted, refused: refusals } = await this.#envelope(envelope, message, watch)
      this.#contentBegun = true
      if (message.octets === undefined) await this.#stream(message)
      else await this.#write(message.octets)
      await this.#taken()
      this.used = true
      return { accepted, refused: refusals }
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** RFC 1870 6.1: do not offer a message that the server has declared too large. */
  #checkSize(bytes: number): void {
    const { sizeLimit } = this.#capabilities
    if (sizeLimit > 0 && bytes > sizeLimit)
      throw new UnfitMessage(`it has ${bytes} octets, the server takes ${sizeLimit} (RFC 1870)`)
  }

  /**
   * MAIL, RCPT…, DATA up to 354 for at least one recipient; in one write if the server allows it (RFC 2920
   * 3.1).
   */
  async #envelope(
    { from, to }: Envelope,
    { leastBytes, isSizeKnown, isInternational }: WireMessage,
    watch: TransactionWatch | undefined,
  ): Promise<Transacted> {
    const { size, pipelining } = this.#capabilities
    const sizeIs = size && isSizeKnown ? ` SIZE=${leastBytes}` : ''
    // RFC 6531 3.4, 3.6: the header then has 8-bit characters too.
    const mail = `MAIL FROM:<${from}>${sizeIs}${isInternational ? ' BODY=8BITMIME SMTPUTF8' : ''}\r\n`
    const encoding = isInternational ? 'utf8' : 'latin1'
    const rcpt = to.map((address) => `RCPT TO:<${address}>\r\n`)
    this.#transport.enter('envelope', this.#timeoutMs)
    if (pipelining) this.#transport.write(`${mail}${rcpt.join('')}DATA\r\n`, to.length + 2, encoding)
    else this.#transport.write(mail, 1, encoding)
    const mailReply = await this.#mailReply(watch)
    const mailRefused = isCompletion(mailReply) ? undefined : refused(mailReply, 'envelope')
    if (mailRefused !== undefined && (!pipelining || mailReply.code === 421)) throw mailRefused
    this.#needsReset = mailRefused === undefined
    const accepted: string[] = []
    const refusals: RefusedBy[] = []
    for (const [index, address] of to.entries()) {
      if (!pipelining) this.#transport.write(rcpt[index] as string, 1, encoding)
      const reply = await this.#repliedOr(mailRefused)
      if (isCompletion(reply)) accepted.push(address)
      else refusals.push({ address, failure: refused(reply, 'envelope') })
      // The server closes: the others get no reply (RFC 5321 3.8).
      if (reply.code === 421) throw mailRefused ?? refused(reply, 'envelope')
    }
    const nobody = mailRefused ?? (accepted.length === 0 ? new NobodyAccepted(refusals) : undefined)
    if (nobody !== undefined && !pipelining) throw nobody
    if (!pipelining) this.#transport.write('DATA\r\n', 1)
    const data = await this.#repliedOr(nobody)
    // 2yz to DATA means that replies are out of step, so earlier ones prove nothing.
    if (isCompletion(data)) this.#transport.destroy()
    if (!isGoAhead(data)) throw nobody ?? refused(data, 'data')
    if (nobody === undefined) return { accepted, refused: refusals }
    // RFC 2920 3.1: a server may accept DATA without any recipient; a lone dot ends it.
    this.#transport.write('.\r\n', 1)
    await this.#repliedOr(nobody)
    this.#needsReset = false
    throw nobody
  }

  async #mailReply(watch: TransactionWatch | undefined): Promise<Reply> {
    let hadEnded = false
    try {
      return await this.#reply()
    } catch (error) {
      // A server that closed the idle session never saw MAIL; use another session.
      hadEnded = this.used && error instanceof SmtpFailure && HAD_ENDED.has(error.failure.class)
      throw error
    } finally {
      if (!hadEnded) watch?.mailed()
    }
  }

  #reply(): Promise<Reply> {
    return replyOf(this.#transport)
  }

  /** The next reply. Some servers refuse and close at once; then their last reply counts. */
  async #repliedOr(before: Error | undefined): Promise<Reply> {
    try {
      return await this.#reply()
    } catch (error) {
      throw before ?? error
    }
  }

  async #write(octets: Buffer): Promise<void> {
    this.#transport.enter('transfer', this.#timeoutMs + octets.length / LEAST_BYTES_PER_MS)
    this.#transport.writeMessage([octets], 1)
    await flushed(this.#transport)
  }

  /**
   * Streams the content. Ends the connection when it turns out to be unfit: without the final dot nobody gets
   * it.
   */
  async #stream({ open }: WireMessage): Promise<void> {
    const content = open?.()
    if (content === undefined) throw new UnfitMessage('it has no content')
    const encoder = new WireEncoder()
    let unsent = 0
    // While we wait for the source, the server is not to blame.
    this.#transport.rest()
    try {
      for await (const chunk of content) {
        for (const part of encoder.push(chunk as Buffer)) {
          unsent += part.length
          this.#transport.writeMessage([part], 0)
        }
        this.#checkSize(encoder.sizeBytes)
        if (unsent >= MOST_UNSENT || this.#transport.failure !== undefined) {
          await this.#flushed()
          unsent = 0
        }
      }
      this.#transport.writeMessage([Buffer.concat(encoder.end())], 1)
      this.#transport.enter('transfer', this.#timeoutMs)
      await flushed(this.#transport)
    } catch (error) {
      this.#transport.destroy()
      throw error
    } finally {
      content.destroy()
    }
  }

  /**
   * Resolves when the kernel has everything written. An earlier reply is a refusal in the middle of the data.
   */
  async #flushed(): Promise<void> {
    this.#transport.enter('transfer', this.#timeoutMs)
    try {
      await flushed(this.#transport)
    } catch (error) {
      const early = this.#transport.take()
      throw early === undefined ? error : refused(early, 'transfer')
    }
    const early = this.#transport.take()
    if (early !== undefined) throw refused(early, 'transfer')
    this.#transport.rest()
  }

  async #taken(): Promise<void> {
    this.#transport.enter('accept', this.#timeoutMs)
    const reply = await this.#reply()
    this.#needsReset = false
    if (!isCompletion(reply)) throw refused(reply, 'accept')
  }

  /** After a refusal, so that the next message starts clean (RFC 5321 4.1.1.5). */
  async #reset(): Promise<void> {
    this.#transport.enter('envelope', this.#timeoutMs)
    this.#transport.write('RSET\r\n', 1)
    const reply = await this.#reply()
    if (!isCompletion(reply)) throw refused(reply, 'envelope')
    this.#needsReset = false
  }
}
