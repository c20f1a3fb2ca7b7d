import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import type { LedgerEntry } from '../../src/ledger/ledger.ts'
import { messageId } from '../../src/mail/id.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { aiosmtpd } from '../servers/aiosmtpd.ts'
import { smtpSink } from '../servers/smtp-sink.ts'
import type { RunningTool } from '../servers/tool.ts'
import { BODIES } from './bodies.ts'
import { type Sent, send } from './send.ts'

const MESSAGES = 12
const LIMIT_MS = 30_000
const HEADER_END = Buffer.from('\r\n\r\n')

const cases = BODIES.flatMap(({ name, body }) =>
  PIPELINING_LEVELS.map((pipelining) => ({ name, body, pipelining })),
)
type Case = (typeof cases)[number]

describe.each([smtpSink, aiosmtpd])('what $name received', (tool) => {
  if (tool.missing !== undefined) {
    it.skip(tool.missing)
    return
  }
  let folder: string
  let server: RunningTool

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailstorm-truth-'))
    server = await tool.start(folder)
  }, LIMIT_MS)

  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  it.each(cases)('is what was sent, byte for byte: $name, pipelining $pipelining', async (sending) => {
    const { runId, sent } = await sendAll(server.port, sending)
    const received = (await server.received()).filter((message) => idOf(message)?.startsWith(`${runId}-`))
    expect(received.map(idOf).sort()).toEqual(idsOf(runId))
    for (const message of received) {
      const body = message.subarray(message.indexOf(HEADER_END) + HEADER_END.length)
      if (sending.body !== undefined) expect(body.equals(sending.body)).toBe(true)
      expect(message.length).toBe(sent.samples[0]?.bytes)
    }
  })
})

describe('what npm smtp-server received', () => {
  let server: RunningSmtpServer

  beforeAll(async () => {
    server = await embeddedSmtpServer({ name: 'smtp-server-truth' }).start()
  }, LIMIT_MS)

  afterAll(() => server.stop())

  it.each(cases)('is what was sent, by size and CRC: $name, pipelining $pipelining', async (sending) => {
    const { runId, sent } = await sendAll(server.port, sending)
    const entries: LedgerEntry[] = []
    for await (const entry of server.entries(runId)) entries.push(entry)
    expect(entries.map((entry) => entry.id).sort()).toEqual(idsOf(runId))
    expect(entries.every((entry) => entry.intact && entry.bytes === sent.samples[0]?.bytes)).toBe(true)
    expect(await server.ledger(runId)).toMatchObject({ accepted: MESSAGES, corrupted: 0 })
  })
})

/** All accepted, or the test fails here. */
async function sendAll(
  port: number,
  { name, body, pipelining }: Case,
): Promise<{ runId: string; sent: Sent }> {
  const runId = `${name.replace(/\W/g, '')}-${pipelining}`
  const sent = await send({
    port,
    runId,
    pipelining,
    schedule: { executor: 'shared-iterations', messages: MESSAGES },
    workers: 3,
    sizeBytes: 10_240,
    replyTimeoutMs: 10_000,
    ...(body === undefined ? {} : { body }),
  })
  expect(sent.samples.map((sample) => sample.outcome)).toEqual(Array(MESSAGES).fill('accepted'))
  return { runId, sent }
}

function idsOf(runId: string): string[] {
  return Array.from({ length: MESSAGES }, (_, message) => messageId(runId, message))
}

function idOf(message: Buffer): string | undefined {
  return /^X-Mailstorm-Id: (\S+)\r$/m.exec(message.toString('latin1'))?.[1]
}
