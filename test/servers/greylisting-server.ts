import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface GreylistingOptions {
  /** How often it defers a message, by its id, before it takes it. */
  deferrals(id: string): number
  /** It keeps what it defers, too: as a server whose 250 comes too late. */
  readonly keepsDeferred?: boolean
}

/** A server that defers each message by its X-Mailstorm-Id at the final dot, the first times it comes. */
export class GreylistingServer implements AsyncDisposable {
  /** How often each message came, and how often it was kept. */
  readonly came = new Map<string, number>()
  readonly kept = new Map<string, number>()
  /** When each message came, by the wall clock. */
  readonly timesMs = new Map<string, number[]>()
  readonly #options: GreylistingOptions
  readonly #server = createServer({ noDelay: true }, (socket) => this.#serve(socket))
  readonly #sockets = new Set<Socket>()

  static async start(options: GreylistingOptions): Promise<GreylistingServer> {
    const server = new GreylistingServer(options)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  private constructor(options: GreylistingOptions) {
    this.#options = options
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    let input = ''
    let isContent = false
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1')
      for (;;) {
        const end = isContent ? /(^|\r\n)\.\r\n/.exec(input) : /\r\n/.exec(input)
        if (end === null) return
        const text = input.slice(0, end.index)
        input = input.slice(end.index + end[0].length)
        if (isContent) socket.write(this.#judge(text))
        else socket.write(replyTo(text))
        isContent = !isContent && text.toUpperCase() === 'DATA'
        if (text.toUpperCase() === 'QUIT') socket.end()
      }
    })
    socket.write('220 greylisting\r\n')
  }

  #judge(content: string): string {
    const id = /^X-Mailstorm-Id: (\S+)\r?$/m.exec(content)?.[1] ?? ''
    const times = (this.came.get(id) ?? 0) + 1
    this.came.set(id, times)
    this.timesMs.set(id, [...(this.timesMs.get(id) ?? []), performance.now()])
    const defers = times <= this.#options.deferrals(id)
    if (!defers || this.#options.keepsDeferred === true) this.kept.set(id, (this.kept.get(id) ?? 0) + 1)
    return defers ? '451 4.7.1 greylisted, try again\r\n' : '250 2.0.0 taken\r\n'
  }
}

function replyTo(line: string): string {
  switch (line.slice(0, 4).toUpperCase()) {
    case 'EHLO':
      return '250-greylisting\r\n250 PIPELINING\r\n'
    case 'DATA':
      return '354 go ahead\r\n'
    case 'QUIT':
      return '221 2.0.0 bye\r\n'
    default:
      return '250 2.0.0 ok\r\n'
  }
}
