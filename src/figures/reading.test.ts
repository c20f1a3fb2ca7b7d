import { describe, expect, it, test } from 'vitest'
import type { LatencySummary } from '../engine/histogram.ts'
import { smtpFigures } from './custom.ts'
import { type Figures, figureValue, readingOf } from './figure.ts'
import { PRESSURE_FIGURES, type PressureRun } from './pressure.ts'
import { SMTP_FIGURES, type SmtpRun } from './smtp.ts'
import { sparse } from './threshold.fixture.ts'

/** Numbers of which each tells where it comes from. Times up to 1 ms are exact in a histogram. */
function summary(from: number): LatencySummary {
  return {
    ...{ count: from, avg: from + 1, min: from + 2, max: from + 3 },
    ...{ p50: from + 4, p90: from + 5, p95: from + 6, p99: from + 7, p99_9: from + 8 },
  }
}

function usage(cpu: number, memory: number) {
  const of = (value: number) => ({ min: 0, avg: value, max: value + 0.5 })
  return { cpu_percent: of(cpu), memory_bytes: of(memory), samples: [] }
}

const slope = { of: 'x', low_per_hour: 0, high_per_hour: 0, points: 100 }

const STRESS: SmtpRun = {
  metrics: {
    ...{ total_messages: 110, successful_messages: 80, failed_messages: 20, success_rate: 0.8 },
    ...{ connection_errors: 3, recipients_refused: 4, reconnects: 5, session_failures: 6 },
    ...{ messages_per_second: 7, throughput: 70, duration_seconds: 8, total_bytes_sent: 9 },
    ...{ rate: 10.5, rate_error: 0.11 },
    outcomes: { accepted: 80, deferred: 12, rejected: 13, failed: 14, dropped: 15, not_reached: 10 },
    response_time_ms: summary(100),
    service_time_ms: summary(200),
    phases_ms: { connect: summary(300) },
  },
  ledger: { verified: true, lost: 16, duplicated: 17, corrupted: 18, unacknowledged: 19 },
  histograms: { response_time: sparse([0.1, 0.2, 0.3, 0.4]), service_time: sparse([0.5, 0.6, 0.7, 0.8]) },
  drift: [
    { ...slope, unit: 'ms', per_hour: -6, low_per_hour: -7, high_per_hour: -5 },
    { ...slope, unit: 'bytes', per_hour: 9 * 1_048_576, low_per_hour: 2 * 1_048_576, high_per_hour: 1e9 },
    { ...slope, unit: 'bytes', per_hour: 8 * 1_048_576, low_per_hour: 3 * 1_048_576, high_per_hour: 1e9 },
  ],
  resource_usage: { one: usage(20, 1_000), two: usage(30, 2_000) },
  generator: { cpu_percent: 21 },
}

const PRESSURE: PressureRun = {
  metrics: {
    ...{ total_messages: 100, successful_messages: 90, failed_messages: 10, success_rate: 0.9 },
    ...{ messages_per_second: 7, duration_seconds: 8, total_bytes_sent: 9, drain_seconds: 10 },
    ...{ throughput_ratio: 0.11, p95_ratio: 0.12, cache_hit_rate: 0.13, delivery_cache_hit_rate: 0.14 },
    ...{ dnd_periods: 15, dnd_violations: 16, over_limit: 17, deferred: 18, rate_limited: 19 },
    ...{ fairness: 20, peak_pending: 21 },
    ...{ peak_proxy_memory_bytes: 22 * 1_048_576, peak_test_process_memory_bytes: 23 * 1_048_576 },
    end_to_end_ms: summary(100),
    report_lag_ms: summary(200),
    sync_response_ms: summary(300),
    dnd_resume_ms: summary(400),
  },
  verification: {
    ...{ verified: true, handed_over: 100, delivered: 95, lost: 31, duplicated: 32, corrupted: 33 },
    ...{ unreported: 34, misreported: 35, missed_recipients: 36, unknown: 37, errors: 38, still_queued: 39 },
  },
  histograms: { end_to_end: sparse([0.1, 0.2, 0.3, 0.4]), report_lag: sparse([0.5, 0.6, 0.7, 0.8]) },
}

function read<Run>(figures: Figures<Run>, name: string, run: Run): unknown {
  const figure = figures.named(name)
  return typeof figure === 'object' ? figureValue(figure, run) : figure
}

test.each([
  ['total_messages', 110],
  ['success_rate', 0.8],
  // Of the 100 that were due.
  ['error_rate', 0.2],
  ['failed_messages', 20],
  ['accepted', 80],
  ['deferred', 12],
  ['rejected', 13],
  ['failed', 14],
  ['dropped', 15],
  ['not_reached', 10],
  ['connection_errors', 3],
  ['recipients_refused', 4],
  ['reconnects', 5],
  ['session_failures', 6],
  ['lost', 16],
  ['duplicated', 17],
  ['corrupted', 18],
  ['unacknowledged', 19],
  ['throughput', 7],
  ['duration', 8],
  ['bytes', 9],
  ['rate', 10.5],
  ['rate_error', 0.11],
  ['avg', 101],
  ['p(99)', 107],
  ['p(75)', 0.3],
  ['service_time.p(99.9)', 208],
  ['service_time.p(75)', 0.7],
  ['connect.max', 303],
  ['p99_drift', -5],
  // In MB per hour, of the server that grows fastest as far as that is proven.
  ['memory_drift', 3],
  // Of all servers together: the CPU on average, the memory at its peak.
  ['servers_cpu', 50],
  ['servers_memory', 3_001],
  ['generator_cpu', 21],
])('%s of a stress run is read from its own field', (name, value) => {
  expect(read(SMTP_FIGURES, name, STRESS)).toBe(value)
})

test.each([
  ['total_messages', 100],
  ['success_rate', 0.9],
  ['failed_messages', 10],
  ['delivered', 95],
  ['lost', 31],
  ['duplicated', 32],
  ['corrupted', 33],
  ['unreported', 34],
  ['misreported', 35],
  ['missed_recipients', 36],
  ['unknown', 37],
  ['errors', 38],
  ['still_queued', 39],
  ['throughput', 7],
  ['duration', 8],
  ['bytes', 9],
  ['drain_seconds', 10],
  ['throughput_ratio', 0.11],
  ['p95_ratio', 0.12],
  ['p(99)', 107],
  ['p(75)', 0.3],
  ['report_lag.avg', 201],
  ['report_lag.p(75)', 0.7],
  ['sync_response.p(95)', 306],
  ['dnd_resume.max', 403],
  ['cache_hit_rate', 0.13],
  ['spared_fetches', 0.14],
  ['dnd_periods', 15],
  ['disturbances', 16],
  ['over_limit', 17],
  ['deferred', 18],
  ['rate_limited', 19],
  ['fairness', 20],
  ['peak_pending', 21],
  // In MB.
  ['proxy_memory_mb', 22],
  ['test_memory_mb', 23],
])('%s of a pressure run is read from its own field', (name, value) => {
  expect(read(PRESSURE_FIGURES, name, PRESSURE)).toBe(value)
})

const KINDS = { retries: 'counter', depth: 'gauge', slow: 'rate', wait_ms: 'trend' } as const

describe('a file that says little', () => {
  const stress: readonly SmtpRun[] = [
    {},
    { metrics: null, ledger: null, drift: null, resource_usage: null, generator: null },
    { metrics: {}, ledger: {}, drift: [], resource_usage: {}, generator: {}, custom_metrics: {} },
    {
      metrics: { outcomes: null, phases_ms: null, response_time_ms: null },
      drift: [null as unknown as object, {}, { unit: 'ms' }, { unit: 'bytes', per_hour: null }],
      resource_usage: { one: null, two: {}, three: { cpu_percent: {}, memory_bytes: { max: null } } },
    },
  ]
  const pressure: readonly PressureRun[] = [
    {},
    { metrics: null, verification: null },
    { metrics: {}, verification: {} },
    { metrics: { total_messages: null, end_to_end_ms: null, peak_proxy_memory_bytes: null } },
  ]

  it.each(stress)('has none of the figures of a stress run, each with the reason: %#', (run) => {
    const { all } = smtpFigures(KINDS)
    for (const figure of all) {
      expect(figureValue(figure, run), figure.name).toBeNull()
      expect(readingOf(figure, run), figure.name).toEqual({ noData: expect.stringMatching(/\w+ \w+/) })
    }
  })

  it.each(pressure)('has none of the figures of a pressure run, each with the reason: %#', (run) => {
    for (const figure of PRESSURE_FIGURES.all) {
      expect(figureValue(figure, run), figure.name).toBeNull()
      expect(readingOf(figure, run), figure.name).toEqual({ noData: expect.stringMatching(/\w+ \w+/) })
    }
  })

  it('has no percentile that only the whole distribution tells', () => {
    for (const name of ['p(75)', 'service_time.p(75)'])
      for (const run of stress) expect(read(SMTP_FIGURES, name, run), name).toBeNull()
    for (const name of ['p(75)', 'report_lag.p(75)'])
      for (const run of pressure) expect(read(PRESSURE_FIGURES, name, run), name).toBeNull()
  })

  it('gives what is not a finite number as missing, and says so', () => {
    const odd = { metrics: { total_messages: Number.NaN, duration_seconds: '8' as unknown as number } }
    for (const name of ['total_messages', 'duration']) expect(read(SMTP_FIGURES, name, odd), name).toBeNull()
    const [total] = SMTP_FIGURES.all
    if (total !== undefined) expect(readingOf(total, odd)).toEqual({ noData: 'it was not measured' })
  })

  it('of an older version has the times under their older names', () => {
    expect(read(SMTP_FIGURES, 'p(95)', { metrics: { latency_ms: summary(500) } })).toBe(506)
    const oldest = { avg_response_time_ms: 1, min_response_time_ms: 2, max_response_time_ms: 3 }
    expect(['avg', 'min', 'max', 'med'].map((name) => read(SMTP_FIGURES, name, { metrics: oldest }))).toEqual(
      [1, 2, 3, null],
    )
    expect(read(PRESSURE_FIGURES, 'p(95)', { metrics: { latency_ms: summary(500) } })).toBe(506)
  })

  it('of the older generator has its rates computed from its counts', () => {
    const metrics = { total_messages: 40, successful_messages: 30, failed_messages: 10, throughput: 5 }
    expect(
      ['success_rate', 'error_rate', 'throughput'].map((name) => read(SMTP_FIGURES, name, { metrics })),
    ).toEqual([0.75, 0.25, 5])
    expect(read(SMTP_FIGURES, 'success_rate', { metrics: { total_messages: 40 } })).toBeNull()
    expect(read(SMTP_FIGURES, 'success_rate', { metrics: { successful_messages: 40 } })).toBeNull()
    expect(read(SMTP_FIGURES, 'error_rate', { metrics: { total_messages: 40 } })).toBeNull()
    expect(read(SMTP_FIGURES, 'error_rate', { metrics: { failed_messages: 4 } })).toBeNull()
    expect(
      read(PRESSURE_FIGURES, 'success_rate', { metrics: { total_messages: 8, successful_messages: 2 } }),
    ).toBe(0.25)
  })
})

test('where no message was due there is no success rate, whatever the file says', () => {
  const outcomes = { not_reached: 30 }
  const none = { metrics: { total_messages: 30, success_rate: 0, failed_messages: 0, outcomes } }
  expect(read(SMTP_FIGURES, 'success_rate', none)).toBeNull()
  expect(SMTP_FIGURES.nothing(none)).toBe('no message was due')
  const some = { metrics: { ...none.metrics, total_messages: 31 } }
  expect([read(SMTP_FIGURES, 'success_rate', some), SMTP_FIGURES.nothing(some)]).toEqual([0, undefined])
  const unhanded = { metrics: { total_messages: 0, success_rate: 1 } }
  expect(read(PRESSURE_FIGURES, 'success_rate', unhanded)).toBeNull()
  expect(PRESSURE_FIGURES.nothing(unhanded)).toBe('no message was handed over')
  expect([PRESSURE_FIGURES.nothing(PRESSURE), PRESSURE_FIGURES.nothing({})]).toEqual([undefined, undefined])
})

test('the figures of what could not be verified give the reason', () => {
  const reasonOf = <Run>(figures: Figures<Run>, run: Run) => {
    const figure = figures.named('lost')
    return typeof figure === 'object' ? readingOf(figure, run) : figure
  }
  const unverified = { verified: false, lost: 0 }
  expect(reasonOf(SMTP_FIGURES, { ledger: unverified })).toEqual({ noData: 'the target keeps no ledger' })
  const why_not = 'the target is external'
  expect(reasonOf(SMTP_FIGURES, { ledger: { ...unverified, why_not } })).toEqual({ noData: why_not })
  expect(reasonOf(PRESSURE_FIGURES, { verification: { lost: null } })).toEqual({
    noData: 'it could not be checked',
  })
  expect(reasonOf(PRESSURE_FIGURES, { verification: { lost: null, why_not } })).toEqual({ noData: why_not })
})

describe('the names of figures', () => {
  it.each([
    ['a stress run', () => smtpFigures(KINDS)],
    ['a pressure run', () => PRESSURE_FIGURES],
  ] as const)(
    'of %s are all different, and each leads to its figure',
    (_, figuresOf: () => Figures<never>) => {
      const figures = figuresOf()
      const names = figures.all.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
      for (const figure of figures.all)
        expect(figures.named(figure.name)).toMatchObject({
          name: figure.name,
          title: figure.title,
          unit: figure.unit,
        })
      for (const name of figures.known)
        expect(figures.named(name.replace('N', '99')), name).toBeTypeOf('object')
    },
  )

  it('say which latency they are of, and which of its aggregates', () => {
    const about = (name: string) => {
      const figure = SMTP_FIGURES.named(name)
      if (typeof figure !== 'object') return figure
      const { title, group, unit, better, aggregate } = figure
      return { title, group, unit, better, aggregate }
    }
    const common = { unit: 'ms', better: 'lower' }
    expect(about('p(95)')).toEqual({
      ...common,
      ...{ title: 'p95', group: 'Response time', aggregate: { of: 'response_time', name: 'p95' } },
    })
    expect(about('service_time.p(99.9)')).toEqual({
      ...common,
      ...{ title: 'p99.9', group: 'Service time', aggregate: { of: 'service_time', name: 'p99_9' } },
    })
    expect(about('connect.avg')).toEqual({
      ...common,
      ...{ title: 'connect average', group: 'Phases', aggregate: { of: 'connect', name: 'avg' } },
    })
    expect(about('p(37.5)')).toEqual({
      ...common,
      ...{ title: 'p37.5', group: 'Response time', aggregate: { of: 'response_time', name: 'p37_5' } },
    })
  })

  it.each(['xp(95)', 'p(95)x', '1connect.p(95)', 'p(9.)', 'p()', '.p(95)', 'connect.', 'p(99.99.9)'])(
    'are no other than they are: %s is none',
    (name) => {
      expect(SMTP_FIGURES.named(name)).toBeUndefined()
    },
  )

  it('give a percentile of any number of digits where the whole distribution is kept, and say where', () => {
    expect(read(SMTP_FIGURES, 'p(99.995)', STRESS)).toBe(0.4)
    expect(SMTP_FIGURES.named('connect.p(98)')).toBe(
      'connect keeps only p(50), p(90), p(95), p(99), p(99.9), avg, min, max and med; any other percentile only p(N) and service_time.p(N) and e2e.p(N) have.',
    )
  })
})

describe('the figures of a scenario’s own metrics', () => {
  // In each test: what Stryker changes is reached there.
  const figures = () => smtpFigures(KINDS)
  const custom: SmtpRun = {
    custom_metrics: {
      retries: { kind: 'counter', sum: 1, per_second: 2 },
      depth: { kind: 'gauge', value: -3, min: -4, max: 5, at_seconds: 6 },
      slow: { kind: 'rate', share: 0.7, hits: 7, total: 10 },
      wait_ms: { kind: 'trend', summary: summary(800), histogram: sparse([0.91, 0.92, 0.93, 0.94]) },
    },
  }

  it.each([
    ['retries', 1, { unit: 'number' }],
    ['retries.rate', 2, { unit: 'per_second' }],
    ['depth', -3, { unit: 'number', signed: true }],
    ['depth.min', -4, { unit: 'number', signed: true, title: 'depth min' }],
    ['depth.max', 5, { unit: 'number', signed: true }],
    ['slow', 0.7, { unit: 'share', atMost: 1 }],
    ['wait_ms.p(95)', 806, { unit: 'ms', title: 'wait_ms p95' }],
    ['wait_ms.p(75)', 0.93, { unit: 'ms' }],
  ] as const)('%s is %d; only its author knows which way is better', (name, value, about) => {
    expect(read(figures(), name, custom)).toBe(value)
    expect(figures().named(name)).toMatchObject({ ...about, group: 'Custom metrics', better: 'neither' })
  })

  it('stand in tables after those that every run has', () => {
    const names = figures().all.map(({ name }) => name)
    const own = [
      'retries',
      'retries.rate',
      'depth',
      'depth.min',
      'depth.max',
      'slow',
      'wait_ms.p(95)',
      'wait_ms.p(99)',
    ]
    expect(names).toEqual([...SMTP_FIGURES.all.map(({ name }) => name), ...own])
  })

  it('have no value where a file has the name for a metric of another kind', () => {
    const other: SmtpRun = { custom_metrics: { retries: { kind: 'rate', share: 0.5, hits: 1, total: 2 } } }
    expect(read(figures(), 'retries', other)).toBeNull()
  })
})
