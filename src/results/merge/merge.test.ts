import { expect, test } from 'vitest'
import { Histogram, summarise } from '../../engine/histogram.ts'
import type { Metrics, Result } from '../../engine/result.ts'
import { burstResult } from '../../report/result.fixture.ts'
import { latencies, threshold } from '../../report/result-parts.fixture.ts'
import { asResult } from '../result-shape.ts'
import { mergeResults } from './merge.ts'
import { merged, type ShareOptions, shareFile } from './share.fixture.ts'

function metricsWith(changes: Partial<Metrics>): { metrics: Metrics } {
  return { metrics: { ...burstResult().metrics, ...changes } }
}

test('percentiles are those of one recorder that was fed with all samples', () => {
  const times = Array.from({ length: 3000 }, (_, n) => 1 + ((n * 7919) % 3000) * 0.37)
  const parts = [0, 1, 2].map((index) => times.filter((_, n) => n % 3 === index))
  const one = new Histogram()
  for (const ms of times) one.record(ms)
  const { metrics, histograms } = merged(
    ...parts.map((part, index) => ({ index, generators: 3, times: part })),
  )
  const { sum_ms: sum, ...exact } = one.toSparse()
  expect(histograms.response_time).toMatchObject(exact)
  expect(histograms.response_time.sum_ms).toBeCloseTo(sum)
  expect(metrics.response_time_ms).toEqual(summarise(histograms.response_time))
  const { p50, p95, p99 } = summarise(one.toSparse())
  expect(metrics.latency_ms).toMatchObject({ p50, p95, p99 })
})

test('counts add up, and rates are the sums of each generator’s own', () => {
  const outcomes = { accepted: 90, deferred: 4, rejected: 3, failed: 2, dropped: 1, not_reached: 20 }
  const share = (duration: number) =>
    metricsWith({
      total_messages: 120,
      successful_messages: 90,
      failed_messages: 10,
      outcomes,
      window_seconds: duration - 1,
      duration_seconds: duration,
      rate: 99 / (duration - 1),
      throughput: 90 / duration,
      total_bytes_sent: 1000,
      error_breakdown: { reply_451: 4 },
    })
  const { metrics } = merged(
    { index: 0, changes: share(10) },
    { index: 1, changes: share(12), startedMs: 500 },
  )
  expect(metrics).toMatchObject({
    total_messages: 240,
    successful_messages: 180,
    failed_messages: 20,
    outcomes: { accepted: 180, deferred: 8, rejected: 6, failed: 4, dropped: 2, not_reached: 40 },
    success_rate: 0.9,
    window_seconds: 11.5,
    duration_seconds: 12.5,
    drain_seconds: 1,
    throughput: 90 / 10 + 90 / 12,
    messages_per_second: 90 / 10 + 90 / 12,
    total_bytes_sent: 2000,
    error_breakdown: { reply_451: 8 },
    start_time: '2026-01-02T03:04:05.000Z',
    end_time: '2026-01-02T03:04:17.500Z',
  })
  expect(metrics.rate).toBeCloseTo(99 / 9 + 99 / 11)
})

/** 20 messages a second for the given number of seconds. */
function stream(seconds: number, changes: Partial<Result> = {}) {
  const { workload } = burstResult()
  return {
    target_rate: 20,
    workload: { ...workload, model: 'open' as const, rate_per_second: 20, duration_seconds: seconds },
    ...metricsWith({
      ...{ total_messages: 20 * seconds, successful_messages: 20 * seconds, success_rate: 1 },
      ...{ window_seconds: seconds, duration_seconds: seconds, rate: 20, throughput: 20 },
    }),
    ...changes,
  }
}

test('three generators of 20/s that started apart come to 60/s, and how long all sent is said', () => {
  const changes = stream(10)
  const { metrics, observations } = merged(
    ...[0, 4000, 8000].map((startedMs, index) => ({ index, generators: 3, startedMs, changes })),
  )
  expect(metrics).toMatchObject({ rate: 60, throughput: 60, rate_error: 0, window_seconds: 18 })
  expect(observations[0]).toContain('only for 2.0 of 18.0 s')
})

test('generators that never sent at the same time are refused: their rates do not add up', () => {
  const changes = stream(10)
  const parts = [0, 100_000].map((startedMs, index) => ({ index, startedMs, changes }))
  expect(() => merged(...parts)).toThrow(
    /g0\.json had ended 2 min before g1\.json started[\s\S]*STRESS_START_AT/,
  )
})

test('a clock that is wrong by days is refused before a row is made of every second between', () => {
  const start = 2 * 24 * 3_600_000
  const week = stream(7 * 24 * 3600)
  expect(() => merged({ index: 0, changes: week }, { index: 1, startedMs: start, changes: week })).toThrow(
    /by its own clock g1\.json started 48 h 00 min after g0\.json[\s\S]*NTP/,
  )
})

test('a second that cannot be is refused, and 200,000 of them are merged', { timeout: 60_000 }, () => {
  const [row] = burstResult().timeline
  if (row === undefined) throw new Error('the fixture has no timeline')
  const far = { timeline: [row, { ...row, second: 2_000_000_000 }] }
  expect(() => merged({ index: 0, changes: far }, { index: 1 })).toThrow(
    /a timeline of 2 rows has a second 2000000000/,
  )
  const timeline = Array.from({ length: 200_000 }, (_, second) => ({ ...row, second }))
  const changes = stream(200_000, { timeline })
  const short = stream(200_000, { timeline: [row] })
  const result = merged({ index: 0, changes: short }, { index: 1, startedMs: 2000, changes })
  expect(result.timeline).toHaveLength(200_002)
  expect(result.timeline.at(-1)).toMatchObject({ second: 200_001, started: row.started })
})

test('reports how far apart the generators started, and each one’s part', () => {
  const result = merged({ index: 1, startedMs: 240 }, { index: 0, startedMs: 40 })
  expect(result.merged).toMatchObject({
    generators: 2,
    start_skew_ms: 200,
    parts: [
      { index: 0, run_id: 'night7g0', after_first_ms: 0, start_late_ms: 40 },
      { index: 1, run_id: 'night7g1', after_first_ms: 200, start_late_ms: 240 },
    ],
  })
  expect(result.run_id).toBe('night7')
  expect(result).not.toHaveProperty('split')
  expect(result.observations[0]).toContain('200 ms apart')
})

test('sets the seconds of a generator that started later beside those they happened in', () => {
  const { timeline } = merged({ index: 0 }, { index: 1, startedMs: 1900 })
  const [{ timeline: own }] = [burstResult()]
  expect(timeline).toHaveLength(own.length + 2)
  expect(timeline.map(({ started }) => started)).toEqual([1250, 1250, 2500, 2500, 1250, 1250, 0])
  expect(timeline.map(({ second }) => second)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(timeline[2]?.in_flight).toBe(100)
  // 12 ms plus 1 ms per second of a generator's own run; the worse of the two counts.
  expect(timeline[2]?.response_time_ms).toMatchObject({ count: 2400, p50: 14 })
})

test('the workload is that of all generators', () => {
  const paced = {
    target_rate: 25,
    concurrent_workers: 10,
    workload: {
      ...burstResult().workload,
      model: 'open' as const,
      rate_per_second: 25,
      workers: 10,
      max_sessions: 100,
    },
    ...metricsWith({ rate: 24, window_seconds: 4, duration_seconds: 5 }),
  }
  const {
    workload,
    target_rate: target,
    concurrent_workers: workers,
    metrics,
  } = merged({ index: 0, changes: paced }, { index: 1, changes: paced })
  expect({ target, workers }).toEqual({ target: 50, workers: 20 })
  expect(workload).toMatchObject({ workers: 20, max_sessions: 200, rate_per_second: 50, planned: 10_000 })
  expect(metrics.rate_error).toBeCloseTo(Math.abs(metrics.rate - 50) / 50)
})

test('judges every threshold again, on all messages', () => {
  const limits = [
    threshold('p(99)<100', 'p(99)', 1, 100),
    threshold('throughput>2000', 'throughput', 1187, 2000),
  ]
  const slow = Array.from({ length: 100 }, () => 500)
  const { thresholds, verdict } = merged(
    { index: 0, times: slow, changes: { thresholds: limits } },
    { index: 1, changes: { thresholds: limits } },
  )
  expect(thresholds.map(({ metric, verdict: one }) => [metric, one])).toEqual([
    ['p(99)', 'fail'],
    ['throughput', 'pass'],
  ])
  expect(thresholds[0]?.value).toBeCloseTo(500, 0)
  expect(verdict).toBe('FAILED')
})

test.for(['regression<10%', 'p99_drift<5', 'of_a_later_version<5'])(
  '%s cannot be judged from parts: it is skipped, and says so',
  (expression) => {
    const own = { ...threshold(expression, expression.replace(/<.*/, ''), 3, 5) }
    const changes = { thresholds: [own] }
    const { thresholds, verdict } = merged({ index: 0, changes }, { index: 1, changes })
    const reason = expect.stringContaining('parts')
    expect(thresholds).toMatchObject([{ expression, verdict: 'skipped', value: null, reason }])
    expect(verdict).toBe('PASSED')
  },
)

test('a percentile without histograms is the worst part’s; counts, averages and ends are exact', () => {
  const phases = (count: number, medianMs: number) =>
    metricsWith({ phases_ms: { accept: latencies(count, medianMs) } })
  const { metrics } = merged({ index: 0, changes: phases(100, 10) }, { index: 1, changes: phases(300, 20) })
  expect(metrics.phases_ms.accept).toMatchObject({ count: 400, min: 4, max: 192, p50: 20, p99: 118 })
  expect(metrics.phases_ms.accept?.avg).toBeCloseTo((10 * 1.13 + 3 * 20 * 1.13) / 4)
})

test('is partial without the results of all generators', () => {
  const {
    status,
    partial_reason: why,
    verdict,
  } = merged({ index: 0, generators: 4 }, { index: 2, generators: 4 })
  expect({ status, why, verdict }).toEqual({
    status: 'partial',
    why: 'without the results of generator 1, 3',
    verdict: 'FAILED',
  })
})

test('is itself a whole result', () => {
  const result = merged({ index: 0 }, { index: 1 })
  expect(asResult(JSON.parse(JSON.stringify(result)))).toEqual({ result: JSON.parse(JSON.stringify(result)) })
})

test.for<[string, readonly ShareOptions[], RegExp]>([
  ['one file', [{ index: 0 }], /there is only one file/],
  ['the same generator twice', [{ index: 0 }, { index: 0 }], /both of generator 0/],
  [
    'parts of different runs',
    [{ index: 0 }, { index: 1, changes: { scenario: 'heavy' } }],
    /not parts of one run; scenario: \["burst",null\] in g0\.json, \["heavy",null\] in g1\.json/,
  ],
  ...(
    [
      ['pipelining', { pipelining: 'transactions' }, /pipelining: off in g0\.json, transactions in g1\.json/],
      ['TLS', { tls: 'implicit' }, /TLS: none in g0\.json, implicit in g1/],
      ['messages per session', { messages_per_session: 7 }, /messages per session: .* 7 in g1/],
      ['recipients', { recipients: 9 }, /recipients: 1 in g0\.json, 9 in g1/],
    ] as const
  ).map(([what, changes, message]): [string, readonly ShareOptions[], RegExp] => [
    `parts of different ${what}`,
    [
      { index: 0, changes: { workload: { ...burstResult().workload, pipelining: 'off' } } },
      { index: 1, changes: { workload: { ...burstResult().workload, pipelining: 'off', ...changes } } },
    ],
    message,
  ]),
  [
    'a generator that there cannot be',
    [{ index: 0, generators: 1e12 }, { index: 1 }],
    /g0\.json is of generator 0 of 1000000000000, which cannot be/,
  ],
])('refuses %s', ([, options, message]) => {
  expect(() => merged(...options)).toThrow(message)
})

test('refuses a run of one generator, and says what parts are', () => {
  const { json, view } = shareFile({ index: 0 })
  const { split: _split, ...whole } = json as Result
  expect(() => mergeResults([{ json: whole, view }, shareFile({ index: 1 })])).toThrow(/STRESS_GENERATORS/)
})

test('refuses a file that is damaged, and says where', () => {
  const { json, view } = shareFile({ index: 0 })
  const { metrics, ...rest } = json as Result
  const damaged = { ...rest, metrics: { ...metrics, window_seconds: 'long' } }
  expect(() => mergeResults([{ json: damaged, view }, shareFile({ index: 1 })])).toThrow(
    /g0\.json is incomplete: metrics\.window_seconds/,
  )
})
