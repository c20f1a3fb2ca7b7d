import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { dotStuff } from '../../../src/smtp/mail/message.ts'
import type { Delivery } from '../../../src/verify/store.contract.ts'

/** Sessions at a time. */
const SESSIONS = 4

/** Delivers by SMTP or LMTP, one recipient to a message; resolves when all have been acknowledged. */
export async function deliver(
  port: number,
  mails: readonly Delivery[],
  greeting: 'EHLO' | 'LHLO' = 'EHLO',
): Promise<void> {
  const shares = Array.from({ length: Math.min(SESSIONS, mails.length) }, (_, session) =>
    mails.filter((_, index) => index % SESSIONS === session),
  )
  await Promise.all(shares.map((share) => inOneSession(port, share, greeting)))
}

/** One message to several recipients. */
export async function deliverToAll(
  port: number,
  recipients: readonly string[],
  octets: Buffer,
): Promise<void> {
  const { socket, ask } = await openSession(port, 'EHLO')
  await ask('MAIL FROM:<sender@example.test>')
  for (const recipient of recipients) await ask(`RCPT TO:<${recipient}>`)
  await ask('DATA')
  await ask(`${dotStuff(octets).toString('latin1')}.`)
  socket.end('QUIT\r\n')
}

async function inOneSession(port: number, mails: readonly Delivery[], greeting: string): Promise<void> {
  const { socket, ask } = await openSession(port, greeting)
  for (const { recipient, octets } of mails) {
    await ask('MAIL FROM:<sender@example.test>')
    await ask(`RCPT TO:<${recipient}>`)
    await ask('DATA')
    await ask(`${dotStuff(octets).toString('latin1')}.`)
  }
  socket.end('QUIT\r\n')
}

async function openSession(port: number, greeting: string) {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]()
  const reply = async () => {
    for (;;) {
      const { value: line, done } = await lines.next()
      if (done === true) throw new Error('the server closed the connection')
      if (/^\d{3}-/.test(line)) continue
      if (!/^[23]/.test(line)) throw new Error(`the server said ${line}`)
      return
    }
  }
  await once(socket, 'connect')
  await reply()
  const ask = (command: string) => {
    socket.write(`${command}\r\n`, 'latin1')
    return reply()
  }
  await ask(`${greeting} client.test`)
  return { socket, ask }
}
