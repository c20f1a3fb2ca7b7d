import type { Socket } from 'node:net'
import type { LedgerEntry } from '../../ledger/ledger.ts'
import { MessageReader } from '../smtp-server/message-reader.ts'
import type { ChunkPlan, Stage } from './plans.ts'
import { SmtpInput } from './smtp-input.ts'

/** What is known of a client at a stage; it grows with the dialogue. */
export interface Known {
  readonly address: string
  readonly helo: string
  readonly sender: string
  readonly recipient: string
}

/** The server as its sessions see it: only the server knows the plan and the other sessions. */
export interface SessionHost {
  /** The refusing reply, or undefined to go on; `421` ends the session. */
  refusal(stage: Stage, known: Known): string | undefined
  /** Resolves when the reply of a stage may be sent. */
  patience(stage: Stage): Promise<void>
  /** Undefined: CHUNKING is not offered (RFC 3030). */
  readonly chunking: ChunkPlan | undefined
  /** One more message has come by BDAT: whether the session is to fall silent. */
  stalls(): boolean
  /** Resolves once the message is in the ledger; rejects when it cannot be written. */
  store(entry: LedgerEntry): Promise<void>
}

/** How far to read a client that sends ahead while a reply is delayed. */
const READ_AHEAD_BYTES = 65_536
const EHLO = ['fault.mailstorm.test', 'PIPELINING', 'SIZE 1073741824', '8BITMIME', 'ENHANCEDSTATUSCODES']

/** RFC 3030 2. */
const BDAT = /^BDAT (\d{1,15})( LAST)?$/i

/** One SMTP session that accepts everything but what its host refuses. */
export class FaultSession {
  readonly #socket: Socket
  readonly #host: SessionHost
  readonly #input = new SmtpInput()
  readonly #known: { -readonly [K in keyof Known]: Known[K] }
  #recipients = 0
  #message: MessageReader | undefined
  /** The chunk that is coming: whether it ends its message, and why it is thrown away. */
  #chunk: { readonly isLast: boolean; readonly refusal: string | undefined } | undefined
  #busy = true
  #over = false

  constructor(socket: Socket, host: SessionHost) {
    this.#socket = socket
    this.#host = host
    this.#known = { address: socket.remoteAddress ?? '', helo: '', sender: '', recipient: '' }
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('close', () => this.#end())
    // A client may do what it likes to its connection.
    socket.on('error', () => this.#end())
    void this.#greet()
  }

  async #greet(): Promise<void> {
    await this.#answer('greeting', '220 fault.mailstorm.test ESMTP')
    this.#busy = false
    await this.#read()
  }

  #take(chunk: Buffer): void {
    // Keep reading and discard: with unread octets the kernel would reset, and our last reply be lost.
    if (this.#over) return
    this.#input.push(chunk)
    if (this.#busy && this.#input.pendingBytes > READ_AHEAD_BYTES) this.#socket.pause()
    void this.#read()
  }

  /** Handles one piece after another: a delayed reply delays what follows (RFC 2920 3.2). */
  async #read(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let piece = this.#input.next(); piece !== undefined && !this.#over; piece = this.#input.next()) {
      if (piece.kind === 'octets') {
        if (this.#chunk?.refusal === undefined) this.#message?.push(piece.octets)
      } else if (piece.kind === 'end-of-chunk') await this.#endOfChunk()
      else if (piece.kind === 'end') await this.#endOfData()
      else if (piece.kind === 'line') await this.#command(piece.text)
      // RFC 5321 4.5.3.1.9: 500 for a line that is too long.
      else this.#lastReply('500 5.5.6 line too long')
    }
    this.#busy = false
    this.#socket.resume()
  }

  async #command(line: string): Promise<void> {
    const verb = line.slice(0, 4).toUpperCase()
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#hello(verb, line.slice(5).trim())
      case 'MAIL':
        return this.#mail(line.slice(4))
      case 'RCPT':
        return this.#rcpt(line.slice(4))
      case 'DATA':
        return this.#data()
      case 'BDAT':
        return this.#bdat(line)
      case 'RSET':
        this.#clear()
        return this.#say('250 2.0.0 ok')
      case 'NOOP':
        return this.#say('250 2.0.0 ok')
      case 'QUIT':
        return this.#lastReply('221 2.0.0 bye')
      default:
        return this.#say('500 5.5.1 unknown command')
    }
  }

  async #hello(verb: string, name: string): Promise<void> {
    this.#clear()
    this.#known.helo = name
    const extensions = this.#host.chunking === undefined ? EHLO : [...EHLO, 'CHUNKING']
    const lines = verb === 'HELO' ? EHLO.slice(0, 1) : extensions
    const reply = lines.map((line, index) => `250${index === lines.length - 1 ? ' ' : '-'}${line}`)
    await this.#answer('ehlo', reply.join('\r\n'))
  }

  async #mail(path: string): Promise<void> {
    if (this.#known.sender !== '') return this.#say('503 5.5.1 nested MAIL')
    this.#known.sender = path
    const taken = await this.#answer('mail', '250 2.1.0 ok')
    if (!taken) this.#known.sender = ''
  }

  async #rcpt(path: string): Promise<void> {
    if (this.#known.sender === '') return this.#say('503 5.5.1 MAIL first')
    this.#known.recipient = path
    if (await this.#answer('rcpt', '250 2.1.5 ok')) this.#recipients++
  }

  async #data(): Promise<void> {
    // RFC 5321 3.3: 503 without MAIL, 554 without an accepted recipient.
    if (this.#known.sender === '') return this.#say('503 5.5.1 MAIL first')
    if (this.#recipients === 0) return this.#say('554 5.5.1 no valid recipients')
    if (!(await this.#answer('data', '354 go ahead'))) return
    this.#message = new MessageReader()
    this.#input.inData = true
  }

  async #bdat(line: string): Promise<void> {
    const { chunking } = this.#host
    if (chunking === undefined) return this.#say('500 5.5.1 unknown command')
    const [, size, last] = BDAT.exec(line) ?? []
    // Where the chunk ends is unknown.
    if (size === undefined) return this.#lastReply('501 5.5.4 BDAT has no size')
    const refusal = this.#recipients > 0 ? undefined : '503 5.5.1 no valid recipients'
    if (refusal !== undefined && chunking.swallows === false) return this.#say(refusal)
    this.#chunk = { isLast: last !== undefined, refusal }
    this.#input.chunkBytesLeft = Number(size)
    this.#message ??= new MessageReader()
  }

  async #endOfChunk(): Promise<void> {
    const chunk = this.#chunk
    this.#chunk = undefined
    if (chunk?.refusal !== undefined) this.#say(chunk.refusal)
    else if (chunk?.isLast === true) await this.#endOfData(this.#host.stalls())
    else this.#say('250 2.0.0 chunk taken')
  }

  /** `stalls`: the message is kept, and nothing is said any more. */
  async #endOfData(stalls = false): Promise<void> {
    const entry = (this.#message ?? new MessageReader()).end()
    const known = { ...this.#known }
    this.#clear()
    await this.#host.patience('dot')
    const refusal = this.#host.refusal('dot', known)
    if (refusal !== undefined) return this.#refuse(refusal)
    try {
      await this.#host.store(entry)
      if (stalls) this.#over = true
      this.#say('250 2.0.0 taken')
    } catch {
      this.#say('452 4.3.1 the ledger cannot be written')
    }
  }

  /** False when the host refused. */
  async #answer(stage: Stage, reply: string): Promise<boolean> {
    await this.#host.patience(stage)
    const refusal = this.#host.refusal(stage, this.#known)
    if (refusal === undefined) this.#say(reply)
    else this.#refuse(refusal)
    return refusal === undefined
  }

  #refuse(reply: string): void {
    if (reply.startsWith('421')) this.#lastReply(reply)
    else this.#say(reply)
  }

  #clear(): void {
    this.#known.sender = ''
    this.#known.recipient = ''
    this.#recipients = 0
    this.#message = undefined
  }

  #say(reply: string): void {
    if (!this.#over) this.#socket.write(`${reply}\r\n`)
  }

  #lastReply(reply: string): void {
    this.#say(reply)
    this.#over = true
    this.#socket.end()
  }

  #end(): void {
    this.#over = true
    this.#socket.destroy()
  }
}
