import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { RawSmtp, stuffed } from '../../programs/sink/contract/raw-smtp.ts'
import { testMail } from '../message.fixture.ts'
import { type Delivery, testStore } from '../store.contract.ts'
import { storeOf } from './registry.ts'

const notes: string[] = []
const context = { allowPublicTargets: false, note: (line: string) => void notes.push(line) }

async function open(text: string) {
  const store = await storeOf(text, context)
  if (store === undefined) throw new Error(`${text} is no store`)
  return store
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** RFC 2920 has DATA last in its group; our sink takes what follows all the same. */
function transaction({ recipient, octets }: Delivery): Buffer[] {
  const sender = octets.includes('multipart/report') ? '' : 'a@x.test'
  const commands = `MAIL FROM:<${sender}>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`
  return [Buffer.from(commands), stuffed(octets), Buffer.from('.\r\n')]
}

testStore({
  implementation: 'sink',
  async start() {
    const port = await freePort()
    const store = await open(`sink:${port}`)
    return {
      store,
      async deliver(mails) {
        using smtp = await RawSmtp.greeted(port)
        await smtp.write(Buffer.concat(mails.flatMap(transaction)))
        // MAIL, RCPT, DATA and the end of each.
        for (let reply = 0; reply < 4 * mails.length; reply++) expect(await smtp.reply()).toMatch(/^[23]/)
      },
      async [Symbol.asyncDispose]() {},
    }
  },
})

test('runs in turn share the sink, and each sees only what came after its own check', async () => {
  const port = await freePort()
  await using first = await open(`sink:${port}`)
  expect(notes.at(-1)).toBe(
    `The sink takes mail by SMTP at 127.0.0.1:${port}: the relay has to send it there`,
  )
  using smtp = await RawSmtp.greeted(port)
  await smtp.message(testMail({ runId: 'a', number: 1 }).subarray(0, -2))
  await using second = await open(`sink:${port}`)
  await second.check()
  const none = AbortSignal.timeout(60_000)
  expect(await Array.fromAsync(second.arrivals('a', none))).toEqual([])
  expect(await Array.fromAsync(first.arrivals('a', none))).toHaveLength(1)
  await smtp.message(testMail({ runId: 'a', number: 2 }).subarray(0, -2), 'a@x.test', [
    'b@x.test',
    'c@x.test',
  ])
  const found = await Array.fromAsync(second.arrivals('a', none))
  expect(found.map(({ recipient }) => recipient)).toEqual(['b@x.test', 'c@x.test'])
})

test('takes mail by LMTP where it is asked to', async () => {
  const port = await freePort()
  await using store = await open(`sink:lmtp:${port}`)
  expect(store.name).toBe(`the sink at 127.0.0.1:${port} (LMTP)`)
  using lmtp = await RawSmtp.open(port)
  expect(await lmtp.reply()).toMatch(/LMTP/)
})

test('a large message is judged without being kept, and its encoding too', async () => {
  const port = await freePort()
  await using store = await open(`sink:${port}`)
  using smtp = await RawSmtp.greeted(port)
  const body = `${'x'.repeat(70)}\r\n`.repeat(10_000)
  const quoted = body.replaceAll('xx\r\n', 'x=\r\nx\r\n')
  const mails = [
    testMail({ runId: 'a', number: 1, body }),
    testMail({ runId: 'a', number: 2, body: quoted, crcOf: body, encoding: 'quoted-printable' }),
    testMail({ runId: 'a', number: 3, body: body.replace('x', 'y'), crcOf: body }),
  ]
  for (const mail of mails) await smtp.message(mail.subarray(0, -2))
  const found = await Array.fromAsync(store.arrivals('a', AbortSignal.timeout(60_000)))
  expect(found.map((arrival) => arrival.body)).toEqual(['intact', 'reencoded', 'damaged'])
})

test('a port that is taken is told before the load', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  await expect(open(`sink:${port}`)).rejects.toMatchObject({
    code: 'VERIFY_STORE',
    message: expect.stringContaining('the port is taken'),
  })
})

test.each(['sink:x', 'sink:0', 'sink:70000', 'sink:lmtp:x', 'sink:127.0.0.1:25'])(
  'refuses %s',
  async (text) => {
    await expect(open(text)).rejects.toThrow('names no port from 1 to 65535')
  },
)

test('behaves as it is told, for every store that is opened of it', async () => {
  const port = await freePort()
  await using first = await open(`sink:${port}`)
  await using second = await open(`sink:${port}`)
  const before = performance.timeOrigin + performance.now()
  const change = await first.behave?.({ refusesWith: 451 })
  expect(change?.atEpochMs).toBeGreaterThan(before)
  expect(change?.taken).toBe(0)
  using smtp = await RawSmtp.greeted(port)
  await smtp.say('MAIL FROM:<a@x.test>')
  expect(await smtp.say('RCPT TO:<b@x.test>')).toMatch(/^451 /)
  await second.behave?.('away')
  expect(await smtp.reply()).toBe('closed')
  await second.behave?.({ slowMs: 10 })
  using again = await RawSmtp.greeted(port)
  await again.message(testMail({ runId: 'a', number: 1 }).subarray(0, -2))
  expect(await Array.fromAsync(first.arrivals('a', AbortSignal.timeout(60_000)))).toHaveLength(1)
})
