import { expect, test } from 'vitest'
import { EMPTY_HISTOGRAM, summarise } from '../../engine/histogram.ts'
import type { ProxyFacts } from '../result.ts'
import { diagnose } from './diagnose.ts'
import { NOTHING, PROXY, patient, TENANT } from './patient.fixture.ts'
import type { Patient } from './rule.ts'

const MEGABYTE = 1024 ** 2
const rulesOf = (run: Patient) => diagnose(run).map(({ rule }) => rule)
const latency = (p95: number) => ({ ...summarise(EMPTY_HISTOGRAM), count: 1, p95, max: p95 * 2 })

test('finds nothing in a healthy run, however the queue saws', () => {
  expect(diagnose(patient())).toEqual([])
  expect(rulesOf(patient((second) => ({ pending: second % 5 === 0 ? 400 : 0 })))).toEqual([])
})

test('sees a queue that grows, with its numbers', () => {
  const [finding] = diagnose(
    patient((second) => ({ pending: second * 10 }), { metrics: { peak_pending: 590 } }),
  )
  expect(finding).toMatchObject({
    rule: 'pending-growing',
    severity: 'warning',
    evidence:
      '95 pending on average in the first third of the window, 495 in the last (10 more each second), at most 590; it drained in 2 s',
  })
})

test('calls a queue that never emptied critical', () => {
  const verification = { ...NOTHING.verification, still_queued: 400 }
  expect(diagnose(patient((second) => ({ pending: second * 10 }), { verification }))).toMatchObject([
    { rule: 'pending-growing', severity: 'critical' },
  ])
})

test('looks at the queue while messages are handed over only', () => {
  const recovering = patient((second) => ({ pending: second < 20 ? 0 : second * 10 }), {
    metrics: { window_seconds: 20 },
  })
  expect(rulesOf(recovering)).toEqual([])
})

test("finds growing memory, and memory above the limit of the proxy's container", () => {
  expect(
    diagnose(patient((second) => ({ proxy_memory_bytes: (100 + second * 5) * MEGABYTE }))),
  ).toMatchObject([{ rule: 'memory-growing', severity: 'warning', symptom: 'Memory growing' }])
  expect(diagnose(patient(() => ({ proxy_memory_bytes: 600 * MEGABYTE })))).toMatchObject([
    { rule: 'memory-growing', severity: 'critical', symptom: 'High memory usage' },
  ])
})

test('does not blame the test process for being large, only for growing', () => {
  const inProcess = (bytes: (second: number) => number) =>
    patient((second) => ({ proxy_memory_bytes: null, test_process_memory_bytes: bytes(second) }))
  expect(rulesOf(inProcess(() => 900 * MEGABYTE))).toEqual([])
  expect(rulesOf(inProcess((second) => (300 + second * 10) * MEGABYTE))).toEqual(['memory-growing'])
})

test('names the tenants that answer slowly, the slowest first', () => {
  const tenants = [
    { ...TENANT, tenant_id: 'quick', sync_response_ms: latency(40) },
    { ...TENANT, tenant_id: 'slow', sync_response_ms: latency(1_500) },
    { ...TENANT, tenant_id: 'slowest', sync_response_ms: latency(3_000) },
  ]
  expect(diagnose(patient(undefined, { tenants }))).toMatchObject([
    {
      rule: 'slow-sync',
      evidence: 'slowest: p95 3,000 ms, max 6,000 ms; slow: p95 1,500 ms, max 3,000 ms',
    },
  ])
})

test('does not blame clients that wait while the proxy accepts their push', () => {
  const tenants = [{ ...TENANT, intake: 'push' as const, sync_response_ms: latency(1_500) }]
  expect(diagnose(patient(undefined, { tenants }))[0]?.cause).toContain(
    'The proxy is slow to accept messages',
  )
})

test('counts DND periods against calls', () => {
  const tenants = [{ ...TENANT, tenant_id: 'sleepy', dnd_periods: 6, sync_calls: 12 }]
  expect(diagnose(patient(undefined, { tenants }))).toMatchObject([
    { rule: 'many-dnd', evidence: 'sleepy: 6 of 12 answers asked not to be disturbed' },
  ])
  expect(rulesOf(patient(undefined, { tenants: [{ ...TENANT, dnd_periods: 6, sync_calls: 100 }] }))).toEqual(
    [],
  )
})

test('tells a cache that has nothing to keep from one that does not keep', () => {
  const seen = { attachments_served: 200 }
  const little = { ...seen, cache_hit_rate: 0.05, delivery_cache_hit_rate: 1 }
  expect(diagnose(patient(undefined, { metrics: little }))).toMatchObject([
    { rule: 'low-cache-hit-rate', cause: 'Not enough repeated attachments' },
  ])
  const leaky = { ...seen, cache_hit_rate: null, delivery_cache_hit_rate: 0.1 }
  expect(diagnose(patient(undefined, { metrics: leaky }))).toMatchObject([
    {
      rule: 'low-cache-hit-rate',
      cause: 'The cache is off or too small: repeated attachments are fetched again',
    },
  ])
  expect(rulesOf(patient(undefined, { metrics: { ...little, attachments_served: 5 } }))).toEqual([])
})

test('finds the cliff of genro-mail-proxy, where it is and after how many messages', () => {
  const proxy: ProxyFacts = { ...PROXY, implementation: 'genro-mail-proxy' }
  const course = (handed_over: number) => (second: number) => ({
    handed_over: second === 0 ? handed_over : 0,
    delivered: second < 20 ? 50 : 1,
    pending: null,
  })
  const cliff = patient(course(1_540), { proxy })
  const [finding] = diagnose(cliff)
  expect(finding).toMatchObject({
    rule: 'throughput-cliff',
    severity: 'critical',
    evidence:
      'fell from 50 deliveries a second to 1 in second 20, after 1,000 deliveries, with at least 500 messages waiting',
    cause: 'Its queue of 1,000 delivery results is full: nobody reads it, so each further result waits 5 s',
  })
  expect(rulesOf(patient(course(1_050)))).toEqual([])
})

test('puts critical findings first, and names duplicates with their ids', () => {
  const verification = {
    ...NOTHING.verification,
    delivered: 300,
    duplicated: 248,
    duplicated_ids: ['a', 'b', 'c', 'd'],
  }
  const proxy = { ...PROXY, instances: 3 }
  const metrics = { attachments_served: 200, cache_hit_rate: 0.01 }
  const found = diagnose(patient(undefined, { verification, proxy, metrics }))
  expect(found.map(({ rule }) => rule)).toEqual(['duplicates', 'low-cache-hit-rate'])
  expect(found[0]?.evidence).toBe(
    '248 surplus deliveries of 300 messages, with 3 proxies on the database; first ids: a, b, c',
  )
})
