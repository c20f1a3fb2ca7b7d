import { randomFillSync } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { Jim, JimSwitch } from '../jim.ts'
import { DataReader } from './data-reader.ts'
import { type Chunk, Dialogue } from './dialogue.ts'
import type { HopSwitch } from './hop.ts'
import type { IncomingContent, Intake } from './intake.ts'

/** MailHog has no limit (it accepted 100 KB); this one only keeps endless lines out of memory. */
const MAX_COMMAND_BYTES = 1024 * 1024
const CRLF = Buffer.from('\r\n')
const NOT_STORED = '452 Unable to store message\r\n'
const STRAY_LINE_ENDS = /^[\r\n]+|[\r\n]+$/g

export interface ConnectionOptions {
  readonly hostname: string
  readonly intake: Intake
  readonly jim: Jim | undefined
  readonly chunking: boolean
  readonly lmtp: boolean
  readonly nextHop: boolean
  readonly hop: HopSwitch
}

interface Data {
  /** Of content that ends with a dot; chunks are counted. */
  readonly reader: DataReader | undefined
  readonly content: IncomingContent
  failed: boolean
}

/** One SMTP session on one socket. */
class Connection {
  readonly #socket: Socket
  readonly #hostname: string
  readonly #intake: Intake
  readonly #jim: Jim | undefined
  readonly #bytesPerSecond: number | undefined
  readonly #isLmtp: boolean
  readonly #hop: HopSwitch
  readonly #dialogue: Dialogue
  readonly #replies: ReplyQueue
  /** Beginning of an incomplete command line. */
  #partLine: Buffer | undefined
  #data: Data | undefined
  /** Until the bytes on a slow link have arrived. */
  #onLink: NodeJS.Timeout | undefined
  /** Octets of the chunk at hand that are still to come. */
  #chunkBytesLeft = 0
  /** Whole messages that the hop takes its time for: until then it does not have them. */
  readonly #slow = new Map<NodeJS.Timeout, IncomingContent>()
  #isLeaving = false

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#hostname = options.hostname
    this.#intake = options.intake
    this.#jim = options.jim
    this.#bytesPerSecond = options.jim?.bytesPerSecond()
    this.#isLmtp = options.lmtp
    this.#hop = options.hop
    this.#dialogue = new Dialogue(options.jim, options)
    this.#replies = new ReplyQueue(socket)
    socket.on('data', (chunk) => this.#arrive(chunk))
    socket.on('end', () => {
      this.#replies.end()
      // It no longer waits for a slow hop: what would be taken now, it will send again.
      if (this.#slow.size > 0) socket.destroy()
    })
    // The peer disconnected; 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => {
      // What is still on the link would be spooled for a message that never ends.
      clearTimeout(this.#onLink)
      this.#data?.content.discard()
      this.#dropSlow()
    })
    this.#replies.push(`220 ${this.#hostname} ${options.lmtp ? 'LMTP' : 'ESMTP'} MailHog\r\n`)
    this.#replies.flush()
  }

  /** Over a link slowed by Jim, bytes arrive after the time that they take on it. */
  #arrive(chunk: Buffer): void {
    if (this.#isLeaving) return
    if (this.#bytesPerSecond === undefined) {
      this.#receive(chunk)
      return
    }
    this.#socket.pause()
    const onLinkMs = (chunk.length / this.#bytesPerSecond) * 1000
    this.#onLink = setTimeout(() => {
      this.#receive(chunk)
      this.#socket.resume()
    }, onLinkMs)
  }

  #receive(chunk: Buffer): void {
    for (let rest: Buffer | undefined = chunk; rest !== undefined && rest.length > 0; ) {
      if (this.#dialogue.stage === 'done') break
      rest = this.#receiveNext(rest)
    }
    this.#replies.flush()
    if (this.#dialogue.stage === 'done') this.#replies.end()
    else if (this.#jim?.disconnectsAfter(chunk.length)) this.#socket.destroy()
  }

  /** Returns what follows. */
  #receiveNext(bytes: Buffer): Buffer | undefined {
    switch (this.#dialogue.stage) {
      case 'data':
        return this.#receiveContent(bytes)
      case 'chunk':
        return this.#receiveChunk(bytes)
      default:
        return this.#receiveLine(bytes)
    }
  }

  /** Handles one command line; returns what follows it. */
  #receiveLine(bytes: Buffer): Buffer | undefined {
    const joined = this.#partLine === undefined ? bytes : Buffer.concat([this.#partLine, bytes])
    const end = joined.indexOf(CRLF)
    if (end === -1) {
      this.#partLine = Buffer.from(joined)
      if (joined.length > MAX_COMMAND_BYTES) {
        this.#replies.push('500 Line too long\r\n')
        this.#replies.end()
      }
      return undefined
    }
    this.#partLine = undefined
    const line = joined.toString('latin1', 0, end).replace(STRAY_LINE_ENDS, '')
    const reply = this.#dialogue.command(line)
    if (reply !== undefined) this.#replies.push(reply)
    switch (this.#dialogue.stage) {
      case 'data':
        this.#beginContent(new DataReader((piece) => this.#keep(piece)))
        break
      case 'chunk':
        this.#beginChunk()
        break
      case 'between-chunks':
        break
      default:
        this.#dropOpenContent()
    }
    return joined.subarray(end + CRLF.length)
  }

  #beginContent(reader?: DataReader): void {
    this.#data = { content: this.#intake.begin(), reader, failed: false }
  }

  #beginChunk(): void {
    const { bytes = 0, refusal } = this.#dialogue.chunk ?? {}
    this.#chunkBytesLeft = bytes
    if (refusal === undefined && this.#data === undefined) this.#beginContent()
    // `BDAT 0 LAST` ends a message whose content has come (RFC 3030 2).
    if (bytes === 0) this.#endChunk()
  }

  #receiveChunk(bytes: Buffer): Buffer | undefined {
    const piece = bytes.subarray(0, this.#chunkBytesLeft)
    this.#chunkBytesLeft -= piece.length
    this.#keep(piece)
    if (this.#chunkBytesLeft > 0) return undefined
    this.#endChunk()
    return bytes.subarray(piece.length)
  }

  #endChunk(): void {
    const { bytes, isLast, refusal } = this.#dialogue.chunk as Chunk
    if (refusal === undefined && isLast) {
      this.#endContent()
      return
    }
    this.#replies.push(refusal ?? `250 Ok: ${bytes} octets received\r\n`)
    this.#dialogue.endOfChunk()
  }

  /** RSET, EHLO or QUIT between two chunks. */
  #dropOpenContent(): void {
    this.#data?.content.discard()
    this.#data = undefined
  }

  #keep(piece: Buffer): void {
    const data = this.#data
    if (data === undefined || data.failed) return
    try {
      data.content.push(piece)
    } catch (error) {
      console.error(`Failed to spool a message: ${(error as Error).message}`)
      data.failed = true
      data.content.discard()
    }
  }

  #receiveContent(bytes: Buffer): Buffer | undefined {
    const rest = this.#data?.reader?.push(bytes)
    if (rest !== undefined) this.#endContent()
    return rest
  }

  #endContent(): void {
    const data = this.#data
    this.#data = undefined
    const envelope = this.#dialogue.endOfData()
    // RFC 2033 4.2: a reply for each recipient, in their order.
    const answers = (reply: string) => (this.#isLmtp ? perRecipient(reply, envelope.to) : reply)
    if (data === undefined || data.failed) {
      this.#replies.push(answers(NOT_STORED))
      return
    }
    const id = newMessageId(this.#hostname)
    const answer = this.#replies.reserve()
    const take = () =>
      this.#intake.add({ id, ...envelope }, data.content.end(), (stored) =>
        answer(answers(stored ? `250 Ok: queued as ${id}\r\n` : NOT_STORED)),
      )
    if (this.#hop.slowMs === undefined) take()
    else this.#takeLater(this.#hop.slowMs, data.content, take)
  }

  #takeLater(ms: number, content: IncomingContent, take: () => void): void {
    const timer = setTimeout(() => {
      this.#slow.delete(timer)
      take()
    }, ms)
    this.#slow.set(timer, content)
  }

  #dropSlow(): void {
    for (const [timer, content] of this.#slow) {
      clearTimeout(timer)
      content.discard()
    }
    this.#slow.clear()
  }

  /**
   * Ends the session as a server that goes away, with one difference: what it has taken it has also answered. A relay
   * that sends such a message again has doubled it by itself.
   */
  leave(): void {
    this.#isLeaving = true
    this.#dropSlow()
    // Behind what the intake stores in this turn of the event loop, and answers.
    setImmediate(() => setImmediate(() => this.#socket.destroySoon()))
  }
}

function perRecipient(reply: string, recipients: readonly string[]): string {
  const [code, text] = [reply.slice(0, 4), reply.slice(4)]
  return recipients.map((recipient) => `${code}${reply[0]}.0.0 <${recipient}> ${text}`).join('')
}

/**
 * Sends replies in order, several per write. A reply that is not known yet (the content is being stored) holds
 * back those after it, as pipelining requires (RFC 2920 3.2).
 */
class ReplyQueue {
  readonly #socket: Socket
  #replies: string[] = []
  #unknown = 0
  #ending = false

  constructor(socket: Socket) {
    this.#socket = socket
    // A client that does not read its replies must not make us queue them without limit.
    socket.on('drain', () => socket.resume())
  }

  push(reply: string): void {
    this.#replies.push(reply)
  }

  /** Reserves a place in the order; the returned function fills it. */
  reserve(): (reply: string) => void {
    const index = this.#replies.push('') - 1
    this.#unknown += 1
    return (reply) => {
      this.#replies[index] = reply
      this.#unknown -= 1
      this.flush()
    }
  }

  /** Sends what is ready, up to the first unknown reply. */
  flush(): void {
    if (this.#unknown > 0) return
    if (this.#replies.length > 0) {
      const text = this.#replies.length === 1 ? (this.#replies[0] ?? '') : this.#replies.join('')
      this.#replies = []
      if (this.#socket.writable && !this.#socket.write(text, 'latin1')) this.#socket.pause()
    }
    // Not end(): a client that never closes its side would keep the socket.
    if (this.#ending) this.#socket.destroySoon()
  }

  /** Closes the connection once everything is sent. */
  end(): void {
    this.#ending = true
    this.flush()
  }
}

export interface SmtpListenerOptions {
  readonly hostname: string
  readonly intake: Intake
  readonly jim: JimSwitch
  /** Offer CHUNKING (RFC 3030), which MailHog does not. */
  readonly chunking: boolean
  /** Speak LMTP (RFC 2033). */
  readonly lmtp: boolean
  /** Take what a relay sends on: bounces, and 8-bit mail as it is. */
  readonly nextHop: boolean
  /** What it does as a next hop on purpose. */
  readonly hop: HopSwitch
}

export interface SmtpListener {
  readonly server: Server
  readonly sockets: ReadonlySet<Socket>
  /** Ends all sessions, in between two messages or within one that is not taken. */
  leave(): void
}

/** The SMTP server, not listening yet, and its open sockets. */
export function createSmtpServer(options: SmtpListenerOptions): SmtpListener {
  const sockets = new Set<Socket>()
  const sessions = new Map<Socket, Connection>()
  // A client that half-closes still gets its replies, as from MailHog.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const jim = options.jim.forNewConnection()
    if (jim !== undefined && !jim.accepts()) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.on('close', () => {
      sockets.delete(socket)
      sessions.delete(socket)
    })
    sessions.set(socket, new Connection(socket, { ...options, jim }))
  })
  const leave = () => {
    for (const session of sessions.values()) session.leave()
  }
  return { server, sockets, leave }
}

const ID_BYTES = 32
const pool = Buffer.alloc(ID_BYTES * 512)
let used = pool.length

/** An id in MailHog's form: 32 random bytes in base64url with padding, and the host. */
export function newMessageId(hostname: string): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.toString('base64url', used, used + ID_BYTES)
  used += ID_BYTES
  return `${random}=@${hostname}`
}
