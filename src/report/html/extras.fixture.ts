import type {
  DriftResult,
  MergedFrom,
  Result,
  SearchResult,
  SearchStep,
  SideBySide,
  SplitResult,
} from '../../engine/result.ts'
import { burstResult } from '../result.fixture.ts'

/** What only some results have, as real runs wrote it, for the tests of what draws it. */

export function scalingTable(): SideBySide {
  return {
    by: 'servers',
    columns: [
      { name: 'accepted', unit: 'count' },
      { name: 'throughput', unit: 'per_second' },
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
      { name: 'efficiency per server', unit: 'share' },
    ],
    rows: [
      { label: '1-server', values: [5000, 6863, 6, 16.85, 1] },
      { label: '3-servers', values: [5000, 7726, 4.67, 43.36, 0.3752] },
      { label: '5-servers', values: [5000, 7005, 5.04, null, 0.2041] },
    ],
    note: 'Efficiency is throughput per server.',
  }
}

export function searchStep(rate: number, changes: Partial<SearchStep> = {}): SearchStep {
  return {
    rate_per_second: rate,
    held: true,
    missed: [],
    p99_ms: rate / 10,
    success_rate: 1,
    throughput: rate,
    generator_bound: false,
    ...changes,
  }
}

/** Doubled until it broke, then halfway; the last try was this machine's own limit. */
export function searchResult(changes: Partial<SearchResult> = {}): SearchResult {
  const broke = { held: false, missed: ['p(99)<500'], p99_ms: 1200, success_rate: 0.97, throughput: 310 }
  return {
    rate_per_second: 300,
    broke_at_per_second: 400,
    holds: ['p(99)<500', 'success_rate>=0.99'],
    seconds: 10,
    confidence: 'high',
    why: 'it held twice, and 400/s broke',
    steps: [
      searchStep(100),
      searchStep(200),
      searchStep(400, broke),
      searchStep(300),
      searchStep(350, { ...broke, generator_bound: true, p99_ms: null }),
    ],
    ...changes,
  }
}

const MB = 1_048_576

/** Ten minutes in which p99 grows by 1 ms a minute and memory stays. */
export function driftingResult(): Result {
  const seconds = Array.from({ length: 600 }, (_, second) => second)
  const [row] = burstResult().timeline
  if (row === undefined) throw new RangeError('the burst has seconds')
  const samples = seconds.map((second) => ({ second, cpu_percent: 20, memory_bytes: 80 * MB }))
  const none = { min: 0, avg: 0, max: 0 }
  const drift: DriftResult[] = [
    { of: 'response time p99', unit: 'ms', per_hour: 60, low_per_hour: 50, high_per_hour: 70, points: 108 },
    {
      ...{ of: 'memory of smtp-server-1', unit: 'bytes', per_hour: 0 },
      ...{ low_per_hour: -MB, high_per_hour: MB, points: 108 },
    },
  ]
  return burstResult({
    drift,
    timeline: seconds.map((second) => ({
      ...row,
      second,
      response_time_ms: { ...row.response_time_ms, p99: 20 + second / 60 },
    })),
    resource_usage: { 'smtp-server-1': { cpu_percent: none, memory_bytes: none, samples } },
  })
}

export function splitResult(): SplitResult {
  return {
    generators: 3,
    index: 1,
    shared_run_id: 'b7f3a1c2',
    agreed_start: '2026-01-02T03:04:05.000Z',
    started_at: '2026-01-02T03:04:05.012Z',
    start_late_ms: 12,
  }
}

/** Of three generators, the third of which left no result. */
export function mergedFrom(): MergedFrom {
  const part = (index: number, after_first_ms: number) => ({
    index,
    run_id: `b7f3a1c2g${index}`,
    started_at: '2026-01-02T03:04:05.012Z',
    after_first_ms,
    start_late_ms: null,
    total_messages: 1000,
    messages_per_second: 250,
  })
  return { generators: 3, start_skew_ms: 31, parts: [part(0, 0), part(1, 31)] }
}
