import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { Hog } from '../programs/sink/contract/hog.ts'
import { textDigest } from '../programs/sink/mime/mime-digest.ts'
import { readSinkOptions } from '../programs/sink/options.ts'
import { startSink } from '../programs/sink/sink.ts'
import { type DeliverySource, MailhogDeliveries, SinkDeliveries } from './deliveries.ts'

const ANY_PORT = '127.0.0.1:0'
const ENVIRONMENT = {
  MH_SMTP_BIND_ADDR: ANY_PORT,
  MH_API_BIND_ADDR: ANY_PORT,
  MH_UI_BIND_ADDR: ANY_PORT,
  SINK_MIME_DIGESTS: '1',
  SINK_DIGEST_HEADERS: 'X-Genro-Mail-ID',
}

async function sink() {
  const running = await startSink(readSinkOptions(ENVIRONMENT, []))
  const apiUrl = `http://127.0.0.1:${running.apiPort}`
  const boot = () => Promise.reject(new Error('one is enough'))
  return { apiUrl, hog: new Hog({ ...running, apiUrl }, boot), [Symbol.asyncDispose]: () => running.close() }
}

const SOURCES: [string, (apiUrl: string) => DeliverySource][] = [
  ['our own API', (apiUrl) => new SinkDeliveries('sink', apiUrl)],
  ['MailHog’s API', (apiUrl) => new MailhogDeliveries('sink', apiUrl)],
]
const ATTACHED = [
  'X-Genro-Mail-ID: m-2',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  '',
  'hällo',
  '--b',
  'Content-Disposition: attachment; filename=a.bin',
  'Content-Transfer-Encoding: base64',
  '',
  'YWJj',
  '--b--',
].join('\r\n')

test.each(SOURCES)(
  'reads each delivery once, in the order in which they came, by %s',
  async (_, sourceOf) => {
    await using running = await sink()
    const source = sourceOf(running.apiUrl)
    expect(await source.read()).toEqual([])
    const beforeMs = Date.now()
    await running.hog.send('X-Genro-Mail-ID: m-1\r\n\r\nhi')
    await running.hog.send(ATTACHED)
    const [first, second] = await source.read()
    expect(first).toMatchObject({ id: 'm-1', textMd5: textDigest('hi'), attachments: [] })
    expect(first?.atEpochMs).toBeGreaterThanOrEqual(beforeMs)
    expect(first?.atEpochMs).toBeLessThanOrEqual(Date.now() + 1)
    expect(second).toMatchObject({
      id: 'm-2',
      attachments: [{ name: 'a.bin', bytes: 3, md5: '900150983cd24fb0d6963f7d28e17f72' }],
    })
    expect(await source.read()).toEqual([])
    await running.hog.send('Subject: x\r\n\r\nwithout an id')
    expect(await source.read()).toMatchObject([{ id: '' }])
  },
)

test('reads 120 messages of a MailHog, page by page, while more arrive', async () => {
  await using running = await sink()
  const source = new MailhogDeliveries('sink', running.apiUrl)
  const ids: string[] = []
  for (let n = 0; n < 120; n++) {
    await running.hog.send(`X-Genro-Mail-ID: m-${n}\r\n\r\nhi`)
    if (n % 37 === 0) ids.push(...(await source.read()).map(({ id }) => id))
  }
  ids.push(...(await source.read()).map(({ id }) => id))
  expect(ids).toEqual(Array.from({ length: 120 }, (_, n) => `m-${n}`))
})

test.each(SOURCES)('says which address answered what when it cannot be read, by %s', async (_, sourceOf) => {
  const refuse = (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(503).end()
  await using server = createServer(refuse).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await expect(sourceOf(apiUrl).read()).rejects.toThrow(new RegExp(`${apiUrl}/.* answered 503`))
})
