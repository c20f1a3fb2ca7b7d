import { crc32 } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import { BODY_CRC_HEADER, ID_HEADER, type LedgerEntry } from '../../src/ledger/ledger.ts'
import { messageId } from '../../src/mail/id.ts'
import { type Mail, mailOf } from '../../src/mail/mail.ts'
import { resolveMail } from '../../src/run/spec/mail-spec.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { OFFERS_CHUNKING } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { send } from './send.ts'

const MESSAGES = 60
/** Shorter and longer than what goes out in one piece, and with dots where parts meet. */
const BODIES = [
  ['.\r\n'],
  ['text\r\n', '.\r\n', '..x\r\n'],
  ['a\r\n'.repeat(2_000)],
  ['b'.repeat(900), '\r', '\n.', '\r\n'],
  ['c\r\n'.repeat(50_000), 'd\r\n'.repeat(5_000), '.e\r\n'],
].map((parts) => parts.map((text) => Buffer.from(text)))

/** Every message has an envelope, a size and a body of its own. */
function variedMail(runId: string): Mail {
  const octetsOf = (message: number) => {
    const body = BODIES[message % BODIES.length] ?? []
    const crc = crc32(Buffer.concat(body)).toString(16).padStart(8, '0')
    const head = `Subject: ${'s'.repeat(message)}\r\n${ID_HEADER}: ${messageId(runId, message)}\r\n${BODY_CRC_HEADER}: ${crc}\r\n\r\n`
    return [Buffer.from(head), ...body]
  }
  return {
    octetsOf,
    sizeOf: (message) => Buffer.concat(octetsOf(message)).length,
    traits: () => ({ eightBit: false, utf8Headers: false, longestLine: 900, dotLines: true }),
    envelopeOf: (message) => ({
      sender: message % 7 === 0 ? '' : `s${message}@example.com`,
      recipients: Array.from({ length: 1 + (message % 4) }, (_, index) => `r${message}.${index}@example.com`),
      smtpUtf8: false,
      eightBit: false,
    }),
  }
}

const schedule = { executor: 'shared-iterations', messages: MESSAGES } as const

describe.each(PIPELINING_LEVELS)('mail of which no two messages are alike, pipelining %s', (pipelining) => {
  const mail = variedMail('truth')
  const sizes = Array.from({ length: MESSAGES }, (_, message) => mail.sizeOf(message))
  let server: RunningSmtpServer

  beforeAll(async () => {
    server = await embeddedSmtpServer({ name: `smtp-server-${pipelining}` }).start()
  }, 30_000)

  afterAll(() => server.stop())

  it.each([1, 3, 100])(
    'comes with its own envelope and octets, byte for byte, %i to a session',
    async (each) => {
      await using scripted = await ScriptedServer.start({ ehlo: OFFERS_CHUNKING })
      const { port } = scripted
      const sent = await send({ port, mail, pipelining, schedule, messagesPerSession: each, workers: 2 })
      expect(sent.samples.map(({ outcome }) => outcome)).toEqual(Array(MESSAGES).fill('accepted'))
      expect(new Map(sent.samples.map(({ message, bytes }) => [message, bytes]))).toEqual(
        new Map(sizes.map((bytes, message) => [message, bytes])),
      )
      const received = scripted.sessions.flatMap((session) => session.messages)
      expect(received).toHaveLength(MESSAGES)
      for (const { mail: from, rcpt, octets } of received) {
        const message = Number(/^X-Mailstorm-Id: truth-(\d+)\r$/m.exec(Buffer.from(octets).toString())?.[1])
        const { sender, recipients } = mail.envelopeOf(message)
        expect(from).toBe(`MAIL FROM:<${sender}> SIZE=${sizes[message]}`)
        expect(rcpt).toEqual(recipients.map((recipient) => `RCPT TO:<${recipient}>`))
        expect(Buffer.concat(mail.octetsOf(message)).equals(octets)).toBe(true)
      }
    },
  )

  it('is in the ledger of npm smtp-server, each with its size and CRC', async () => {
    const runId = `varied-${pipelining}`
    await send({ port: server.port, mail: variedMail(runId), pipelining, schedule, workers: 3 })
    const entries: LedgerEntry[] = []
    for await (const entry of server.entries(runId)) entries.push(entry)
    expect(entries.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(
      sizes.map((_, message) => ({
        id: messageId(runId, message),
        bytes: variedMail(runId).sizeOf(message),
        intact: true,
      })),
    )
  })

  it('is in the ledger where it is generated: sizes, recipients and headers that differ', async () => {
    const runId = `generated-${pipelining}`
    const spec = resolveMail(
      {
        size: 'lognormal(8KB,1.5)',
        sender: 'load{1..100}@example.test',
        recipient: 'user{1..50}@example.test',
        recipients: '1:80,3:20',
        headers: { 'X-Tenant': 't{1..5}' },
      },
      false,
    )
    const generated = mailOf({ ...spec, runId, seed: 9, dateMs: 0 })
    await send({ port: server.port, mail: generated, pipelining, schedule, workers: 3 })
    const entries: LedgerEntry[] = []
    for await (const entry of server.entries(runId)) entries.push(entry)
    expect(entries.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual(
      sizes.map((_, message) => ({
        id: messageId(runId, message),
        bytes: generated.sizeOf(message),
        intact: true,
      })),
    )
  })
})
