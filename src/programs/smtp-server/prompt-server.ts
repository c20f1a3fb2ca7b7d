import type { Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerError } from 'smtp-server'
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { MailstormError } from '../../error.ts'
import { DataReader } from '../sink/smtp/data-reader.ts'
import { type KnownLogin, ScramLogin } from './scram-login.ts'

const LF = 0x0a
const DOT = 0x2e

/** RFC 3030 2: `BDAT 1000` or `BDAT 1000 LAST`. */
const BDAT = /^BDAT +(\d{1,15})( +LAST)?\s*$/i

/** One chunk as it comes. */
interface Chunk {
  bytesLeft: number
  /** False when its reader cannot keep up. */
  readonly take: (piece: Buffer) => boolean
  /** All of it has come; `goOn` reads what follows, once it is answered. */
  readonly end: (goOn: () => void) => void
}

/** A message that comes in chunks (RFC 3030 2), from its first BDAT to the one that says LAST. */
interface ChunkedMessage {
  /** The envelope that it belongs to: the package makes a new one whenever the transaction is reset. */
  readonly envelope: object
  readonly stream: SMTPServerDataStream
  readonly decided: Promise<Error | null | undefined>
  bytes: number
  /** Beyond the limit: every later chunk of it is refused too. */
  isOversized: boolean
}

/** Whether one more connection is admitted; called once per connection. */
export type Admission = () => boolean

/**
 * A connection of npm smtp-server that greets at once and answers pipelined commands in one write.
 */
class PromptConnection extends SMTPConnection {
  readonly #admit: Admission
  /** Who may log in by SCRAM-SHA-256; undefined: nobody. */
  readonly #login: KnownLogin | undefined
  /** More input follows what is being answered. */
  #pipelined = false
  #corked = false
  #sayingHello = false
  #chunked: ChunkedMessage | undefined

  constructor(server: PromptServer, socket: Socket, options: SMTPConnectionOptions | null) {
    super(server, socket, options)
    this.#admit = server.admit
    this.#login = server.login
  }

  /** As SMTPConnection.init, without its `setTimeout(…, 100)` that catches early talkers. */
  override init(): void {
    this._setListeners(() => {
      // RFC 5321 3.1 and 4.3.2: a server that cannot serve now sends 421 instead of its greeting.
      if (!this.#admit()) {
        this.send(421, `${this.name} Too many connected clients, try again in a moment`, false)
        return
      }
      this.connectionReady()
    })
  }

  /** As in the package, with our parser. */
  override _createParser(): ContentStream {
    const { maxCommandLength } = this._server.options
    const parser = new ContentStream({ maxCommandLength })
    parser.oncommand = (command, callback) => this._onCommand(command, callback)
    parser.on('error', (error) => this.send(421, `Error: ${error.message}`))
    const write = parser._write.bind(parser)
    parser._write = (chunk, encoding, next) => {
      this.#pipelined = parser.isPipelined(chunk)
      write(chunk, encoding, next)
    }
    return parser
  }

  /**
   * A pipelining client (RFC 2920) sends several commands in one segment. A separate write for each reply costs
   * a system call, the largest single cost of this server.
   */
  override send(code: number, data?: string | string[] | null, context?: string | false): void {
    const socket = this._socket
    if (this.#pipelined && !this.#corked && !socket.destroyed) {
      this.#corked = true
      socket.cork()
      process.nextTick(() => this.#flush(socket))
    }
    const isHello = this.#sayingHello && code === 250 && Array.isArray(data)
    super.send(code, isHello ? [...data, 'CHUNKING'] : data, context)
  }

  /** The package has no list of extensions to add to. */
  override handler_EHLO(command: Buffer, callback: () => void): void {
    this.#sayingHello = this._isSupported('BDAT')
    super.handler_EHLO(command, callback)
    this.#sayingHello = false
  }

  /** SCRAM-SHA-256, which the package does not know. */
  override handler_AUTH(command: Buffer, callback: () => void): void {
    const [, first] = /^AUTH +SCRAM-SHA-256(?: +(\S+))?\s*$/i.exec(command.toString('latin1')) ?? []
    const isScram = /^AUTH +SCRAM-SHA-256\b/i.test(command.toString('latin1'))
    if (!isScram || this.#login === undefined || this.session.user) {
      super.handler_AUTH(command, callback)
      return
    }
    const login = new ScramLogin(this.#login)
    if (first !== undefined) this.#challenge(login, first, callback)
    else this.#ask('', (line, done) => this.#challenge(login, line, done), callback)
  }

  #challenge(login: ScramLogin, clientFirst: string, callback: () => void): void {
    const challenge = login.challenge(clientFirst)
    if (challenge === undefined) this.#endLogin(501, 'Error: invalid userdata', callback)
    else this.#ask(challenge, (line, done) => void this.#judge(login, line, done), callback)
  }

  async #judge(login: ScramLogin, clientFinal: string, callback: () => void): Promise<void> {
    const proof = await login.verdict(clientFinal)
    const welcome = (_line: string, done: () => void) => {
      this.session.user = login.user
      this.session.transmissionType = this._transmissionType()
      this.#endLogin(235, 'Authentication successful', done)
    }
    if (proof === undefined) this.#endLogin(535, 'Error: Authentication credentials invalid', callback)
    else this.#ask(proof, welcome, callback)
  }

  /** A 334; the next line is its answer, or `*` (RFC 4954 4). */
  #ask(challenge: string, goOn: (line: string, done: () => void) => void, callback: () => void): void {
    this._nextHandler = (answer, done) => {
      const line = answer.toString('latin1').trim()
      if (line === '*') this.#endLogin(501, 'Authentication aborted', done)
      else goOn(line, done)
    }
    this.send(334, challenge)
    callback()
  }

  #endLogin(code: number, text: string, callback: () => void): void {
    this.send(code, text)
    callback()
  }

  /** RFC 3030 2: once a BDAT has come, the transaction has its recipients, and its content comes by BDAT alone. */
  override handler_RCPT(command: Buffer, callback: () => void): void {
    if (this.#openMessage() === undefined) super.handler_RCPT(command, callback)
    else this.#refuse('Error: the message has begun by BDAT', callback)
  }

  override handler_DATA(command: Buffer, callback: () => void): void {
    if (this.#openMessage() === undefined) super.handler_DATA(command, callback)
    else this.#refuse('Error: DATA after BDAT', callback)
  }

  /** CHUNKING, which the package does not know. The package finds the method by its name. */
  handler_BDAT(command: Buffer, callback: () => void): void {
    const parser = this._parser
    if (!(parser instanceof ContentStream)) {
      callback()
      return
    }
    const [, size, last] = BDAT.exec(command.toString('latin1')) ?? []
    if (size === undefined) {
      // Where the chunk ends is unknown: what follows must not be taken for commands.
      parser.isClosed = true
      this.send(501, 'Error: syntax: BDAT <octets> [LAST]')
      this.close()
      callback()
      return
    }
    // A refused chunk is read to its end and thrown away before it is answered (RFC 3030 2 and 4.2).
    const message = this.session.envelope.rcptTo.length === 0 ? undefined : this.#messageOfChunk()
    const chunk: Chunk = {
      bytesLeft: Number(size),
      take: (piece) => (message === undefined ? true : this.#takeChunk(message, piece)),
      end: (goOn) => this.#endChunk(message, { bytes: Number(size), isLast: last !== undefined }, goOn),
    }
    if (chunk.bytesLeft === 0) chunk.end(callback)
    else {
      parser.startChunk(chunk, message?.stream)
      callback()
    }
  }

  #refuse(text: string, callback: () => void): void {
    this.send(503, text)
    callback()
  }

  /** The message whose chunks are coming, unless RSET, EHLO or the like has ended its transaction. */
  #openMessage(): ChunkedMessage | undefined {
    const message = this.#chunked
    if (message === undefined || message.envelope === this.session.envelope) return message
    message.stream.destroy()
    this.#chunked = undefined
    return undefined
  }

  #messageOfChunk(): ChunkedMessage {
    const open = this.#openMessage()
    if (open !== undefined) return open
    const stream: SMTPServerDataStream = Object.assign(new PassThrough(), {
      byteLength: 0,
      sizeExceeded: false,
    })
    const { promise: decided, resolve } = Promise.withResolvers<Error | null | undefined>()
    const { envelope } = this.session
    // The package destroys it when the client goes away.
    this._dataStream = stream
    this._server.onData(stream, this.session, (error) => resolve(error))
    this.#chunked = { envelope, stream, decided, bytes: 0, isOversized: false }
    return this.#chunked
  }

  /** False when the reader of the message cannot keep up. */
  #takeChunk(message: ChunkedMessage, piece: Buffer): boolean {
    message.bytes += piece.length
    message.stream.byteLength = message.bytes
    message.isOversized ||= this._isOversized(message.bytes)
    return message.isOversized || !message.stream.writable || message.stream.write(piece)
  }

  #endChunk(
    message: ChunkedMessage | undefined,
    { bytes, isLast }: { readonly bytes: number; readonly isLast: boolean },
    goOn: () => void,
  ): void {
    if (message === undefined) {
      this.#refuse('Error: need RCPT command', goOn)
      return
    }
    if (message.isOversized) {
      this.send(552, 'Error: message exceeds fixed maximum message size', 'MESSAGE_TOO_BIG')
      if (isLast) this.#endMessage(message)
      goOn()
      return
    }
    if (!isLast) {
      this.send(250, `OK: ${bytes} octets received`)
      goOn()
      return
    }
    message.stream.end()
    void message.decided.then((error: SMTPServerError | null | undefined) => {
      if (error) this.send(error.responseCode ?? 450, error.message)
      else this.send(250, 'OK: message queued', 'DATA_OK')
      this.#endMessage(message)
      goOn()
    })
  }

  #endMessage(message: ChunkedMessage): void {
    if (message.isOversized) message.stream.destroy()
    this.#chunked = undefined
    this._dataStream = false
    this._transactionCounter++
    this._resetSession()
  }

  /** The 220 to STARTTLS must be sent in clear before TLS takes over the socket (RFC 3207 4). */
  override upgrade(callback: () => void, secureCallback?: () => void): void {
    this.#flush(this._socket)
    super.upgrade(callback, secureCallback)
  }

  #flush(socket: Socket): void {
    this.#corked = false
    socket.uncork()
  }
}

function hasSeveralLines(chunk: Buffer): boolean {
  const lineEnd = chunk.indexOf(LF)
  return lineEnd !== -1 && lineEnd < chunk.length - 1
}

/** Whether the chunk ends with the lone dot that ends a message (RFC 5321 4.1.1.4). */
function endsMessage(chunk: Buffer): boolean {
  return chunk.at(-1) === LF && chunk.at(-3) === DOT
}

/** npm smtp-server with prompt connections. */
export class PromptServer extends SMTPServer {
  readonly admit: Admission
  readonly login: KnownLogin | undefined

  constructor(options: ConstructorParameters<typeof SMTPServer>[0], admit: Admission, login?: KnownLogin) {
    super(options)
    this.admit = admit
    this.login = login
  }

  override connect(socket: Socket, options?: SMTPConnectionOptions | null): void {
    const connection = new PromptConnection(this, socket, options ?? null)
    this.connections.add(connection)
    connection.on('error', (error) => this._onError(error))
    connection.on('connect', (info) => this._onClientConnect(info))
    connection.init()
  }
}

/**
 * The package's parser with a different content reader. The package removes the first of two dots after any LF,
 * though only CRLF begins a line (RFC 5321 2.3.8, 4.5.2): text with a bare LF before two dots would be recorded
 * as corrupted although it arrived unchanged.
 */
export class ContentStream extends SMTPStream {
  #chunk: Chunk | undefined
  /** What takes the chunk's octets on; undefined when they are thrown away. */
  #chunkStream: SMTPServerDataStream | undefined
  #reader: DataReader | undefined
  #pieces: Buffer[] = []

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    this.#reader = new DataReader((piece) => this.#pieces.push(piece))
    return super.startDataMode(maxBytes)
  }

  /** Whether these octets hold more than what is answered next. */
  isPipelined(octets: Buffer): boolean {
    if (this.#chunk !== undefined) return octets.length > this.#chunk.bytesLeft
    return this._dataMode ? !endsMessage(octets) : hasSeveralLines(octets)
  }

  /** The next octets are a chunk; none of them is looked at (RFC 3030 2). */
  startChunk(chunk: Chunk, stream: SMTPServerDataStream | undefined): void {
    this._dataMode = true
    this.#chunk = chunk
    this.#chunkStream = stream
  }

  override _feedDataStream(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#chunk !== undefined) {
      this.#feedChunk(this.#chunk, chunk, done)
      return
    }
    const rest = this.#reader?.push(chunk)
    const isWritable = this.#give()
    if (rest !== undefined) {
      this.#reader = undefined
      this._endDataMode(false, rest, done)
    } else if (isWritable) done()
    else this.#onceWritable(this._dataStream, done)
  }

  #feedChunk(chunk: Chunk, octets: Buffer, done: (error?: Error | null) => void): void {
    const piece = octets.subarray(0, chunk.bytesLeft)
    const rest = octets.subarray(piece.length)
    chunk.bytesLeft -= piece.length
    const isWritable = chunk.take(piece)
    const goOn = () => {
      if (chunk.bytesLeft > 0) {
        done()
        return
      }
      this.#chunk = undefined
      this._dataMode = false
      this._remainder = ''
      chunk.end(() => this._write(rest, 'buffer', done))
    }
    if (isWritable) goOn()
    else this.#onceWritable(this.#chunkStream ?? null, goOn)
  }

  /** False when the message reader cannot keep up. */
  #give(): boolean {
    const stream = this._dataStream
    const pieces = this.#pieces
    this.#pieces = []
    let isWritable = true
    for (const piece of pieces) {
      this._countDataBytes(piece.length)
      if (stream?.writable) isWritable = stream.write(piece)
    }
    return isWritable
  }

  /** A destroyed stream never drains, it only closes. */
  #onceWritable(stream: SMTPServerDataStream | null, done: () => void): void {
    if (stream === null || stream.destroyed) {
      done()
      return
    }
    const goOn = () => {
      stream.off('drain', goOn).off('close', goOn)
      done()
    }
    stream.once('drain', goOn).once('close', goOn)
  }
}

/** What the classes above override in the package: `[method, text that its source must contain]`. */
const REPLACED: readonly (readonly [owner: { prototype: object }, method: string, text: string])[] = [
  [SMTPServer, 'connect', 'new SMTPConnection(this, socket, socketOptions)'],
  [SMTPConnection, 'init', 'setTimeout(() => this.connectionReady(), 100)'],
  [SMTPConnection, 'init', 'this._setListeners(() => {'],
  [SMTPConnection, 'init', 'this._server.options.maxClients'],
  [SMTPConnection, '_createParser', 'new SMTPStream({'],
  [
    SMTPConnection,
    '_createParser',
    'parser.oncommand = (command, callback) => this._onCommand(command, callback)',
  ],
  [SMTPConnection, '_createParser', "this.send(421, 'Error: ' + err.message)"],
  [SMTPConnection, 'send', 'this._socket.write('],
  [SMTPConnection, 'upgrade', 'new tls.TLSSocket(this._socket'],
  [SMTPConnection, 'handler_EHLO', "['PIPELINING', '8BITMIME'"],
  [SMTPConnection, 'handler_EHLO', 'this.send(250, [formattedResponse].concat(features || []), false)'],
  [SMTPConnection, 'handler_AUTH', "sasl['SASL_' + method]"],
  [SMTPConnection, '_getHandler', "this['handler_' + command]"],
  [SMTPConnection, '_resetSession', 'session.envelope = {'],
  [SMTPConnection, '_onClose', 'let dataStream = this._dataStream'],
  [SMTPStream, '_write', 'return this._write(buf,'],
  [SMTPStream, '_feedDataStream', 'chunk[i] === 0x2e && chunk[i - 1] === 0x0a'],
  [SMTPStream, '_feedDataStream', 'this._endDataMode(buf, chunk.subarray(i + 3), done)'],
  [SMTPStream, '_write', 'this._feedDataStream(chunk, done)'],
  [SMTPStream, '_countDataBytes', 'this._dataStream.byteLength = this.dataBytes'],
]

/**
 * Another version of the package may work differently, and our overrides would silently undo that. Refuse to
 * start.
 */
export function assertReplaceable(replaced: typeof REPLACED = REPLACED): void {
  for (const [owner, method, text] of replaced) {
    const source = String(Reflect.get(owner.prototype, method))
    if (source.includes(text)) continue
    throw new MailstormError(
      'SMTP_SERVER_VERSION',
      `Failed to start: the installed npm smtp-server has no "${text}" in ${method}().`,
      'Install the version in package-lock.json, or read docs/decisions/003-smtp-server.md and adapt src/programs/smtp-server/prompt-server.ts.',
    )
  }
}
