import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** For tests: works on bytes, so that it shares no assumptions about SMTP with client or server under test. */
export class RawSmtp implements Disposable {
  readonly socket: Socket
  #received = ''
  #closed = false
  #wake: () => void = () => {}

  static async open(port: number): Promise<RawSmtp> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RawSmtp(socket)
  }

  /** Connected, greeted and past EHLO. */
  static async greeted(port: number, name = 'me.test'): Promise<RawSmtp> {
    const smtp = await RawSmtp.open(port)
    await smtp.reply()
    await smtp.say(`EHLO ${name}`)
    return smtp
  }

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.#received += chunk.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  /** Resolves when the bytes were handed to the system. */
  write(bytes: string | Buffer): Promise<void> {
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    return new Promise((resolve, reject) => {
      this.socket.write(buffer, (error) => (error ? reject(error) : resolve()))
    })
  }

  /** Sends one line; resolves with the reply. */
  async say(line: string): Promise<string> {
    await this.write(`${line}\r\n`)
    return this.reply()
  }

  /** The next complete reply without its last CRLF; `closed` when the server hung up. */
  async reply(withinMs = 5_000): Promise<string> {
    // RFC 5321 4.2.1: the last line of a reply has a space after its code.
    const whole = /^(?:\d{3}-[^\r\n]*\r\n)*\d{3}(?: [^\r\n]*)?\r\n/
    const found = await this.#when(() => whole.exec(this.#received)?.[0], withinMs)
    if (found === undefined) return 'closed'
    this.#received = this.#received.slice(found.length)
    return found.slice(0, -2)
  }

  /** Sends MAIL, RCPTs and DATA; resolves with the reply to DATA. */
  async envelope(from: string, to: readonly string[]): Promise<string> {
    await this.say(`MAIL FROM:<${from}>`)
    for (const recipient of to) await this.say(`RCPT TO:<${recipient}>`)
    return this.say('DATA')
  }

  /**
   * Sends one message of `content` (which must not end with CRLF); resolves with the id it was queued under.
   */
  async message(content: string | Buffer, from = 'a@x.test', to: readonly string[] = ['b@y.test']) {
    await this.envelope(from, to)
    await this.write(Buffer.concat([stuffed(content), Buffer.from('\r\n.\r\n')]))
    const reply = await this.reply(60_000)
    const id = /^250 Ok: queued as (\S+)$/.exec(reply)?.[1]
    if (id === undefined) throw new Error(`The message was not queued: ${reply}`)
    return id
  }

  async #when<Value>(look: () => Value | undefined, withinMs: number): Promise<Value | undefined> {
    const signal = AbortSignal.timeout(withinMs)
    for (;;) {
      const value = look()
      if (value !== undefined || this.#closed) return value
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve
        signal.onabort = () =>
          reject(new Error(`No reply within ${withinMs} ms, only "${this.#received.slice(0, 200)}"`))
      })
    }
  }
}

/** RFC 5321 4.5.2: doubles the dot at the beginning of a line. */
export function stuffed(content: string | Buffer): Buffer {
  const text = typeof content === 'string' ? content : content.toString('latin1')
  return Buffer.from(text.replace(/(^|\r\n)\./g, '$1..'), 'latin1')
}
