import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { expect, onTestFinished, test } from 'vitest'
import { RecipientFront, type RecipientPlan } from './recipient-front.ts'

interface Taken {
  readonly recipients: readonly string[]
  readonly text: string
}

/** The replies to a client that writes all of this at once, and what the server behind received. */
async function said(plan: RecipientPlan, lines: readonly string[]) {
  const taken: Taken[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    async onData(stream, { envelope }, done) {
      const text = Buffer.concat(await stream.toArray()).toString('latin1')
      taken.push({ recipients: envelope.rcptTo.map(({ address }) => address), text })
      done()
    },
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  await using front = await RecipientFront.open({ host: '127.0.0.1', port }, plan)
  const client = connect(front.address)
  client.write(lines.map((line) => `${line}\r\n`).join(''))
  const heard = Buffer.concat(await client.toArray()).toString('latin1')
  const replies = heard.split('\r\n').filter((line) => /^\d{3} /.test(line))
  return { replies, heard, taken, mails: front.mails }
}

const rcpt = (...numbers: number[]) => numbers.map((n) => `RCPT TO:<user-${n}@x.test>`)
const codes = (replies: readonly string[]) => replies.map((reply) => reply.slice(0, 3))
const message = ['DATA', '.'.repeat(2), 'a text', '.']

test('takes so many recipients in a transaction, counting anew with each MAIL', async () => {
  const mail = 'MAIL FROM:<s@x.test>'
  const { replies, taken, mails } = await said({ perTransaction: 2 }, [
    'EHLO c.test',
    mail,
    ...rcpt(1, 2, 3),
    ...message,
    mail,
    ...rcpt(3),
    ...message,
    'QUIT',
  ])
  expect(codes(replies)).toEqual('220 250 250 250 250 452 354 250 250 250 354 250 221'.split(' '))
  expect(taken.map(({ recipients }) => recipients.length)).toEqual([2, 1])
  expect(taken.map(({ text }) => text)).toEqual(Array(2).fill('.\r\na text\r\n'))
  expect(mails.map(({ sender }) => sender)).toEqual(['s@x.test', 's@x.test'])
})

test('greylists each odd recipient once, and refuses with 5xx for good, in octets as they are', async () => {
  const begin = ['EHLO c.test', 'MAIL FROM:<s@x.test>']
  const greylisting = await said({ odd: { replies: ['451 4.7.1 later'] } }, [
    ...begin,
    ...rcpt(1, 2, 1, 3),
    'QUIT',
  ])
  expect(codes(greylisting.replies)).toEqual('220 250 250 451 250 250 451 221'.split(' '))
  const refusing = await said({ odd: { replies: ['550 no\0\xff'] } }, [...begin, ...rcpt(1, 1, 2), 'QUIT'])
  expect(codes(refusing.replies)).toEqual('220 250 250 550 550 250 221'.split(' '))
  expect(refusing.heard).toContain('550 no\0\xff\r\n')
})

test('passes on what the server behind says, octet by octet', async () => {
  const greeting = '220 Gr\u00fc\u00dfe \u20ac\r\n'
  const server = createServer((socket) => socket.end(greeting)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  await using front = await RecipientFront.open({ host: '127.0.0.1', port }, {})
  expect(Buffer.concat(await connect(front.address).toArray()).toString()).toBe(greeting)
})
