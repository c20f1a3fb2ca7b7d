import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RawSmtp } from '../contract/raw-smtp.ts'
import { JIM_DEFAULTS, JimSwitch } from '../jim.ts'
import { Store } from '../store/store.ts'
import { createSmtpServer } from './connection.ts'
import { DigestFields } from './content-digest.ts'
import { HopSwitch } from './hop.ts'
import { Intake } from './intake.ts'

let store: Store
let smtp: ReturnType<typeof createSmtpServer>
let port: number

beforeEach(async () => {
  store = new Store()
  await serve(false)
})

async function serve(
  chunking: boolean,
  lmtp = false,
  nextHop = false,
  jim = new JimSwitch({ config: JIM_DEFAULTS, invited: false }),
): Promise<void> {
  const intake = new Intake({ store, headerOnly: false, fields: new DigestFields(), onStored: () => {} })
  const hop = new HopSwitch()
  smtp = createSmtpServer({ hostname: 'sink.test', intake, jim, chunking, lmtp, nextHop, hop })
  smtp.server.listen(0, '127.0.0.1')
  await once(smtp.server, 'listening')
  port = (smtp.server.address() as AddressInfo).port
}

/** Instead of the one that offers what MailHog offers. */
async function serveChunks(): Promise<void> {
  smtp.server.close()
  await serve(true)
}

const ENVELOPE = 'MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n'
const bdat = (octets: string, last = ' LAST') => `BDAT ${octets.length}${last}\r\n${octets}`

async function codes(client: RawSmtp, count: number): Promise<string> {
  const replies: string[] = []
  for (let at = 0; at < count; at++) replies.push((await client.reply()).slice(0, 3))
  return replies.join(' ')
}

function contents(): string[] {
  return store.all().map((message) => {
    const octets = Buffer.alloc(message.length)
    store.spool.readInto(octets, message.offset)
    return octets.toString('latin1')
  })
}

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

test('offers no CHUNKING, as MailHog, and knows no BDAT', async () => {
  using client = await RawSmtp.open(port)
  await client.reply()
  expect(await client.say('EHLO me.test')).toBe('250-Hello me.test\r\n250-PIPELINING\r\n250 AUTH PLAIN')
  await client.write(ENVELOPE)
  await codes(client, 2)
  expect(await client.say('BDAT 0 LAST')).toBe('500 Unrecognised command')
})

test('with SINK_CHUNKING takes messages in chunks, several in one write, octet for octet', async () => {
  await serveChunks()
  using client = await RawSmtp.open(port)
  await client.reply()
  expect(await client.say('EHLO me.test')).toContain('250-CHUNKING\r\n')
  const odd = 'a\r\n.\r\nQUIT\r\n..\n'
  await client.write(
    `${ENVELOPE}${bdat(odd)}${ENVELOPE}${bdat('one ', '')}${bdat('', '')}${bdat('two')}${ENVELOPE}${bdat('x', '')}BDAT 0 last\r\n`,
  )
  expect(await codes(client, 12)).toBe(Array(12).fill('250').join(' '))
  expect(contents()).toEqual([odd, 'one two', 'x'])
})

test('swallows the chunk of a refused envelope, and RSET drops a message between its chunks', async () => {
  await serveChunks()
  using client = await RawSmtp.greeted(port)
  await client.write(`MAIL FROM:<a@x.test>\r\nRCPT TO:b\r\n${bdat('QUIT\r\n')}RSET\r\n`)
  expect(await codes(client, 4)).toBe('250 550 503 250')
  await client.write(`${ENVELOPE}${bdat('half', '')}DATA\r\nRSET\r\n${ENVELOPE}${bdat('whole')}`)
  expect(await codes(client, 8)).toBe('250 250 250 500 250 250 250 250')
  expect(contents()).toEqual(['whole'])
})

test('ends the session at a BDAT without a size: where its chunk ends is unknown', async () => {
  await serveChunks()
  using client = await RawSmtp.greeted(port)
  await client.write(`${ENVELOPE}BDAT many LAST\r\n`)
  expect(await codes(client, 3)).toBe('250 250 501')
  expect(await client.reply()).toBe('closed')
})

test('by LMTP: LHLO alone says hello, and each recipient has its reply, in order', async () => {
  smtp.server.close()
  await serve(true, true)
  using client = await RawSmtp.open(port)
  expect(await client.reply()).toBe('220 sink.test LMTP MailHog')
  expect(await client.say('EHLO me.test')).toBe('500 5.0.0 Unrecognised command')
  expect(await client.say('LHLO me.test')).toContain('250-ENHANCEDSTATUSCODES')
  await client.write('MAIL FROM:<>\r\nDATA\r\n')
  expect(await codes(client, 2)).toBe('250 503')
  const two = 'RCPT TO:<b@x.test>\r\nRCPT TO:<a@x.test>\r\n'
  await client.write(
    `${two}DATA\r\nfirst\r\n.\r\nMAIL FROM:<s@x.test>\r\n${two}${bdat('sec', '')}${bdat('ond')}`,
  )
  expect(await codes(client, 3)).toBe('250 250 354')
  expect(await client.reply()).toMatch(/^250 2\.0\.0 <b@x\.test> Ok: queued as /)
  expect(await client.reply()).toMatch(/^250 2\.0\.0 <a@x\.test> Ok: queued as /)
  expect(await codes(client, 6)).toBe('250 250 250 250 250 250')
  expect(contents()).toEqual(['first\r\n', 'second'])
  expect(store.all().map(({ to }) => to)).toEqual(Array(2).fill(['b@x.test', 'a@x.test']))
})

test('as the next hop of a relay it takes bounces, and 8-bit mail as it is', async () => {
  using mailhog = await RawSmtp.open(port)
  await mailhog.reply()
  expect(await mailhog.say('EHLO me.test')).not.toMatch(/8BITMIME|SMTPUTF8/)
  expect(await mailhog.say('MAIL FROM:<>')).toMatch(/^550 /)
  smtp.server.close()
  await serve(false, false, true)
  using client = await RawSmtp.open(port)
  await client.reply()
  expect(await client.say('EHLO me.test')).toMatch(/250-8BITMIME\r\n250-SMTPUTF8\r\n/)
  await client.write('MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<b@x.test>\r\nDATA\r\n\xfc\r\n.\r\n')
  expect(await codes(client, 4)).toBe('250 250 354 250')
  expect(store.all().map(({ from, to }) => [from, ...to])).toEqual([['', 'b@x.test']])
})

test('what is on a slow link when its client leaves never arrives', async () => {
  smtp.server.close()
  const slow = { DisconnectChance: 0, AcceptChance: 1, LinkSpeedAffect: 1, LinkSpeedMin: 0, LinkSpeedMax: 0 }
  await serve(false, false, false, new JimSwitch({ config: { ...JIM_DEFAULTS, ...slow }, invited: true }))
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const cleared = vi.spyOn(globalThis, 'clearTimeout')
  const client = connect(port, '127.0.0.1')
  await once(client, 'data')
  client.write('EHLO a.test\r\n'.repeat(100))
  await vi.waitUntil(() => [...smtp.sockets].some((socket) => socket.isPaused()))
  const onLink = timers.mock.results.at(-1)?.value
  const closed = once([...smtp.sockets][0] as Socket, 'close')
  client.destroy()
  await closed
  expect(cleared).toHaveBeenCalledWith(onLink)
})
