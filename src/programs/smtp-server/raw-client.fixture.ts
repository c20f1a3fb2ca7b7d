import { connect, type Socket } from 'node:net'

/** An SMTP client for tests: says exactly what it is told, hands back replies as they came. */
export class RawClient {
  readonly socket: Socket
  #received = ''
  #ended = false
  #wake: () => void = () => {}

  constructor(port: number, host = '127.0.0.1') {
    this.socket = connect({ port, host, noDelay: true })
    this.socket.setEncoding('latin1')
    this.socket.on('data', (text: string) => {
      this.#received += text
      this.#wake()
    })
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  /** A client that has been greeted and has said EHLO. */
  static async ready(port: number, host?: string): Promise<RawClient> {
    const client = new RawClient(port, host)
    await client.reply()
    await client.say('EHLO client.example')
    return client
  }

  write(text: string): void {
    this.socket.write(text, 'latin1')
  }

  /** Sends one command line; the reply to it. */
  say(line: string): Promise<string> {
    this.write(`${line}\r\n`)
    return this.reply()
  }

  /** A whole transaction on `content`, which is stuffed and terminated here; the final reply. */
  async send(content: string): Promise<string> {
    await this.say('MAIL FROM:<a@example.com>')
    await this.say('RCPT TO:<b@example.com>')
    await this.say('DATA')
    this.write(`${content.replace(/(^|\r\n)\./g, '$1..')}.\r\n`)
    return this.reply()
  }

  /** The next whole reply, its lines joined by CRLF (RFC 5321 4.2.1); empty when the server has closed. */
  async reply(): Promise<string> {
    const complete = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/
    for (;;) {
      const reply = complete.exec(this.#received)?.[0]
      if (reply !== undefined) {
        this.#received = this.#received.slice(reply.length)
        return reply.trimEnd()
      }
      if (this.#ended) return ''
      await this.#more()
    }
  }

  /** Resolves when the connection is closed, however. */
  async closed(): Promise<void> {
    while (!this.#ended) await this.#more()
  }

  close(): void {
    this.socket.destroy()
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }
}
