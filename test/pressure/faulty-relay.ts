import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import { ID_HEADER } from '../../src/pressure/deliveries.ts'
import type { Sinks } from '../../src/pressure/parts.ts'
import { embeddedSinks } from '../../src/pressure/scene/sinks.ts'
import type { Address } from '../../src/pressure/scene/slow-link.ts'

/** What a relay makes of a message: what it hands on, nothing, or several. */
export type Fault = (message: Buffer, id: string) => readonly Buffer[]

/** Does something to one message, the `n`-th, and tells its id; all others pass. */
export class OneFault {
  id: string | undefined
  readonly #n: number
  readonly #act: (message: Buffer) => readonly Buffer[]
  #seen = 0

  constructor(n: number, act: (message: Buffer) => readonly Buffer[]) {
    this.#n = n
    this.#act = act
  }

  readonly fault: Fault = (message, id) => {
    this.#seen += 1
    if (this.#seen !== this.#n) return [message]
    this.id = id
    return this.#act(message)
  }
}

/** The embedded sink behind an SMTP relay that answers "accepted" whatever it does. */
export async function sinksBehind(fault: Fault): Promise<Sinks> {
  const sinks = await embeddedSinks()
  const relay = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, session, done) {
      passOn(stream, session, { fault, to: sinks.smtp }).then(() => done(), done)
    },
  })
  await once(relay.listen(0, '127.0.0.1'), 'listening')
  const { port } = relay.server.address() as AddressInfo
  return {
    ...sinks,
    smtp: { host: '127.0.0.1', port },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => relay.close(() => resolve()))
      await sinks[Symbol.asyncDispose]()
    },
  }
}

async function passOn(
  stream: NodeJS.ReadableStream,
  { envelope }: SMTPServerSession,
  { fault, to }: { readonly fault: Fault; readonly to: Address },
): Promise<void> {
  const message = await buffer(stream)
  const [, id = ''] = new RegExp(`^${ID_HEADER}: (.*?)\r$`, 'im').exec(message.toString('latin1')) ?? []
  const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
  const recipients = envelope.rcptTo.map(({ address }) => address)
  for (const content of fault(message, id)) await send(to, { from, to: recipients }, content)
}

function send(
  { host, port }: Address,
  envelope: { from: string; to: string[] },
  content: Buffer,
): Promise<void> {
  const connection = new SMTPConnection({ host, port, ignoreTLS: true })
  return new Promise<void>((resolve, reject) => {
    connection.on('error', reject)
    connection.connect(() => {
      connection.send(envelope, content, (error) => {
        connection.quit()
        if (error === null) resolve()
        else reject(error)
      })
    })
  })
}

/** Changes one letter of the last base64 line: another byte of the attachment. */
export function flipAttachmentByte(message: Buffer): Buffer {
  const changed = Buffer.from(message)
  const at = changed.lastIndexOf(Buffer.from('\r\n--')) - 40
  changed[at] = changed[at] === 0x41 ? 0x42 : 0x41
  return changed
}
