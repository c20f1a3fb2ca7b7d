import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RawSmtp } from '../contract/raw-smtp.ts'
import { JIM_DEFAULTS, JimSwitch } from '../jim.ts'
import { Store } from '../store/store.ts'
import { createSmtpServer } from './connection.ts'
import { DigestFields } from './content-digest.ts'
import { Intake } from './intake.ts'

let store: Store
let smtp: ReturnType<typeof createSmtpServer>
let port: number

beforeEach(async () => {
  store = new Store()
  const intake = new Intake({ store, headerOnly: false, fields: new DigestFields(), onStored: () => {} })
  const jim = new JimSwitch({ config: JIM_DEFAULTS, invited: false })
  smtp = createSmtpServer({ hostname: 'sink.test', intake, jim })
  smtp.server.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  port = (smtp.server.address() as AddressInfo).port
})

afterEach(() => {
  vi.restoreAllMocks()
  smtp.server.close()
  for (const socket of smtp.sockets) socket.destroy()
  store.close()
})

test('answers 452 to a message that cannot be stored, and takes the next one', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  using client = await RawSmtp.greeted(port)
  const full = vi.spyOn(store.spool, 'append').mockImplementation(() => {
    throw new Error('ENOSPC: no space left on device')
  })
  for (const content of ['small', 'large'.repeat(100_000)]) {
    await client.envelope('a@x.test', ['b@y.test'])
    await client.write(`${content}\r\n.\r\n`)
    expect(await client.reply()).toBe('452 Unable to store message')
  }
  full.mockRestore()
  await client.message('fits again')
  expect(store.count).toBe(1)
})

test('hangs up on a command line that does not end within a megabyte', async () => {
  using client = await RawSmtp.greeted(port)
  // The server may hang up before all of it is written.
  await client.write('x'.repeat(1_100_000)).catch(() => {})
  expect(await client.reply()).toMatch(/^(500 Line too long|closed)$/)
  expect(store.count).toBe(0)
})

test('takes a command line of 100 KB', async () => {
  using client = await RawSmtp.greeted(port)
  expect(await client.say(`NOOP ${'x'.repeat(100_000)}`)).toBe('250 Ok')
})

test('answers 5,000 pipelined recipients', async () => {
  using client = await RawSmtp.greeted(port)
  const recipients = Array.from({ length: 5_000 }, (_, i) => `b${i}@y.test`)
  const commands = recipients.map((recipient) => `RCPT TO:<${recipient}>\r\n`).join('')
  await client.write(`MAIL FROM:<a@x.test>\r\n${commands}DATA\r\n`)
  const replies: string[] = []
  for (let i = 0; i < 5_002; i++) replies.push(await client.reply())
  expect(replies.at(-2)).toBe('250 Recipient b4999@y.test ok')
  expect(replies.at(-1)).toBe('354 End data with <CR><LF>.<CR><LF>')
  await client.write('x\r\n.\r\n')
  await client.reply()
  expect(store.all()[0]?.to).toEqual(recipients)
})

test('frees the socket of a client that never closes its side after QUIT', async () => {
  using client = await RawSmtp.greeted(port)
  client.socket.allowHalfOpen = true
  const [socket] = smtp.sockets
  if (socket === undefined) throw new Error('the server has no socket')
  const closed = once(socket, 'close')
  await client.say('QUIT')
  await closed
  expect(smtp.sockets.size).toBe(0)
})
