import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import { readSinkOptions } from '../../src/programs/sink/options.ts'
import { type RunningSink, startSink } from '../../src/programs/sink/sink.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { send } from './send.ts'

const LIMIT_MS = 60_000
const RUNS = 60

let server: RunningSmtpServer
let sink: RunningSink

beforeAll(async () => {
  server = await embeddedSmtpServer({ name: 'smtp-server-random' }).start()
  const anyPort = '127.0.0.1:0'
  const bind = { MH_SMTP_BIND_ADDR: anyPort, MH_API_BIND_ADDR: anyPort, MH_UI_BIND_ADDR: anyPort }
  sink = await startSink(readSinkOptions(bind, []))
}, LIMIT_MS)

afterAll(async () => {
  await server.stop()
  await sink.close()
})

/** Pieces that provoke whoever looks for dots and line ends; the client's bodies end in CRLF. */
const piece = fc.oneof(
  fc.constantFrom('\r\n', '\r\n.', '\r\n..', '.', '..', '\r', '\n', '\n.', '\n..', '\n...', '\r.', '\n.\n'),
  fc.constantFrom('\r\n.\n', '\n.\r\n', '\r.\r\n', '\0', '\xff', 'a', 'text'),
  fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets).toString('latin1')),
)
const body = fc
  .array(piece, { maxLength: 60 })
  .map((pieces) => Buffer.from(`${pieces.join('')}\r\n`, 'latin1'))
const pipelining = fc.constantFrom(...PIPELINING_LEVELS)

test('any body is in the ledger of our server as it was sent, by size and CRC', {
  timeout: LIMIT_MS,
}, async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(body, pipelining, async (octets, level) => {
      const runId = `ledger${run++}`
      const sent = await send({ port: server.port, runId, pipelining: level, body: octets })
      expect(sent.samples.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
      const entries = []
      for await (const entry of server.entries(runId)) entries.push(entry)
      const [{ bytes = 0 } = {}] = sent.samples
      expect(entries.map((entry) => [entry.bytes, entry.intact])).toEqual(Array(3).fill([bytes, true]))
    }),
    { numRuns: RUNS },
  )
})

test('any body is in the sink byte for byte as it was sent', { timeout: LIMIT_MS }, async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(body, pipelining, async (octets, level) => {
      const recipient = `run${run++}@x.test`
      const sent = await send({
        port: sink.smtpPort,
        pipelining: level,
        body: octets,
        recipients: [recipient],
        schedule: { executor: 'shared-iterations', messages: 1 },
      })
      expect(sent.samples.map(({ outcome }) => outcome)).toEqual(['accepted'])
      const query = `kind=to&query=${encodeURIComponent(recipient)}`
      const api = `http://127.0.0.1:${sink.apiPort}/api`
      const found = await fetch(`${api}/v2/search?${query}`)
      const { items } = (await found.json()) as { items: { ID: string }[] }
      expect(items).toHaveLength(1)
      const download = await fetch(`${api}/v1/messages/${items[0]?.ID}/download`)
      const stored = Buffer.from(await download.arrayBuffer())
      // A download has no CRLF before the final dot.
      const received = Buffer.concat([stored.subarray(stored.indexOf('\r\n\r\n') + 4), Buffer.from('\r\n')])
      expect(received.toString('latin1')).toBe(octets.toString('latin1'))
    }),
    { numRuns: RUNS },
  )
})
