import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { LOOPBACK } from '../../listening.ts'
import { SmtpInput } from './smtp-input.ts'

/** A server in front of the sink that refuses some recipients; the sink itself accepts all. */
export interface RecipientPlan {
  /** Recipients accepted in one transaction; further ones get 452 (RFC 5321 4.5.3.1.10). Default: no limit. */
  readonly perTransaction?: number
  /** What becomes of recipients with an odd number (`user-1`, `user-3`). Default: they are accepted. */
  readonly odd?: {
    /**
     * Used in turn. 4xx: greylisted, accepted from the second attempt on; 5xx: always refused. Octets as
     * Latin-1.
     */
    readonly replies: readonly string[]
  }
}

/** A MAIL command, whatever became of its transaction. */
export interface MailSeen {
  readonly sender: string
  readonly atEpochMs: number
}

/** An SMTP relay in front of a server. It refuses some recipients itself and records the time of each MAIL. */
export class RecipientFront implements AsyncDisposable {
  readonly mails: MailSeen[] = []
  readonly #server: Server
  readonly #plan: RecipientPlan
  readonly #sockets = new Set<Socket>()
  readonly #greylisted = new Set<string>()
  #refusals = 0

  static async open(
    to: { readonly host: string; readonly port: number },
    plan: RecipientPlan,
    listenOn = LOOPBACK,
  ): Promise<RecipientFront> {
    const front = new RecipientFront(to, plan)
    await once(front.#server.listen(0, listenOn), 'listening')
    return front
  }

  private constructor(to: { readonly host: string; readonly port: number }, plan: RecipientPlan) {
    this.#plan = plan
    this.#server = createServer((near) => {
      const far = connect({ ...to, noDelay: true })
      near.setNoDelay(true)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => {
          this.#sockets.delete(socket)
          near.destroySoon()
          far.destroySoon()
        })
      }
      // A broken connection ends its session; the close tells the other side.
      relay(near, far, this).catch(() => near.destroy())
    })
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: LOOPBACK, port: (this.#server.address() as AddressInfo).port }
  }

  /** Undefined: ask the server behind. */
  refusal(recipient: string, takenInTransaction: number): string | undefined {
    const { perTransaction = Number.POSITIVE_INFINITY, odd } = this.#plan
    if (takenInTransaction >= perTransaction) return '452 4.5.3 too many recipients'
    const number = Number(/(\d+)@/.exec(recipient)?.[1] ?? 0)
    if (odd === undefined || number % 2 === 0) return undefined
    const reply = odd.replies[this.#refusals % odd.replies.length]
    if (reply === undefined) return undefined
    if (reply.startsWith('4')) {
      if (this.#greylisted.has(recipient)) return undefined
      this.#greylisted.add(recipient)
    }
    this.#refusals += 1
    return reply
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** Handles one command after another, pipelined ones too: replies keep their order (RFC 2920 3.2). */
async function relay(near: Socket, far: Socket, front: RecipientFront): Promise<void> {
  const input = new SmtpInput()
  // Octets, not characters: they are passed on as they come.
  far.setEncoding('latin1')
  const lines = createInterface({ input: far })[Symbol.asyncIterator]()
  let taken = 0
  const reply = async () => {
    const text = await replyOf(lines)
    near.write(`${text}\r\n`, 'latin1')
    return text
  }
  const command = async (line: string) => {
    const verb = line.slice(0, 4).toUpperCase()
    const [, path = ''] = /<(.*?)>/.exec(line) ?? []
    if (verb === 'MAIL') {
      front.mails.push({ sender: path, atEpochMs: Date.now() })
      taken = 0
    }
    const refusal = verb === 'RCPT' ? front.refusal(path, taken) : undefined
    if (refusal !== undefined) return void near.write(`${refusal}\r\n`, 'latin1')
    far.write(`${line}\r\n`, 'latin1')
    const answer = await reply()
    if (verb === 'RCPT' && answer.startsWith('2')) taken += 1
    input.inData = verb === 'DATA' && answer.startsWith('354')
  }
  await reply()
  for await (const chunk of near as AsyncIterable<Buffer>) {
    input.push(chunk)
    for (let piece = input.next(); piece !== undefined; piece = input.next()) {
      if (piece.kind === 'line') await command(piece.text)
      else if (piece.kind === 'end') {
        far.write('.\r\n')
        await reply()
      } else if (piece.kind === 'octets') {
        const written = far.write(
          piece.octets[0] === DOT ? Buffer.concat([STUFFED, piece.octets]) : piece.octets,
        )
        if (!written) await once(far, 'drain')
      } else throw new Error('a line without an end')
    }
  }
}

const DOT = 0x2e
const STUFFED = Buffer.of(DOT)

/** RFC 5321 4.2.1: every line but the last has a hyphen after the code. */
async function replyOf(lines: AsyncIterator<string>): Promise<string> {
  const all: string[] = []
  for (;;) {
    const next = await lines.next()
    if (next.done === true) throw new Error('the server behind ended the session')
    all.push(next.value)
    if (!/^\d{3}-/.test(next.value)) return all.join('\r\n')
  }
}
