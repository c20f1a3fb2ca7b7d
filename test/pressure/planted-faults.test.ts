import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { missedThreshold } from '../../src/report/verdict.ts'
import { freshDatabases } from '../proxy/databases.ts'
import { flipAttachmentByte, OneFault, sinksBehind } from './faulty-relay.ts'
import { deafToDnd, ForgottenReport } from './faulty-sync.ts'
import { missedOf, pressed, SMALL } from './scene.ts'

const freshDatabase = freshDatabases()
const limit = { timeout: 90_000 }

test('finds no fault in a proxy that has none', limit, async () => {
  const result = await pressed(SMALL, await freshDatabase(), {
    sinks: () => sinksBehind((message) => [message]),
  })
  expect(missedOf(result)).toEqual([])
  expect(result).toMatchObject({ status: 'complete', verdict: 'PASSED', diagnosis: [] })
  expect(result.verification).toMatchObject({ handed_over: 120, delivered: 120, intact: 120, unknown: 0 })
})

async function seesFault(metric: string, act: (message: Buffer) => readonly Buffer[]): Promise<void> {
  const planted = new OneFault(17, act)
  const result = await pressed(SMALL, await freshDatabase(), { sinks: () => sinksBehind(planted.fault) })
  const missed = missedOf(result)
  expect(missed).toMatchObject([{ expression: `${metric}==0`, value: 1, verdict: 'fail' }])
  expect(missed.map((threshold) => missedThreshold(result, threshold)).join()).toContain(planted.id)
  expect(result.verdict).toBe('FAILED')
}

test.each([
  ['sends one message twice', 'duplicated', (message: Buffer) => [message, message]],
  ['changes one byte of one attachment', 'corrupted', (message: Buffer) => [flipAttachmentByte(message)]],
])('an SMTP server that %s makes %s==0 fail, and nothing else, with the id', limit, (_, metric, act) =>
  seesFault(metric, act),
)

// What may still come is waited for.
test(
  'an SMTP server that drops one message makes lost==0 fail, and nothing else, with the id',
  {
    ...limit,
    tags: 'long',
  },
  () => seesFault('lost', () => []),
)

test('a proxy that forgets one report makes unreported==0 fail, and nothing else, with the id', {
  ...limit,
  tags: 'long',
}, async () => {
  const forgotten = new ForgottenReport()
  const result = await pressed(SMALL, await freshDatabase(), { around: (late) => forgotten.around(late) })
  const missed = missedOf(result)
  expect(missed).toMatchObject([{ expression: 'unreported==0', value: 1, verdict: 'fail' }])
  expect(missed.map((threshold) => missedThreshold(result, threshold)).join()).toContain(forgotten.id)
})

test('a proxy that ignores DND makes disturbances==0 fail, and nothing else, with the tenant', {
  ...limit,
  tags: 'long',
}, async () => {
  const sleepy = {
    profile: 'standard',
    attachmentShare: 0,
    dndShare: 0.3,
    dndSeconds: { min: 2, max: 3 },
  } as const
  const spec = { ...SMALL, durationSeconds: 8, tenants: [sleepy] }
  const result = await pressed(spec, await freshDatabase(), { around: deafToDnd })
  const missed = missedOf(result)
  expect(missed).toMatchObject([{ expression: 'disturbances==0', verdict: 'fail' }])
  expect(missed.map((threshold) => missedThreshold(result, threshold)).join()).toMatch(
    /tenant-standard: \d+ calls? inside a DND window/,
  )
  const heeding = await pressed(spec, await freshDatabase())
  expect(missedOf(heeding)).toEqual([])
  expect(heeding.metrics.dnd_periods).toBeGreaterThan(0)
})

test('a proxy that refuses the run’s requests is reported: missing figures have a reason', {
  ...limit,
  tags: 'long',
}, async () => {
  let proxyUrl = ''
  const refuses = (path: string) => path === '/commands/run-now' || path === '/metrics'
  const relay = createServer(async (request, response) => {
    const path = request.url ?? ''
    const body = Buffer.concat(await request.toArray())
    if (refuses(path)) return response.writeHead(403).end('no key for this')
    const headers = request.headers as Record<string, string>
    const { method = 'GET' } = request
    const how = method === 'GET' ? {} : { body }
    const answer = await fetch(proxyUrl + path, { method, headers: pick(headers), ...how })
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text())
  }).listen(0, '127.0.0.1')
  await once(relay, 'listening')
  onTestFinished(() => void relay.close())
  const result = await pressed({ ...SMALL, durationSeconds: 3 }, await freshDatabase(), {
    clientsAt(url) {
      proxyUrl = url
      return `http://127.0.0.1:${(relay.address() as AddressInfo).port}`
    },
  })
  const events = result.events.map(({ what }) => what)
  expect(events).toContain('Failed to ask proxy for /commands/run-now: HTTP 403 no key for this')
  expect(events).toContain('no proxy could be read at /metrics: its queue and its own counts are unknown')
  expect(result.metrics.peak_pending).toBeNull()
})

/** What the proxy looks at. */
function pick({ 'x-api-token': token = '' }: Record<string, string>): Record<string, string> {
  return { 'content-type': 'application/json', 'x-api-token': token }
}
