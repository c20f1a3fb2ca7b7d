import { connect, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'
import type { Clock } from '../load/clock.ts'
import { ReplyReader } from './reply-reader.ts'
import type { Ending, Reply } from './talk.ts'

export interface ProbeTarget {
  readonly host: string
  readonly port: number
}

const CLOSE_WITHIN_MS = 250

/** One connection, spoken to octet by octet. Every wait has an end. */
export class Conversation {
  readonly #clock: Clock
  #socket: Socket
  #reader = new ReplyReader()
  #ending: Ending | undefined
  #wake: () => void = () => {}

  constructor({ host, port }: ProbeTarget, clock: Clock) {
    this.#clock = clock
    this.#socket = connect({ host, port, noDelay: true })
    this.#listen()
  }

  get ending(): Ending | undefined {
    return this.#ending
  }

  send(octets: string): void {
    if (octets !== '' && this.#ending === undefined) this.#socket.write(octets, 'latin1')
  }

  /** So many replies, or fewer when the time is over or the connection has ended. */
  async replies(count: number, untilMs: number): Promise<{ replies: Reply[]; ending?: Ending }> {
    while (this.#reader.ready < count) {
      if (this.#ending !== undefined) return { replies: this.#reader.take(count), ending: this.#ending }
      if (this.#clock.nowMs() >= untilMs) return { replies: this.#reader.take(count), ending: 'time over' }
      await this.#somethingOr(untilMs)
    }
    return { replies: this.#reader.take(count) }
  }

  /** TLS on this connection (RFC 3207). Certificates are not this probe's question. */
  async secure(untilMs: number): Promise<void> {
    this.#socket.removeAllListeners()
    this.#reader = new ReplyReader()
    const plain = this.#socket
    this.#socket = secure({ socket: plain, rejectUnauthorized: false })
    let secured = false
    this.#socket.once('secureConnect', () => {
      secured = true
      this.#wake()
    })
    this.#listen()
    while (!secured && this.#ending === undefined && this.#clock.nowMs() < untilMs) {
      await this.#somethingOr(untilMs)
    }
    if (!secured) this.#ending = 'tls failed'
  }

  /** Ends it and waits until the server has noticed: what is half closed would count as a connection. */
  async close(): Promise<void> {
    const untilMs = this.#clock.nowMs() + CLOSE_WITHIN_MS
    this.#socket.end()
    while (this.#ending === undefined && this.#clock.nowMs() < untilMs) await this.#somethingOr(untilMs)
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => {
      this.#reader.push(text)
      this.#wake()
    })
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#end(error.code === 'ECONNREFUSED' ? 'refused' : 'reset')
    })
    this.#socket.on('end', () => this.#end('closed'))
    this.#socket.on('close', () => this.#end('closed'))
  }

  #end(ending: Ending): void {
    this.#ending ??= ending
    this.#wake()
  }

  #somethingOr(untilMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.wakeAt(untilMs, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }
}
