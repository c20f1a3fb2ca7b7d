import { expect, test } from 'vitest'
import { Histogram } from '../../engine/histogram.ts'
import type { SyncRecord } from '../../programs/tenants/books.ts'
import { overLimit } from './assemble.ts'
import { fairnessOf, type TenantLoad as Load } from './metrics.ts'
import { dndMs, dndResumesMs } from './times.ts'

function times(count: number, ms: number) {
  const histogram = new Histogram()
  for (let n = 0; n < count; n++) histogram.record(ms)
  return histogram.toSparse()
}

/** Tenants with as many messages each, and no attachments. */
function equals(...ms: number[]) {
  return ms.map((each) => ({ plainEndToEnd: times(50, each), messages: 50, attachmentBytes: 0 }))
}

test('compares the slowest p95 with the fastest, below a second nobody waits', () => {
  expect(fairnessOf(equals(2_000, 6_000, 3_000))).toBeCloseTo(3)
  expect(fairnessOf(equals(10, 900))).toBe(1)
  expect(fairnessOf(equals(10, 4_000))).toBeCloseTo(4)
})

test('compares neither tenants with too few messages nor a single tenant', () => {
  const few = { plainEndToEnd: times(19, 60_000), messages: 19, attachmentBytes: 0 }
  expect(fairnessOf([...equals(2_000), few])).toBeNull()
  expect(fairnessOf(equals(2_000))).toBeNull()
  expect(fairnessOf([])).toBeNull()
})

test('lets a flooding tenant wait behind its own mail, but nobody else', () => {
  const [slow, quick, held] = equals(40_000, 2_000, 6_000) as [Load, Load, Load]
  expect(
    fairnessOf([{ ...slow, attachmentBytes: 1e9 }, quick, { ...held, attachmentBytes: 1e6 }]),
  ).toBeCloseTo(3)
  expect(fairnessOf([{ ...slow, messages: 500 }, quick, held])).toBeCloseTo(3)
  expect(fairnessOf([slow, quick, held])).toBeCloseTo(20)
})

test('holds it against the proxy when it serves the flood first', () => {
  const [first, held] = equals(1_000, 9_000) as [Load, Load]
  expect(fairnessOf([{ ...first, messages: 500 }, held])).toBeCloseTo(9)
})

test('counts deliveries beyond the limit within any minute, in whatever order they were read', () => {
  const everySecond = Array.from({ length: 120 }, (_, second) => second * 1_000)
  expect(overLimit(everySecond, 60)).toBe(0)
  expect(overLimit(everySecond, 50)).toBe(9)
  expect(overLimit([70_000, 0, 10, 20, 30], 3)).toBe(1)
  // A burst at the end of one minute and one at the begin of the next are within one minute.
  expect(overLimit([59_000, 59_001, 60_001, 60_002], 2)).toBe(2)
  expect(overLimit([], 1)).toBe(0)
})

function sync(startedAtEpochMs: number, change: Partial<SyncRecord> = {}): SyncRecord {
  return {
    tenantId: 't',
    startedAtEpochMs,
    endedAtEpochMs: startedAtEpochMs + 10,
    insideDnd: false,
    outcome: 'answered',
    messages: 0,
    reports: 0,
    dndUntilEpochMs: undefined,
    ...change,
  }
}

test('tells how soon a tenant is called after its DND window', () => {
  const syncs = [sync(0, { dndUntilEpochMs: 5_000 }), sync(5_120), sync(6_000)]
  expect(dndResumesMs(syncs, 60_000)).toEqual([120])
})

test('leaves out windows that were violated, never received, or cut short by the end of the run', () => {
  const broken = [sync(0, { dndUntilEpochMs: 5_000 }), sync(3_000, { insideDnd: true })]
  const unheard = [sync(0, { dndUntilEpochMs: 5_000, outcome: 'broken' }), sync(1_000)]
  const cut = [sync(50_000, { dndUntilEpochMs: 70_000 }), sync(60_100)]
  for (const syncs of [broken, unheard, cut]) expect(dndResumesMs(syncs, 60_000)).toEqual([])
})

test('adds up the time in DND windows within a span', () => {
  const syncs = [sync(0, { dndUntilEpochMs: 5_010 }), sync(20_000, { dndUntilEpochMs: 90_010 })]
  expect(dndMs(syncs, 0, 30_010)).toBe(5_000 + 10_000)
})
