import { Histogram, summarise } from '../../engine/histogram.ts'
import type { ProxyTotals } from '../proxies/reading.ts'
import type { RunRecords, Sample } from '../records.ts'
import type { PressureTimelineRow } from '../result.ts'

const SECOND_MS = 1_000

type Counted =
  | 'handed_over'
  | 'delivered'
  | 'reported'
  | 'sync_calls'
  | 'attachments_served'
  | 'attachment_bytes_served'
  | 'dnd_periods'

/** What happened in one second. */
class Second {
  readonly counts: Record<Counted, number> = {
    handed_over: 0,
    delivered: 0,
    reported: 0,
    sync_calls: 0,
    attachments_served: 0,
    attachment_bytes_served: 0,
    dnd_periods: 0,
  }
  readonly endToEndMs: number[] = []
  readonly syncResponseMs: number[] = []
}

/** One row per second of the run, from the records of tenants, sink and proxies. */
export function assembleTimeline(records: RunRecords): PressureTimelineRow[] {
  const { startedAtEpochMs, endedAtEpochMs } = records
  const length = Math.max(1, Math.ceil((endedAtEpochMs - startedAtEpochMs) / SECOND_MS))
  const seconds = Array.from({ length }, () => new Second())
  const at = (epochMs: number): Second => {
    const second = Math.floor((epochMs - startedAtEpochMs) / SECOND_MS)
    return seconds[Math.min(length - 1, Math.max(0, second))] as Second
  }
  addTenants(records, at)
  addDeliveries(records, at)
  const samples = new Map(records.samples.map((sample) => [sample.second, sample]))
  const histogram = new Histogram()
  let before: ProxyTotals | undefined
  return seconds.map((second, index) => {
    const sample = samples.get(index)
    const row = {
      second: index,
      ...second.counts,
      ...gaugesOf(sample, before),
      proxy_memory_bytes: records.memory.proxies.get(index) ?? null,
      test_process_memory_bytes: records.memory.testProcess.get(index) ?? null,
      end_to_end_ms: summaryOf(second.endToEndMs, histogram),
      sync_response_ms: summaryOf(second.syncResponseMs, histogram),
    }
    before = sample?.totals ?? before
    return row
  })
}

type At = (epochMs: number) => Second

function addTenants({ tenants }: RunRecords, at: At): void {
  for (const { handedOver, syncs, attachments, outcomeOf } of tenants) {
    for (const { id, handedOverAtEpochMs } of handedOver) {
      at(handedOverAtEpochMs).counts.handed_over += 1
      const { sent, error } = outcomeOf(id) ?? {}
      const report = sent ?? error
      if (report !== undefined) at(report.receivedAtEpochMs).counts.reported += 1
    }
    for (const { startedAtEpochMs, endedAtEpochMs, dndUntilEpochMs, outcome } of syncs) {
      const second = at(endedAtEpochMs)
      second.counts.sync_calls += 1
      second.syncResponseMs.push(endedAtEpochMs - startedAtEpochMs)
      if (dndUntilEpochMs !== undefined && outcome === 'answered') second.counts.dnd_periods += 1
    }
    for (const { endedAtEpochMs, servedBytes } of attachments) {
      const { counts } = at(endedAtEpochMs)
      counts.attachments_served += 1
      counts.attachment_bytes_served += servedBytes
    }
  }
}

function addDeliveries({ tenants, deliveries }: RunRecords, at: At): void {
  for (const { handedOver } of tenants) {
    for (const { id, handedOverAtEpochMs } of handedOver) {
      const atEpochMs = deliveries.firstAtEpochMs(id)
      if (atEpochMs === undefined) continue
      const second = at(atEpochMs)
      second.counts.delivered += 1
      second.endToEndMs.push(atEpochMs - handedOverAtEpochMs)
    }
  }
}

type Gauges = Pick<
  PressureTimelineRow,
  'pending' | 'sent' | 'errors' | 'deferred' | 'rate_limited' | 'sent_by_account'
>

function gaugesOf(sample: Sample | undefined, before: ProxyTotals | undefined): Gauges {
  const totals = sample?.totals
  const sumOf = (of: ProxyTotals | undefined, name: 'sent' | 'errors' | 'deferred' | 'rate_limited') =>
    of?.accounts.reduce((sum, account) => sum + account[name], 0) ?? 0
  const increase = (name: 'sent' | 'errors' | 'deferred' | 'rate_limited') =>
    totals === undefined ? null : sumOf(totals, name) - sumOf(before, name)
  return {
    pending: totals?.pending ?? null,
    sent: increase('sent'),
    errors: increase('errors'),
    deferred: increase('deferred'),
    rate_limited: increase('rate_limited'),
    sent_by_account: sentByAccount(totals, before),
  }
}

/** Accounts of several tenants may share an id. */
function sentByAccount(totals: ProxyTotals | undefined, before: ProxyTotals | undefined) {
  const sent: Record<string, number> = {}
  for (const { accountId, sent: now } of totals?.accounts ?? [])
    sent[accountId] = (sent[accountId] ?? 0) + now
  for (const { accountId, sent: then } of before?.accounts ?? []) {
    const now = sent[accountId]
    if (now !== undefined) sent[accountId] = now - then
  }
  return sent
}

function summaryOf(values: readonly number[], histogram: Histogram) {
  histogram.reset()
  for (const value of values) histogram.record(value)
  return summarise(histogram.toSparse())
}
