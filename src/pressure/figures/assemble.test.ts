import { expect, test } from 'vitest'
import { PRESSURE_FIGURES } from '../../figures/pressure.ts'
import { parseThresholdOn } from '../../figures/threshold.ts'
import { runRecords, tenantRecords } from '../records.fixture.ts'
import type { ProxyFacts } from '../result.ts'
import { assemble } from './assemble.ts'
import { delivery, handedOver, report } from './verify.fixture.ts'

const PROXY: ProxyFacts = {
  implementation: 'mailstorm',
  instances: 1,
  urls: [],
  runs: 'in-process',
  settings: {},
}

const ids = Array.from({ length: 10 }, (_, n) => `m-${n}`)
const tenant = tenantRecords({
  handedOver: ids.map((id) => handedOver(id)),
  reports: ids.map((id) => report(id, 'sent')),
})
const clean = runRecords({ tenants: [tenant], deliveries: ids.map((id) => delivery(id)) })
const thresholds = ['success_rate==1', 'p(95)<500', 'lost==0', 'cache_hit_rate>=0.5'].map((text) =>
  parseThresholdOn(text, PRESSURE_FIGURES),
)

test('builds figures, verification and verdicts from the records of a run', () => {
  const result = assemble(clean, { thresholds, proxy: PROXY })
  expect(result.metrics).toMatchObject({
    total_messages: 10,
    successful_messages: 10,
    success_rate: 1,
    window_seconds: 6,
    drain_seconds: 4,
    messages_per_second: 10,
    throughput_ratio: null,
    total_bytes_sent: 5_000,
    end_to_end_ms: { count: 10, p50: 1_000 },
    report_lag_ms: { count: 10, p50: 1_000 },
    fairness: null,
    over_limit: null,
  })
  expect(result.thresholds.map(({ verdict, value, unit }) => [verdict, value, unit])).toEqual([
    ['pass', 1, 'share'],
    ['fail', 1_000, 'ms'],
    ['pass', 0, 'count'],
    ['no-data', null, 'share'],
  ])
})

test('compares its throughput with that of a run before it', () => {
  const { metrics } = assemble(clean, {
    thresholds: [],
    proxy: PROXY,
    reference: { metrics: { messages_per_second: 4 }, tenants: [] },
  })
  expect(metrics.throughput_ratio).toBe(2.5)
})

test('takes a message for a success only when it came once and intact', () => {
  const twice = runRecords({ ...clean, deliveries: [...ids.map((id) => delivery(id)), delivery('m-3')] })
  expect(assemble(twice, { thresholds: [], proxy: PROXY }).metrics).toMatchObject({
    successful_messages: 9,
    failed_messages: 1,
  })
})

test('tells deliveries of no tenant from those of messages that were offered without an answer', () => {
  const deliveries = [...ids, 'stranger', 'offered', ''].map((id) => delivery(id))
  const { verification } = assemble(runRecords({ ...clean, deliveries, uncertain: new Set(['offered']) }), {
    thresholds: [],
    proxy: PROXY,
  })
  expect(verification).toMatchObject({ delivered: 10, unknown: 2 })
})

test("reports an unverified run when the sink's list is lost, with what is still known", () => {
  const result = assemble(
    runRecords({ ...clean, deliveries: [delivery('m-0')], unknownBecause: 'it is gone' }),
    { thresholds, proxy: PROXY },
  )
  expect(result.verification).toMatchObject({ verified: false, why_not: 'it is gone', lost: null })
  expect(result.thresholds[2]).toMatchObject({ verdict: 'no-data', reason: 'it is gone' })
  expect(result.metrics).toMatchObject({ total_messages: 10, successful_messages: 1 })
})

test('counts calls inside DND windows only while messages are handed over', () => {
  const sync = (startedAtEpochMs: number) => ({
    tenantId: 't',
    startedAtEpochMs,
    endedAtEpochMs: startedAtEpochMs,
    insideDnd: true,
    outcome: 'answered' as const,
    messages: 0,
    reports: 0,
    dndUntilEpochMs: undefined,
  })
  const records = runRecords({ tenants: [tenantRecords({ syncs: [sync(5_999), sync(6_000)] })] })
  expect(assemble(records, { thresholds: [], proxy: PROXY }).metrics.dnd_violations).toBe(1)
})

test('tells how many fetches the proxy spared of those that it could', () => {
  // Ten messages with one attachment need one fetch; there were four, one of them cut short.
  const fetched = (servedBytes: number) => ({
    tenantId: 't',
    md5: 'aa',
    sizeBytes: 10,
    servedBytes,
    startedAtEpochMs: 0,
    endedAtEpochMs: 1,
  })
  const attachments = [10, 10, 10, 4].map(fetched)
  const records = { ...clean, tenants: [{ ...tenant, attachments }] }
  expect(assemble(records, { thresholds: [], proxy: PROXY }).metrics.delivery_cache_hit_rate).toBeCloseTo(
    7 / 9,
  )
})

test('shows each tenant’s account, and null where no proxy counted it', () => {
  expect(assemble(clean, { thresholds: [], proxy: PROXY }).accounts).toEqual([
    { tenant_id: 't', account_id: 'smtp-t', sent: null, errors: null, deferred: null, rate_limited: null },
  ])
})
