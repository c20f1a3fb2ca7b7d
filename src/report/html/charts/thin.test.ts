import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ResourceSample, Result, TimelineRow } from '../../../engine/result.ts'
import { documentOf, renderPage } from '../../kinds.ts'
import { burstResult } from '../../result.fixture.ts'
import { latencies, timelineRow } from '../../result-parts.fixture.ts'
import { chartsOf } from '../../writers/html.ts'
import { loadAssets } from '../page.ts'
import type { Chart } from './chart.ts'
import { thinCharts } from './thin.ts'

const DAY_SECONDS = 24 * 3600

/** A soak of five servers, with one bad second in it. */
function soak(seconds: number, badSecond: number): Result {
  const calm = Array.from({ length: 997 }, (_, n) => latencies(50, 10 + n / 331))
  const timeline = Array.from({ length: seconds }, (_, second): TimelineRow => {
    const bad = second === badSecond
    return {
      ...{ ...timelineRow(0), second, due: 50, started: 50, failed: bad ? 50 : 0 },
      accepted: bad ? 0 : 45 + (second % 11),
      response_time_ms: (bad ? latencies(50, 9000) : calm[second % calm.length]) ?? latencies(50, 1),
    }
  })
  const samples = timeline.map(
    ({ second }): ResourceSample => ({
      second,
      cpu_percent: 10 + ((second * 7919) % 1000) / 31,
      memory_bytes: 80_000_000 + second * 40,
    }),
  )
  const usage = burstResult().resource_usage['smtp-server-1']
  if (usage === undefined) throw new Error('the fixture watches no server')
  return burstResult({
    timeline,
    target_rate: 50,
    resource_usage: Object.fromEntries(
      [1, 2, 3, 4, 5].map((n) => [`smtp-server-${n}`, { ...usage, samples }]),
    ),
  })
}

test('a report of 7 days is at most 2 MB', { timeout: 60_000 }, async () => {
  const page = renderPage(soak(7 * DAY_SECONDS, 12_345), await loadAssets())
  expect(Buffer.byteLength(page)).toBeLessThan(2_000_000)
  expect(page).toMatch(/Each point is the mean over 10 min; the band is from minimum to maximum/)
})

test('a run of minutes is drawn second by second, with every digit', () => {
  const charts = chartsOf(documentOf(soak(900, 5)))
  expect(thinCharts(charts)).toEqual(charts)
})

test('one bad second of two days is seen, and the mean over the page is the mean over the run', () => {
  const seconds = 2 * DAY_SECONDS
  const charts = chartsOf(documentOf(soak(seconds, 100_000)))
  const chartOf = (all: readonly Chart[], id: string) => {
    const chart = all.find((one) => one.id === id)
    if (chart === undefined) throw new Error(`no chart ${id}`)
    return chart
  }
  const thin = thinCharts(charts)
  const [accepted] = chartOf(thin, 'throughput').series
  expect(Math.min(...(accepted?.low ?? []).map(Number))).toBe(0)
  expect(Math.max(...(accepted?.high ?? []).map(Number))).toBe(55)
  const [most] = chartOf(thin, 'response-time').series
  expect(Math.max(...(most?.high ?? []).map(Number))).toBe(Math.round(latencies(50, 9000).max ?? 0))
  // All spans but the last are of equal length.
  const mean = (values: readonly (number | null)[]) =>
    values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length
  const exact = mean(chartOf(charts, 'throughput').series[0]?.values ?? [])
  expect(mean(accepted?.values ?? [])).toBeCloseTo(exact, 1)
  expect(chartOf(thin, 'cpu').xs).toEqual(chartOf(thin, 'throughput').xs)
})

test('least, mean and most of every span are those of its seconds, and gaps stay gaps', () => {
  const value = fc.option(fc.integer({ min: -1_000_000, max: 1_000_000 }), { nil: null, freq: 5 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), value), { minLength: 1, maxLength: 40 }),
      (steps) => {
        // So many seconds that the page has to thin, most of them in one row of repetitions.
        const rows = steps.flatMap(([times, y]) => Array.from({ length: times * 500 }, () => y))
        const xs = rows.map((_, second) => second)
        const series = Array.from(
          { length: 12 },
          (_, n) => ({ label: String(n), tone: 'accent', values: rows }) as const,
        )
        const chart: Chart = {
          ...{ id: 'a', place: 'time', title: 'A', axis: 'time', unit: 'count' },
          xs,
          series,
        }
        const [thin] = thinCharts([chart])
        if (thin === undefined) throw new Error('no chart')
        const [line] = thin.series
        const known = rows.filter((one) => one !== null)
        const highs = (line?.high ?? line?.values ?? []).filter((one) => one !== null)
        const lows = (line?.low ?? line?.values ?? []).filter((one) => one !== null)
        const greatest = (list: readonly number[]) => list.reduce((a, b) => Math.max(a, b), -Infinity)
        expect(greatest(highs)).toBe(greatest(known))
        expect(greatest(lows.map((one) => -one))).toBe(greatest(known.map((one) => -one)))
        expect(thin.series.every(({ values }) => values.length === thin.xs.length)).toBe(true)
        expect(thin.xs.every((x, place) => place === 0 || x > (thin.xs[place - 1] ?? 0))).toBe(true)
      },
    ),
    { numRuns: 30 },
  )
})

test('markers are bounded', () => {
  const markers = Array.from({ length: 100_000 }, (_, at) => ({ at, what: 'an event' }))
  const chart: Chart = {
    ...{ id: 'a', place: 'time', title: 'A', axis: 'time', unit: 'count' },
    ...{ xs: [0, 1], series: [], markers },
  }
  expect(thinCharts([chart])[0]?.markers).toHaveLength(200)
})
