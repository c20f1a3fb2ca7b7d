import type { LookupFunction } from 'node:net'
import { systemClock } from '../../../engine/clock.ts'
import type { Capabilities } from '../../../smtp/capabilities.ts'
import { refused, SmtpFailure } from '../../../smtp/failure.ts'
import { isCompletion, isGoAhead, type Reply } from '../../../smtp/reply.ts'
import { openSession, PhaseTimer, type TlsSessionCache } from '../../../smtp/session.ts'
import type { SmtpTarget } from '../../../smtp/target.ts'
import type { Transport } from '../../../smtp/transport.ts'
import { checkHost, fencedLookup, OutOfReach } from '../attachments/reach.ts'
import { UnfitMessage, WireEncoder, type WireMessage } from './wire-message.ts'

export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

export interface SessionOptions {
  readonly target: SmtpTarget
  /** Of each step until the session stands. */
  readonly connectTimeoutMs: number
  /** Of silence; what a server may take in all is the attempt's business. */
  readonly sendTimeoutMs: number
  readonly tlsSessions: TlsSessionCache
  /** Whether the server may be in loopback and private networks. */
  readonly allowPrivate: boolean
}

/** Who watches a transaction begin: an account's rate limits count at MAIL. */
export interface TransactionWatch {
  /** The session stands, and MAIL goes out as soon as this resolves; it does not when this rejects. */
  beforeMail(): Promise<void>
  /** MAIL has gone out, and was answered, or will never be. */
  mailed(): void
}

/** What a server said to each recipient of a message that it has taken for some of them. */
export interface Transacted {
  readonly accepted: readonly string[]
  readonly refused: readonly RefusedBy[]
}

export interface RefusedBy {
  readonly address: string
  readonly failure: SmtpFailure
}

/** Nobody was taken, each recipient for a reason of its own. */
export class NobodyAccepted extends Error {
  readonly refused: readonly RefusedBy[]

  constructor(refusals: readonly RefusedBy[]) {
    super(refusals[0]?.failure.message ?? 'no recipient was accepted')
    this.refused = refusals
  }
}

const QUIT_WITHIN_MS = 2_000
/** Slowest transfer that is not called a timeout. */
const LEAST_BYTES_PER_MS = 100
const HAD_ENDED: ReadonlySet<string> = new Set(['connection_closed', 'connection_reset'])
/** Octets of a stream that are on their way to the kernel at once. */
const MOST_UNSENT = 256 * 1024

/** A session with an SMTP server, greeted and logged in: one message after another. */
export class SmtpSession {
  /** It has sent a message before, so the server may have closed it since. */
  used = false
  idleSinceMs = 0
  readonly #transport: Transport
  readonly #capabilities: Capabilities
  readonly #timeoutMs: number
  /** Something of the content of the message at hand has gone out. */
  #contentBegun = false
  /** What the server holds of a refused envelope has to be cleared first. */
  #needsReset = false

  /** Throws OutOfReach where the server is on the wrong side of the fence. */
  static async open(options: SessionOptions, signal: AbortSignal): Promise<SmtpSession> {
    const { target, connectTimeoutMs: timeoutMs, tlsSessions, allowPrivate } = options
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
      const opening = { target, clock, timeoutMs, tlsSessions, onTransport, authOptional: true, lookup }
      const { transport, capabilities } = await openSession(opening, new PhaseTimer(clock))
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

  /** Closed, or about to be: a server that says something to an idle session says goodbye (RFC 5321 3.8). */
  get ended(): boolean {
    return this.#transport.failure !== undefined || this.#transport.hasUnreadInput
  }

  /** Nothing of the content of the last message has gone out. */
  get contentUntouched(): boolean {
    return !this.#contentBegun
  }

  /** What to do with the session after `send` has failed: it may be that the server refused something, and is ready for more. */
  isUsableAfter(error: unknown): boolean {
    if (this.ended) return false
    if (!(error instanceof SmtpFailure)) return true
    // Without a code nothing that could be understood was said; 421 is the server's goodbye (RFC 5321 3.8).
    return error.failure.code !== undefined && error.failure.code !== 421
  }

  rest(): void {
    this.idleSinceMs = performance.now()
    this.#transport.rest()
  }

  /** Says goodbye, and hangs up after the server has. */
  quit(): void {
    const close = () => this.close()
    this.#transport.enter('quit', QUIT_WITHIN_MS)
    this.#transport.write('QUIT\r\n', 1)
    this.#transport.reply().then(close, close)
  }

  close(): void {
    this.#transport.destroy()
  }

  /** One transaction. Rejects with what is wrong with the whole: SmtpFailure, NobodyAccepted, UnfitMessage. */
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

  /** RFC 1870 6.1: what a server has said it does not take is not offered to it. */
  #checkSize(bytes: number): void {
    const { sizeLimit } = this.#capabilities
    if (sizeLimit > 0 && bytes > sizeLimit)
      throw new UnfitMessage(`it has ${bytes} octets, the server takes ${sizeLimit} (RFC 1870)`)
  }

  /** MAIL, RCPT…, DATA up to 354 for somebody; in one write where the server allows it (RFC 2920 3.1). */
  async #envelope(
    { from, to }: Envelope,
    { leastBytes, isSizeKnown, isInternational }: WireMessage,
    watch: TransactionWatch | undefined,
  ): Promise<Transacted> {
    const { size, pipelining } = this.#capabilities
    const sizeIs = size && isSizeKnown ? ` SIZE=${leastBytes}` : ''
    // RFC 6531 3.4, 3.6: the header is of 8 bits then, too.
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
      // The server closes: there will be no reply to the others (RFC 5321 3.8).
      if (reply.code === 421) throw mailRefused ?? refused(reply, 'envelope')
    }
    const nobody = mailRefused ?? (accepted.length === 0 ? new NobodyAccepted(refusals) : undefined)
    if (nobody !== undefined && !pipelining) throw nobody
    if (!pipelining) this.#transport.write('DATA\r\n', 1)
    const data = await this.#repliedOr(nobody)
    // 2yz to DATA shows that the replies are out of step, so that no earlier one tells anything.
    if (isCompletion(data)) this.#transport.destroy()
    if (!isGoAhead(data)) throw nobody ?? refused(data, 'data')
    if (nobody === undefined) return { accepted, refused: refusals }
    // RFC 2920 3.1: a server may take DATA although it has nobody to give it to; a lone dot ends it.
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
      // A server that closed the session while it was idle has seen no MAIL; it goes out on another session.
      hadEnded = this.used && error instanceof SmtpFailure && HAD_ENDED.has(error.failure.class)
      throw error
    } finally {
      if (!hadEnded) watch?.mailed()
    }
  }

  #reply(): Promise<Reply> {
    const reply = this.#transport.take()
    return reply === undefined ? this.#transport.reply() : Promise.resolve(reply)
  }

  /** The next reply. Some servers refuse and close at once: what they said before then stands. */
  async #repliedOr(before: Error | undefined): Promise<Reply> {
    const taken = this.#transport.take()
    if (taken !== undefined) return taken
    try {
      return await this.#transport.reply()
    } catch (error) {
      throw before ?? error
    }
  }

  async #write(octets: Buffer): Promise<void> {
    this.#transport.enter('transfer', this.#timeoutMs + octets.length / LEAST_BYTES_PER_MS)
    this.#transport.writeMessage([octets], 1)
    const flushed = this.#transport.flushed()
    if (flushed !== undefined) await flushed
  }

  /** As it comes. Ends the connection when the content turns out to be unfit: without its final dot nobody gets it. */
  async #stream({ open }: WireMessage): Promise<void> {
    const content = open?.()
    if (content === undefined) throw new UnfitMessage('it has no content')
    const encoder = new WireEncoder()
    let unsent = 0
    // While the source is waited for, the server is not.
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
      await this.#transport.flushed()
    } catch (error) {
      this.#transport.destroy()
      throw error
    } finally {
      content.destroy()
    }
  }

  /** The kernel has all that was written. A reply before that is a refusal in the middle of the data. */
  async #flushed(): Promise<void> {
    this.#transport.enter('transfer', this.#timeoutMs)
    try {
      await this.#transport.flushed()
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

  /** After a refusal, so that the next message starts fresh (RFC 5321 4.1.1.5). */
  async #reset(): Promise<void> {
    this.#transport.enter('envelope', this.#timeoutMs)
    this.#transport.write('RSET\r\n', 1)
    const reply = await this.#reply()
    if (!isCompletion(reply)) throw refused(reply, 'envelope')
    this.#needsReset = false
  }
}
