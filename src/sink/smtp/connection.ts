import type { Socket } from 'node:net'
import type { Jim } from '../jim.ts'
import { newMessageId } from '../message-id.ts'
import { DataReader } from './data-reader.ts'
import { Dialogue } from './dialogue.ts'
import type { IncomingContent } from './incoming.ts'
import type { Intake } from './intake.ts'
import { ReplyQueue } from './reply-queue.ts'

/** MailHog has no limit (100 KB were accepted); this one only keeps endless lines out of memory. */
const MAX_COMMAND_BYTES = 1024 * 1024
const CRLF = Buffer.from('\r\n')
const NOT_STORED = '452 Unable to store message\r\n'
const STRAY_LINE_ENDS = /^[\r\n]+|[\r\n]+$/g

export interface ConnectionOptions {
  readonly hostname: string
  readonly intake: Intake
  readonly jim: Jim | undefined
}

interface Data {
  readonly reader: DataReader
  readonly content: IncomingContent
  failed: boolean
}

/** One SMTP session on one socket. */
export class Connection {
  readonly #socket: Socket
  readonly #hostname: string
  readonly #intake: Intake
  readonly #jim: Jim | undefined
  readonly #bytesPerSecond: number | undefined
  readonly #dialogue: Dialogue
  readonly #replies: ReplyQueue
  /** Begin of a command line whose end has not come. */
  #partLine: Buffer | undefined
  #data: Data | undefined

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#hostname = options.hostname
    this.#intake = options.intake
    this.#jim = options.jim
    this.#bytesPerSecond = options.jim?.bytesPerSecond()
    this.#dialogue = new Dialogue(options.jim)
    this.#replies = new ReplyQueue(socket)
    socket.on('data', (chunk) => this.#arrive(chunk))
    socket.on('end', () => this.#replies.end())
    // The peer is gone: 'close' follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#data?.content.discard())
    this.#replies.push(`220 ${this.#hostname} ESMTP MailHog\r\n`)
    this.#replies.flush()
  }

  /** Over a link that Jim has slowed, bytes arrive after the time they take on it. */
  #arrive(chunk: Buffer): void {
    if (this.#bytesPerSecond === undefined) {
      this.#receive(chunk)
      return
    }
    this.#socket.pause()
    const onLinkMs = (chunk.length / this.#bytesPerSecond) * 1000
    setTimeout(() => {
      this.#receive(chunk)
      this.#socket.resume()
    }, onLinkMs)
  }

  #receive(chunk: Buffer): void {
    for (let rest: Buffer | undefined = chunk; rest !== undefined && rest.length > 0; ) {
      if (this.#dialogue.stage === 'done') break
      rest = this.#dialogue.stage === 'data' ? this.#receiveContent(rest) : this.#receiveLine(rest)
    }
    this.#replies.flush()
    if (this.#dialogue.stage === 'done') this.#replies.end()
    else if (this.#jim?.disconnectsAfter(chunk.length)) this.#socket.destroy()
  }

  /** Takes one command line; returns what follows it. */
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
    this.#replies.push(this.#dialogue.command(line))
    if (this.#dialogue.stage === 'data') this.#beginContent()
    return joined.subarray(end + CRLF.length)
  }

  #beginContent(): void {
    const content = this.#intake.begin()
    const reader = new DataReader((piece) => this.#keep(piece))
    this.#data = { content, reader, failed: false }
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
    const rest = this.#data?.reader.push(bytes)
    if (rest !== undefined) this.#endContent()
    return rest
  }

  #endContent(): void {
    const data = this.#data
    this.#data = undefined
    const envelope = this.#dialogue.endOfData()
    if (data === undefined || data.failed) {
      this.#replies.push(NOT_STORED)
      return
    }
    const id = newMessageId(this.#hostname)
    const answer = this.#replies.reserve()
    this.#intake.add({ id, ...envelope }, data.content.end(), (stored) =>
      answer(stored ? `250 Ok: queued as ${id}\r\n` : NOT_STORED),
    )
  }
}
