import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { firstReply, play } from './play.ts'
import { type ReceivedSession, unstuff } from './record.ts'
import { close, type Script, type Stage, type Steps } from './script.ts'

export interface SessionContext {
  readonly script: Script
  /** One for all sessions: the keys of its tickets are what TLS sessions are resumed by. */
  readonly secureContext: SecureContext | undefined
  /** The steps for this time that the stage is reached, counted over all sessions. */
  stepsFor(stage: Stage): Steps
  /** Resolves when a reply that is due now may go out. */
  released(): Promise<void>
  onMail(): void
}

type Received = { -readonly [K in keyof ReceivedSession]: ReceivedSession[K] } & {
  commands: string[]
  messages: ReceivedSession['messages'][number][]
}

const END_OF_DATA = Buffer.from('\r\n.\r\n')
const VERBS: Readonly<Record<string, Stage>> = {
  EHLO: 'ehlo',
  HELO: 'helo',
  STARTTLS: 'starttls',
  AUTH: 'auth',
  MAIL: 'mail',
  RCPT: 'rcpt',
  DATA: 'data',
  RSET: 'rset',
  QUIT: 'quit',
}

/** One connection: reads lines or data, and does at each what the script says, one after another. */
export class ScriptedSession {
  readonly received: Received = { commands: [], messages: [], encrypted: false, resumed: false }
  readonly #context: SessionContext
  #socket: Socket
  readonly #plain: Socket
  #input: Buffer = Buffer.alloc(0)
  #mode: 'command' | 'data' | 'chunk' | 'over' = 'command'
  /** Octets of the chunk that a BDAT LAST announced. */
  #chunkBytes = 0
  /** Input waits while steps are done. */
  #busy = false
  #mail: string | undefined
  #rcpt: string[] = []
  /** The body's own steps were done: the final dot gets no reply. */
  #bodyAnswered = false
  #challenged = false
  #searchedTo = 0

  constructor(socket: Socket, context: SessionContext) {
    this.#socket = socket
    this.#plain = socket
    this.#context = context
    if (context.script.tls?.implicit === true) this.#secure()
    else this.#listen()
    void this.#perform(this.#context.stepsFor('greeting'))
  }

  destroy(): void {
    this.#mode = 'over'
    this.#socket.destroy()
  }

  /** Resolves when the client has hung up as well: by then it has seen that the session is over. */
  async endIdle(): Promise<void> {
    if (this.#mode === 'over') return
    const hungUp = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    await this.#perform(this.#context.script.idleSteps ?? [close])
    await hungUp
  }

  #listen(): void {
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (chunk: Buffer) => {
      this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk])
      void this.#read()
    })
    // A client that ends or breaks the connection is none of the server's faults.
    this.#socket.on('error', () => this.destroy())
    this.#socket.on('close', () => this.destroy())
  }

  async #read(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#mode !== 'over' && (await this.#readOne())) {
      // Each round takes one line or one message out of the input.
    }
    this.#busy = false
  }

  /** False when the input has no whole line or message. */
  async #readOne(): Promise<boolean> {
    if (this.#mode === 'data') return this.#readData()
    if (this.#mode === 'chunk') return this.#readChunk()
    const end = this.#input.indexOf('\r\n')
    if (end === -1) return false
    const line = this.#input.toString('latin1', 0, end)
    this.#input = this.#input.subarray(end + 2)
    await this.#command(line)
    return true
  }

  /** All of a refused envelope's chunk is read before it is answered (RFC 3030 2). */
  async #readChunk(): Promise<boolean> {
    if (this.#input.length < this.#chunkBytes) return false
    const octets = Buffer.from(this.#input.subarray(0, this.#chunkBytes))
    this.#input = this.#input.subarray(this.#chunkBytes)
    this.#mode = 'command'
    await this.#answerMessage(this.#outOfOrder('bdat') ?? this.#stepsForMessage('bdat'), octets)
    return true
  }

  async #readData(): Promise<boolean> {
    // The CRLF of the DATA command counts for a dot in the first line (RFC 5321 4.1.1.4).
    const atOnce = this.#input.subarray(0, 3).toString('latin1') === '.\r\n'
    const end = atOnce ? 0 : this.#input.indexOf(END_OF_DATA, Math.max(0, this.#searchedTo - 4))
    this.#searchedTo = this.#input.length
    const { body } = this.#context.script
    if (body !== undefined && !this.#bodyAnswered && this.#input.length >= body.afterBytes) {
      this.#bodyAnswered = true
      await this.#perform(body.steps)
      return true
    }
    if (end === -1) return false
    const octets = unstuff(Buffer.from(this.#input.subarray(0, atOnce ? 0 : end + 2)))
    this.#input = this.#input.subarray(atOnce ? 3 : end + 5)
    await this.#endOfData(octets)
    return true
  }

  async #endOfData(octets: Buffer): Promise<void> {
    this.#mode = 'command'
    await this.#answerMessage(this.#bodyAnswered ? [] : this.#stepsForMessage('dot'), octets)
  }

  /** By LMTP once for each recipient that was taken, in their order (RFC 2033 4.2). */
  #stepsForMessage(stage: 'dot' | 'bdat'): Steps {
    if (this.#context.script.lmtp !== true) return this.#context.stepsFor(stage)
    return this.#rcpt.flatMap(() => this.#context.stepsFor(stage))
  }

  async #answerMessage(steps: Steps, octets: Buffer): Promise<void> {
    // Taken for one of its recipients, a message is taken.
    const end = steps.findIndex(({ do: does }) => does === 'close' || does === 'reset' || does === 'hang')
    const said = end === -1 ? steps : steps.slice(0, end)
    const taken = said.find((step) => step.do === 'say' && step.text.startsWith('2'))
    const reply = firstReply(taken === undefined ? steps : [taken])
    this.received.messages.push({ mail: this.#mail ?? '', rcpt: this.#rcpt, octets, reply })
    this.#clearEnvelope()
    await this.#perform(steps)
  }

  async #command(line: string): Promise<void> {
    this.received.commands.push(line)
    const size = /^BDAT (\d+) LAST$/.exec(line)?.[1]
    if (size !== undefined) {
      this.#chunkBytes = Number(size)
      this.#mode = 'chunk'
      return
    }
    const stage = this.#challenged ? 'auth' : this.#stageOf(line.split(' ', 1)[0]?.toUpperCase() ?? '')
    if (stage === undefined) return this.#perform([{ do: 'say', text: '500 5.5.1 what?' }])
    if (stage === 'mail') this.#context.onMail()
    const outOfOrder = this.#outOfOrder(stage)
    const steps = outOfOrder ?? this.#context.stepsFor(stage)
    const reply = firstReply(steps) ?? ''
    this.#challenged = reply.startsWith('334')
    if (reply.startsWith('2')) this.#take(stage, line)
    await this.#perform(steps)
    if (stage === 'data' && reply.startsWith('3')) {
      this.#mode = 'data'
      this.#bodyAnswered = false
      this.#searchedTo = 0
    }
    if (stage === 'starttls' && reply.startsWith('2') && this.#context.script.tls !== undefined)
      this.#secure()
    if (stage === 'quit' && reply !== '') this.#socket.end()
  }

  #stageOf(verb: string): Stage | undefined {
    const isHello = verb === 'EHLO' || verb === 'HELO' || verb === 'LHLO'
    if (!isHello) return VERBS[verb]
    if (this.#context.script.lmtp === true) return verb === 'LHLO' ? 'ehlo' : undefined
    return VERBS[verb]
  }

  /** RFC 5321 4.1.4: 503 for a command that has no sense here; unless the script wants it otherwise. */
  #outOfOrder(stage: Stage): Steps | undefined {
    const scripted = this.#context.script[stage] !== undefined
    if (scripted) return undefined
    if (stage === 'rcpt' && this.#mail === undefined) return [{ do: 'say', text: '503 5.5.1 MAIL first' }]
    if ((stage === 'data' || stage === 'bdat') && this.#rcpt.length === 0)
      return [{ do: 'say', text: '503 5.5.1 RCPT first' }]
    if (stage === 'mail' && this.#mail !== undefined) return [{ do: 'say', text: '503 5.5.1 nested MAIL' }]
    return undefined
  }

  #take(stage: Stage, line: string): void {
    if (stage === 'mail') this.#mail = line
    else if (stage === 'rcpt') this.#rcpt.push(line)
    else if (stage === 'rset' || stage === 'ehlo' || stage === 'helo') this.#clearEnvelope()
  }

  #clearEnvelope(): void {
    this.#mail = undefined
    this.#rcpt = []
  }

  #secure(): void {
    const { secureContext } = this.#context
    this.#socket.removeAllListeners('data')
    const secured = new TLSSocket(this.#socket, { isServer: true, ...(secureContext && { secureContext }) })
    secured.once('secure', () => {
      this.received.resumed = secured.isSessionReused()
    })
    this.#socket = secured
    this.received.encrypted = true
    this.#listen()
  }

  async #perform(steps: Steps): Promise<void> {
    for (const step of steps) {
      if (this.#mode === 'over') return
      const goesOn = await play(step, { socket: this.#socket, plain: this.#plain }, () =>
        this.#context.released(),
      )
      if (!goesOn) this.#mode = 'over'
    }
  }
}
