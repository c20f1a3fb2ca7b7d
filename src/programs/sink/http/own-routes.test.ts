import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { Hog } from '../contract/hog.ts'
import { textDigest } from '../mime/mime-digest.ts'
import { readSinkOptions } from '../options.ts'
import { startSink } from '../sink.ts'
import type { DeliveryLine, MessageDigest } from './own-routes.ts'

const ANY_PORT = '127.0.0.1:0'

async function start(environment: Readonly<Record<string, string>> = {}) {
  const bind = { MH_SMTP_BIND_ADDR: ANY_PORT, MH_API_BIND_ADDR: ANY_PORT, MH_UI_BIND_ADDR: ANY_PORT }
  const sink = await startSink(readSinkOptions({ ...bind, ...environment }, []))
  const boot = () => Promise.reject(new Error('one is enough'))
  const booted = { ...sink, apiUrl: `http://127.0.0.1:${sink.apiPort}` }
  return { hog: new Hog(booted, boot), sink, [Symbol.asyncDispose]: () => sink.close() }
}

async function digests(hog: Hog, query = ''): Promise<MessageDigest[]> {
  const text = await (await hog.fetch(`/sink/digests${query}`)).text()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as MessageDigest)
}

test('gives a digest of every message, oldest first, or of those to one recipient', async () => {
  await using running = await start({ SINK_DIGEST_HEADERS: 'X-Id, Subject' })
  const { hog } = running
  const id = await hog.send('X-Id: r-1\r\n\r\nhi', 'a@x.test', ['b@y.test', 'c@y.test'])
  await hog.send('X: y\r\n\r\n.', 'a@x.test', ['c@y.test'])
  expect((await digests(hog))[0]).toEqual({
    id,
    from: 'a@x.test',
    to: ['b@y.test', 'c@y.test'],
    bytes: 17,
    sha256: createHash('sha256').update('X-Id: r-1\r\n\r\nhi\r\n').digest('hex'),
    body_crc32: crc32('hi\r\n').toString(16).padStart(8, '0'),
    headers: { 'X-Id': 'r-1', Subject: '' },
  })
  expect((await digests(hog, '?to=c@y.test')).map(({ headers }) => headers['X-Id'])).toEqual(['r-1', ''])
  expect((await digests(hog, '?to=b@y.test')).map(({ headers }) => headers['X-Id'])).toEqual(['r-1'])
  expect(await digests(hog, '?to=y.test')).toEqual([])
  expect(await (await hog.fetch('/sink/count')).json()).toEqual({ count: 2, events_dropped: 0 })
})

test('lists the contents of messages from any position, even when bodies are dropped', async () => {
  await using running = await start({
    SINK_DIGEST_ONLY: '1',
    SINK_MIME_DIGESTS: '1',
    SINK_DIGEST_HEADERS: 'X-Id',
  })
  const { hog } = running
  const lines = async (query: string) => (await (await hog.fetch(`/sink/deliveries${query}`)).text()).trim()
  const beforeMs = Date.now()
  await hog.send('X-Id: m-1\r\n\r\nhi')
  const file = 'Content-Disposition: attachment; filename="ä.bin"\r\nContent-Transfer-Encoding: base64'
  const id = await hog.send(`X-Id: m-2\r\n${file}\r\n\r\nYWJj`)
  const [first = '', second = ''] = (await lines('')).split('\n')
  expect(JSON.parse(first)).toMatchObject({ text_md5: textDigest('hi'), html_md5: null, attachments: [] })
  const delivery = JSON.parse(second) as DeliveryLine
  expect(delivery).toMatchObject({ id, headers: { 'X-Id': 'm-2' }, text_md5: null })
  expect(delivery.attachments).toMatchObject([
    { bytes: 3, md5: createHash('md5').update('abc').digest('hex') },
  ])
  expect(delivery.at_epoch_ms).toBeGreaterThanOrEqual(beforeMs)
  expect(delivery.at_epoch_ms).toBeLessThanOrEqual(Date.now() + 1)
  expect(await lines('?from=1')).toBe(second)
  expect(await lines('?from=2')).toBe('')
  expect((await hog.fetch('/sink/deliveries?from=x')).status).toBe(400)
})

test('shows headers with an empty body in digest-only mode and says so in every answer', async () => {
  await using running = await start({ SINK_DIGEST_ONLY: '1' })
  const { hog } = running
  await hog.send('Subject: x\r\n\r\nhello')
  const response = await hog.fetch('/api/v2/messages')
  expect(response.headers.get('x-mailstorm-sink')).toBe('digest-only')
  expect(await response.json()).toMatchObject({
    total: 1,
    items: [{ Content: { Headers: { Subject: ['x'] }, Body: '', Size: 19 } }],
  })
  const [digest] = await digests(hog)
  expect(digest).toMatchObject({
    bytes: 21,
    sha256: createHash('sha256').update('Subject: x\r\n\r\nhello\r\n').digest('hex'),
  })
})

test('counts the event that a message too large to announce would have been', async () => {
  await using running = await start()
  const { hog } = running
  const socket = new WebSocket(`${hog.apiUrl.replace('http', 'ws')}/api/v2/websocket`)
  const opened = new Promise((resolve) => {
    socket.onopen = resolve
  })
  await opened
  await hog.send('x'.repeat(17 * 1024 * 1024))
  expect(await (await hog.fetch('/sink/count')).json()).toEqual({ count: 1, events_dropped: 1 })
  socket.close()
})

test('serves only the page on a listener of its own', async () => {
  await using running = await start({ MH_UI_BIND_ADDR: 'localhost:0' })
  const { hog, sink } = running
  expect(sink.uiPort).not.toBe(sink.apiPort)
  const ui = (path: string) => fetch(`http://localhost:${sink.uiPort}${path}`)
  expect([(await ui('/')).status, (await ui('/api/v2/messages')).status]).toEqual([200, 404])
  expect([(await hog.fetch('/')).status, (await hog.fetch('/api/v2/messages')).status]).toEqual([404, 200])
})

test('names the port that is taken', async () => {
  await using running = await start()
  const taken = `127.0.0.1:${running.sink.smtpPort}`
  await expect(start({ MH_SMTP_BIND_ADDR: taken })).rejects.toThrow(
    `Failed to listen on ${taken} (MH_SMTP_BIND_ADDR): the port is taken.`,
  )
})
