import { expect, test } from 'vitest'
import type { ProxyTotals } from '../proxies/reading.ts'
import { runRecords, tenantRecords } from '../records.fixture.ts'
import { assembleTimeline } from './timeline.ts'
import { delivery, handedOver, report } from './verify.fixture.ts'

const totals = (sent: number, pending: number, change: Partial<ProxyTotals['accounts'][number]> = {}) => ({
  pending,
  accounts: [{ tenantId: 't', accountId: 'smtp', sent, errors: 0, deferred: 0, rate_limited: 0, ...change }],
  cache: null,
})

test('puts each message into the seconds in which it was handed over, delivered and reported', () => {
  const tenant = tenantRecords({
    handedOver: [
      handedOver('a', { handedOverAtEpochMs: 500 }),
      handedOver('b', { handedOverAtEpochMs: 999 }),
    ],
    reports: [report('a', 'sent', 3_100), report('b', 'error', 3_900)],
  })
  const deliveries = [delivery('a', { atEpochMs: 2_500 }), delivery('a', { atEpochMs: 4_500 })]
  const rows = assembleTimeline(runRecords({ tenants: [tenant], deliveries }))
  expect(rows).toHaveLength(10)
  expect(rows.map((row) => [row.handed_over, row.delivered, row.reported]).slice(0, 5)).toEqual([
    [2, 0, 0],
    [0, 0, 0],
    [0, 1, 0],
    [0, 0, 2],
    [0, 0, 0],
  ])
  expect(rows[2]?.end_to_end_ms).toMatchObject({ count: 1, p50: 2_000 })
})

test('counts calls, DND periods and fetches when they ended, and what is beyond the run in its last second', () => {
  const sync = {
    tenantId: 't',
    startedAtEpochMs: 900,
    endedAtEpochMs: 1_100,
    insideDnd: false,
    outcome: 'answered' as const,
    messages: 0,
    reports: 0,
    dndUntilEpochMs: 9_000,
  }
  const fetched = {
    tenantId: 't',
    md5: 'aa',
    sizeBytes: 10,
    servedBytes: 7,
    startedAtEpochMs: 0,
    endedAtEpochMs: 12_000,
  }
  const rows = assembleTimeline(
    runRecords({ tenants: [tenantRecords({ syncs: [sync], attachments: [fetched] })] }),
  )
  expect(rows[1]).toMatchObject({ sync_calls: 1, dnd_periods: 1, sync_response_ms: { p50: 200 } })
  expect(rows[9]).toMatchObject({ attachments_served: 1, attachment_bytes_served: 7 })
})

test('makes increases of counters, and says nothing for a second in which no proxy was read', () => {
  const samples = [
    { second: 0, totals: totals(4, 9) },
    { second: 1, totals: undefined },
    { second: 2, totals: totals(10, 3, { deferred: 2 }) },
  ]
  const memory = { proxies: new Map([[2, 1_000]]), testProcess: new Map([[0, 500]]) }
  const rows = assembleTimeline(runRecords({ samples, memory }))
  expect(rows[0]).toMatchObject({
    pending: 9,
    sent: 4,
    deferred: 0,
    sent_by_account: { smtp: 4 },
    proxy_memory_bytes: null,
    test_process_memory_bytes: 500,
  })
  expect(rows[1]).toMatchObject({ pending: null, sent: null, sent_by_account: {} })
  expect(rows[2]).toMatchObject({
    pending: 3,
    sent: 6,
    deferred: 2,
    sent_by_account: { smtp: 6 },
    proxy_memory_bytes: 1_000,
  })
})
