import type { Socket } from 'node:net'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { SMTPConnection, type SMTPConnectionOptions } from 'smtp-server/lib/smtp-connection.js'
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js'
import { MailstormError } from '../../error.ts'
import { DataReader } from '../sink/smtp/data-reader.ts'

const LF = 0x0a
const DOT = 0x2e

/** Whether one more connection is admitted; called once per connection. */
export type Admission = () => boolean

/**
 * A connection of npm smtp-server that greets at once and answers pipelined commands in one write.
 */
class PromptConnection extends SMTPConnection {
  readonly #admit: Admission
  /** More input follows what is being answered. */
  #pipelined = false
  #corked = false

  constructor(server: SMTPServer, socket: Socket, options: SMTPConnectionOptions | null, admit: Admission) {
    super(server, socket, options)
    this.#admit = admit
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
      this.#pipelined = parser._dataMode ? !endsMessage(chunk) : hasSeveralLines(chunk)
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
    super.send(code, data, context)
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
  readonly #admit: Admission

  constructor(options: ConstructorParameters<typeof SMTPServer>[0], admit: Admission) {
    super(options)
    this.#admit = admit
  }

  override connect(socket: Socket, options?: SMTPConnectionOptions | null): void {
    const connection = new PromptConnection(this, socket, options ?? null, this.#admit)
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
  #reader: DataReader | undefined
  #pieces: Buffer[] = []

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    this.#reader = new DataReader((piece) => this.#pieces.push(piece))
    return super.startDataMode(maxBytes)
  }

  override _feedDataStream(chunk: Buffer, done: (error?: Error | null) => void): void {
    const rest = this.#reader?.push(chunk)
    const isWritable = this.#give()
    if (rest !== undefined) {
      this.#reader = undefined
      this._endDataMode(false, rest, done)
    } else if (isWritable) done()
    else this.#onceWritable(done)
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
  #onceWritable(done: () => void): void {
    const stream = this._dataStream
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
