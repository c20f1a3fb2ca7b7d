import { expect, test } from 'vitest'
import type { ReportReceived } from './books.ts'
import { TestClock } from './clock.fixture.ts'
import type { TenantOptions } from './options.ts'
import { createTenant, type Tenant } from './tenant.ts'

const PLAIN = { profile: 'standard', messagesPerSync: 10, maxAttachmentBytes: 2_000, dndShare: 0 } as const

function tenantWith(options: Partial<TenantOptions> = {}) {
  const clock = new TestClock()
  return { clock, tenant: createTenant({ ...PLAIN, clock, ...options }) }
}

interface Answer {
  readonly ok: boolean
  readonly processed: number
  readonly messages?: readonly { readonly id: string }[]
  readonly next_sync_after?: number
}

/** One call that the proxy reads to its end, or not. */
async function call(tenant: Tenant, body: object = {}, taken = true) {
  const { settle, body: text, status } = await tenant.sync(body)
  settle(taken)
  return { status, text, answer: (text.startsWith('{') ? JSON.parse(text) : {}) as Answer }
}

const idsIn = ({ answer }: { answer: Answer }) => (answer.messages ?? []).map(({ id }) => id)

test('hands over messages in the answer to a sync call, and records what must arrive', async () => {
  const { tenant, clock } = tenantWith()
  const ids = idsIn(await call(tenant))
  expect(ids.length).toBeGreaterThan(0)
  const known = [...tenant.books.handedOver()]
  expect(known.map(({ id }) => id)).toEqual(ids)
  expect(known[0]).toEqual({
    id: ids[0],
    tenantId: 'tenant-standard',
    handedOverAtEpochMs: clock.nowMs,
    priority: expect.any(Number),
    recipients: [expect.stringMatching(/^user-\d+@example\.com$/)],
    subject: `Pressure test ${ids[0]}`,
    textMd5: expect.stringMatching(/^[\da-f]{32}$/),
    attachments: expect.any(Array),
  })
})

test('offers messages again that came with an answer which was not read to its end', async () => {
  const { tenant } = tenantWith()
  const lost = idsIn(await call(tenant, {}, false))
  expect(tenant.books.handedOverCount).toBe(0)
  expect(tenant.books.uncertain()).toEqual(lost)
  const again = idsIn(await call(tenant))
  expect(again.slice(0, lost.length)).toEqual(lost)
  expect(again.length).toBeGreaterThanOrEqual(lost.length)
  expect(tenant.books.uncertain()).toEqual([])
  expect(tenant.syncs.map(({ outcome }) => outcome)).toEqual(['broken', 'answered'])
})

test('counts a message as handed over when it is reported on, whatever became of the answer', async () => {
  const { tenant } = tenantWith()
  const [id = ''] = idsIn(await call(tenant, {}, false))
  await call(tenant, { delivery_report: [{ id, sent_ts: 5 }] }, false)
  expect(tenant.books.find(id)).toBeDefined()
})

test('keeps the first report of each (id, kind, ts) and counts those that are repeated', async () => {
  const reported: ReportReceived[] = []
  const { tenant, clock } = tenantWith({ observer: { onReported: (report) => reported.push(report) } })
  const [id = ''] = idsIn(await call(tenant))
  const deferred = { id, deferred_ts: 7, deferred_reason: 'greylisted' }
  await call(tenant, { delivery_report: [deferred] })
  clock.nowMs += 1_000
  await call(tenant, { delivery_report: [deferred, { id, sent_ts: 9 }] })
  expect(tenant.books.outcomeOf(id)).toMatchObject({
    deferrals: 1,
    repeated: 1,
    sent: { ts: 9, receivedAtEpochMs: clock.nowMs },
    error: undefined,
  })
  expect(tenant.books.repeatedReports).toBe(1)
  expect(reported.map(({ kind, repeated }) => [kind, repeated])).toEqual([
    ['deferred', false],
    ['deferred', true],
    ['sent', false],
  ])
})

test('counts reports of messages that it never offered', async () => {
  const { tenant } = tenantWith()
  await call(tenant, { delivery_report: [{ id: 'stranger', sent_ts: 1 }] })
  expect(tenant.books.unknownReports).toBe(1)
  expect(tenant.books.outcomeOf('stranger')).toBeUndefined()
})

test('asks not to be disturbed, and sees a call that comes all the same', async () => {
  const { tenant, clock } = tenantWith({ dndShare: 1, dndSeconds: { min: 10, max: 20 } })
  const { answer } = await call(tenant)
  const until = (answer.next_sync_after ?? 0) * 1000
  expect(until - clock.nowMs).toBeGreaterThanOrEqual(10_000)
  expect(until - clock.nowMs).toBeLessThanOrEqual(20_000)
  clock.nowMs += 5_000
  await call(tenant)
  // The second answer asked anew: its window counts.
  clock.nowMs = Number(tenant.syncs[1]?.dndUntilEpochMs)
  await call(tenant)
  expect(tenant.syncs.map(({ insideDnd }) => insideDnd)).toEqual([false, true, false])
  expect(tenant.stats()).toMatchObject({ dnd_periods: 3, dnd_violations: 1 })
})

test('does not ask for quiet in an answer that nobody read', async () => {
  const { tenant, clock } = tenantWith({ dndShare: 1 })
  await call(tenant, {}, false)
  clock.nowMs += 5_000
  await call(tenant)
  expect(tenant.syncs[1]?.insideDnd).toBe(false)
})

test('acknowledges reports but makes nothing new and asks for no quiet once generation was stopped', async () => {
  const { tenant } = tenantWith({ dndShare: 1 })
  const [id = ''] = idsIn(await call(tenant))
  tenant.stopGenerating()
  const { answer } = await call(tenant, { delivery_report: [{ id, sent_ts: 5 }] })
  expect(answer).toEqual({ ok: true, processed: 1 })
  expect(tenant.books.outcomeOf(id)?.sent?.ts).toBe(5)
})

test('offers a message again that was not reported on in time, and no other', async () => {
  const { tenant, clock } = tenantWith({ reofferAfterMs: 60_000, maxMessages: 3, messagesPerSync: 40 })
  const [first = '', ...rest] = idsIn(await call(tenant))
  clock.nowMs += 59_999
  expect(idsIn(await call(tenant, { reports: [{ id: first, sent_ts: 5 }] }))).toEqual([])
  clock.nowMs += 1
  expect(idsIn(await call(tenant))).toEqual(rest)
  expect(idsIn(await call(tenant))).toEqual([])
  expect(tenant.books.handedOverCount).toBe(3)
})

test.each([
  ['status-500', 500, 'a fault'],
  ['not-json', 200, '<h1>'],
  ['ok-false', 200, '"ok":false'],
] as const)('fails with %s when told to, having heard no report', async (kind, status, body) => {
  const { tenant } = tenantWith({ syncFault: { kind, share: 1 } })
  const failed = await call(tenant, { reports: [{ id: 'a', sent_ts: 1 }] })
  expect(failed.status).toBe(status)
  expect(failed.text).toContain(body)
  expect(tenant.books.unknownReports).toBe(0)
  expect(tenant.syncs[0]).toMatchObject({ outcome: 'fault', messages: 0, reports: 0 })
})

test('fails as often as configured, and generates the same messages as one that does not fail', async () => {
  const { tenant } = tenantWith({ syncFault: { kind: 'status-500', share: 0.3 } })
  const ids: string[] = []
  for (let n = 0; n < 1_000; n++) ids.push(...idsIn(await call(tenant)))
  expect(tenant.syncs.filter(({ outcome }) => outcome === 'fault').length / 1_000).toBeCloseTo(0.3, 1)
  const soundIds = idsIn(await call(tenantWith().tenant))
  expect(ids.slice(0, soundIds.length)).toEqual(soundIds)
})

test('delays its answers as configured', async () => {
  const { tenant } = tenantWith({ responseDelayMs: 750 })
  await call(tenant)
  const [{ startedAtEpochMs, endedAtEpochMs } = expect.fail()] = tenant.syncs
  expect(endedAtEpochMs - startedAtEpochMs).toBe(750)
})

test('shows its effective options in its facts, including the cap on attachments, without credentials', () => {
  const { facts } = createTenant({
    profile: 'newsletter',
    maxAttachmentBytes: 1_000_000,
    auth: { method: 'bearer', token: 'secret-1' },
  })
  expect(facts).toMatchObject({
    profile: 'newsletter',
    maxAttachmentBytes: 1_000_000,
    cachedShare: 0.5,
    intake: 'response',
  })
  expect(JSON.stringify(facts)).not.toContain('secret-1')
  expect(structuredClone(facts)).toEqual(facts)
})
