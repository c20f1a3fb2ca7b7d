import { connect } from 'node:net'
import { textBody } from '../../src/mail/text.ts'
import { DEFAULT_PIPELINE_DEPTH } from '../../src/smtp/target.ts'
import type { Measurement } from '../measurement.ts'
import { type MailstormTask, RECIPIENT, SENDER, SESSIONS } from './task.ts'

/** How the floor sends: the shapes of our engine. */
export type FloorShape = Omit<MailstormTask, 'messages' | 'warmUpMessages'>

const EHLO = Buffer.from('EHLO floor.example\r\n')
const QUIT = Buffer.from('QUIT\r\n')
const ENVELOPE = [`MAIL FROM:<${SENDER}>\r\n`, `RCPT TO:<${RECIPIENT}>\r\n`, 'DATA\r\n']
/** Replies to MAIL, RCPT and BDAT. */
const CHUNK_REPLIES = 3
const HEADER = `From: <${SENDER}>\r\nTo: <${RECIPIENT}>\r\nSubject: mailstorm load test message\r\n\r\n`
const END_OF_DATA_BYTES = '.\r\n'.length
const READ_BYTES = 65_536
const LF = 0x0a
const HYPHEN = 0x2d
const DIGIT_4 = 0x34

/** One write, and how many replies are waited for behind it. */
interface Write {
  readonly octets: Buffer
  readonly replies: number
}

/**
 * The least that a client on `net.Socket` can do: no ids, samples, recorder, limits, timers or promises per message,
 * and one message for all, made before the first is sent. What this takes of a processor is the runtime's and the
 * kernel's; what our engine takes beyond it is ours. It does count replies and read their codes, as every client must.
 */
class Floor {
  readonly #shape: FloorShape
  readonly #envelope: readonly Write[]
  readonly #content: Write
  /** The end of a message with the next envelope, at level `transactions` (RFC 2920 3.1). */
  readonly #contentAndEnvelope: Write | undefined
  /** At level `chunks`: so many whole messages, of which a write has as many as are left (RFC 3030). */
  readonly #chunks: Buffer | undefined
  readonly #depth: number
  /** All sessions read into it: what came is looked at before the next read. */
  readonly #input = Buffer.allocUnsafe(READ_BYTES)
  readonly #done = Promise.withResolvers<void>()
  #left: number
  #openSessions = 0

  constructor(shape: FloorShape, messages: number) {
    const content = Buffer.from(
      `${HEADER}${textBody(shape.sizeBytes - HEADER.length, 1).toString('latin1')}.\r\n`,
    )
    const envelope = { octets: Buffer.from(ENVELOPE.join('')), replies: ENVELOPE.length }
    this.#shape = shape
    this.#envelope =
      shape.pipelining === 'off'
        ? ENVELOPE.map((line) => ({ octets: Buffer.from(line), replies: 1 }))
        : [envelope]
    this.#content = { octets: content, replies: 1 }
    if (shape.pipelining === 'transactions') {
      const octets = Buffer.concat([content, envelope.octets])
      this.#contentAndEnvelope = { octets, replies: 1 + envelope.replies }
    }
    this.#depth = shape.pipelining === 'chunks' ? (shape.depth ?? DEFAULT_PIPELINE_DEPTH) : 1
    if (shape.pipelining === 'chunks') {
      // The dot of the end of data is not part of a chunk.
      const message = content.subarray(0, content.length - END_OF_DATA_BYTES)
      const commands = `${ENVELOPE.slice(0, -1).join('')}BDAT ${message.length} LAST\r\n`
      this.#chunks = Buffer.concat(
        Array(this.#depth)
          .fill([Buffer.from(commands), message])
          .flat(),
      )
      this.#envelope = []
    }
    this.#left = messages
  }

  /** Resolves when all messages were accepted and all sessions are closed; rejects at the first refusal. */
  send(): Promise<void> {
    for (let session = 0; session < SESSIONS; session++) this.#open()
    return this.#done.promise
  }

  #open(): void {
    if (this.#left === 0) {
      if (this.#openSessions === 0) this.#done.resolve()
      return
    }
    this.#left -= 1
    this.#openSessions += 1
    this.#converse()
  }

  /** One session. Step −1 is EHLO; then come the writes of the envelope, then the content; then QUIT. */
  #converse(): void {
    const envelope = this.#envelope
    const input = this.#input
    const { port, newConnectionEach } = this.#shape
    let step = -2
    let awaited = 1
    let column = 0
    let isFinal = true
    /** The envelope of the next message was sent behind the last content. */
    let isEnveloped = false
    const write = ({ octets, replies }: Write) => {
      awaited = replies
      socket.write(octets)
    }
    const next = (): void => {
      step += 1
      if (step === -1) {
        write({ octets: EHLO, replies: 1 })
        return
      }
      if (step > envelope.length) {
        if (!isEnveloped && (this.#left === 0 || newConnectionEach)) {
          awaited = Number.POSITIVE_INFINITY
          socket.end(QUIT)
          return
        }
        if (!isEnveloped) this.#left -= 1
        step = isEnveloped ? envelope.length : 0
      }
      const following = envelope[step]
      if (following !== undefined) {
        write(following)
        return
      }
      if (this.#chunks !== undefined) {
        write(this.#nextChunks(this.#chunks))
        return
      }
      isEnveloped = this.#contentAndEnvelope !== undefined && this.#left > 0
      if (isEnveloped) this.#left -= 1
      write((isEnveloped ? this.#contentAndEnvelope : undefined) ?? this.#content)
    }
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: input,
        callback: (length) => {
          for (let at = 0; at < length; at++) {
            const octet = input[at]
            if (column === 0 && (octet as number) >= DIGIT_4) this.#fail(input.toString('latin1', at, length))
            // RFC 5321 4.2.1: a hyphen behind the code says that more lines of this reply follow.
            if (column === 3) isFinal = octet !== HYPHEN
            column += 1
            if (octet !== LF) continue
            column = 0
            if (isFinal) awaited -= 1
          }
          if (awaited === 0) next()
          return true
        },
      },
    })
    socket.on('error', (error) => this.#done.reject(error))
    socket.on('close', () => {
      this.#openSessions -= 1
      this.#open()
    })
  }

  /** One message is taken already. */
  #nextChunks(all: Buffer): Write {
    const further = Math.min(this.#depth - 1, this.#left)
    this.#left -= further
    const count = further + 1
    const octets = count === this.#depth ? all : all.subarray(0, (all.length / this.#depth) * count)
    return { octets, replies: count * CHUNK_REPLIES }
  }

  #fail(reply: string): void {
    this.#done.reject(new Error(`the server refused: ${reply.trimEnd()}`))
  }
}

/** Sends so many messages over as many sessions as every client of the bench has. */
export async function sendFloor(shape: FloorShape, messages: number): Promise<Measurement> {
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  await new Floor(shape, messages).send()
  const cpu = process.cpuUsage(cpuBefore)
  const seconds = (performance.now() - startMs) / 1e3
  return { messages, seconds, cpuSeconds: (cpu.user + cpu.system) / 1e6 }
}
