import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import { RawSmtp, stuffed } from '../../src/programs/sink/contract/raw-smtp.ts'

export interface StoreAndForwardOptions {
  /** Where everything goes on to. */
  readonly nextPort: number
  /** Numbers of messages, in the order in which they come in, that it acknowledges and forgets, or sends on twice. */
  readonly loses?: (message: number) => boolean
  readonly doubles?: (message: number) => boolean
}

export interface StoreAndForward extends AsyncDisposable {
  readonly port: number
  /** Attempts that the next hop did not take. */
  readonly putOff: () => number
}

interface Queued {
  readonly from: string
  readonly to: readonly string[]
  readonly octets: Buffer
}

const SENDERS = 8
const TRY_AGAIN_MS = 100
const LOOK_AGAIN_MS = 10

/** A relay in a few lines: acknowledges, keeps in memory, and sends on until the next hop takes it. */
export async function startStoreAndForward(options: StoreAndForwardOptions): Promise<StoreAndForward> {
  const { nextPort, loses = () => false, doubles = () => false } = options
  const queue: Queued[] = []
  let [count, putOff, isOpen] = [0, 0, true]
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    onData(stream, { envelope }, done) {
      void stream.toArray().then((pieces: Buffer[]) => {
        const message = count++
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        const mail = {
          from,
          to: envelope.rcptTo.map(({ address }) => address),
          octets: Buffer.concat(pieces),
        }
        if (!loses(message)) queue.push(mail)
        if (doubles(message)) queue.push(mail)
        done()
      }, done)
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const senders = Array.from({ length: SENDERS }, async () => {
    while (isOpen) {
      const mail = queue.shift()
      if (mail === undefined) {
        await sleep(LOOK_AGAIN_MS)
        continue
      }
      if (await sendOn(mail, nextPort)) continue
      putOff++
      queue.push(mail)
      await sleep(TRY_AGAIN_MS)
    }
  })
  const address = server.server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    putOff: () => putOff,
    async [Symbol.asyncDispose]() {
      isOpen = false
      await Promise.all([...senders, new Promise<void>((resolve) => server.close(() => resolve()))])
    },
  }
}

async function sendOn({ from, to, octets }: Queued, port: number): Promise<boolean> {
  try {
    using smtp = await RawSmtp.greeted(port)
    if (!(await smtp.envelope(from, to)).startsWith('354')) return false
    await smtp.write(Buffer.concat([stuffed(octets), Buffer.from('.\r\n')]))
    return (await smtp.reply(60_000)).startsWith('250')
  } catch {
    return false
  }
}
