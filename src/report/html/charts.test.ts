import { expect, test } from 'vitest'
import type { Result } from '../../engine/result.ts'
import { smtpDocument } from '../documents/smtp.ts'
import { burstResult } from '../result.fixture.ts'
import * as writer from '../writers/html.ts'
import { needsLog } from './charts/chart.ts'
import { pressureCharts } from './charts/pressure.ts'
import { resourceCharts } from './charts/timeline.ts'
import { pressureResult } from './pressure.fixture.ts'

const chartsOf = (result: Result) => writer.chartsOf(smtpDocument(result))
const series = (label: string, values: (number | null)[]) => ({ label, values, tone: 'accent' }) as const

test('a run in the open model has what was due beside what was accepted, one in the closed has not', () => {
  const labels = (target_rate: number | null) =>
    chartsOf(burstResult({ target_rate }))[0]?.series.map(({ label }) => label)
  expect(labels(null)).toEqual(['accepted'])
  expect(labels(50)).toEqual(['accepted', 'due'])
})

test('charts over time hold the timeline as the JSON has it', () => {
  const result = burstResult()
  const charts = new Map(chartsOf(result).map((chart) => [chart.id, chart]))
  const values = (id: string, label: string) =>
    charts.get(id)?.series.find((one) => one.label === label)?.values
  expect(charts.get('throughput')?.xs).toEqual([0, 1, 2, 3, 4])
  expect(values('throughput', 'accepted')).toEqual([1200, 1200, 1200, 1200, 200])
  expect(values('response-time', 'p99')).toEqual(result.timeline.map((row) => row.response_time_ms.p99))
  expect(values('in-flight', 'in flight')).toEqual([50, 50, 50, 50, 0])
  expect(values('errors', 'failed (no reply)')).toEqual([0, 0, 0, 0, 0])
})

test('a server that was not sampled in a second has a gap there, and servers stand in their order', () => {
  const sample = (second: number, cpu_percent: number) => ({ second, cpu_percent, memory_bytes: 1 })
  const [cpu] = resourceCharts({
    'server-10': { samples: [sample(0, 1), sample(2, 3)] },
    'server-2': { samples: [sample(1, 7)] },
  })
  expect(cpu?.xs).toEqual([0, 1, 2])
  expect(cpu?.series.map(({ label, values }) => [label, values])).toEqual([
    ['server-2', [null, 7, null]],
    ['server-10', [1, null, 3]],
  ])
  expect(resourceCharts({})).toEqual([])
})

test('what the proxy counts is added up, over gaps too', () => {
  const result = pressureResult()
  const cumulative = pressureCharts(result).find(({ id }) => id === 'cumulative')?.series[0]?.values ?? []
  expect(cumulative[31]).toBeNull()
  const total = result.timeline.reduce((sum, { sent }) => sum + (sent ?? 0), 0)
  expect(cumulative.at(-1)).toBe(total)
})

test('a chart of which nothing was read is left out, and events stand in all over time', () => {
  const result = pressureResult()
  const unread = { ...result, timeline: result.timeline.map((row) => ({ ...row, pending: null })) }
  const charts = pressureCharts(unread)
  expect(charts.map(({ id }) => id)).not.toContain('pending')
  expect(pressureCharts(result).map(({ id }) => id)).toContain('pending')
  for (const { axis, markers } of charts)
    expect(markers).toEqual(
      axis === 'time' ? [{ at: 30.2, what: 'proxy-1 was killed by SIGKILL' }] : undefined,
    )
})

test('an axis is logarithmic only where a linear one would hide most values', () => {
  expect(needsLog([series('a', [1, 39, null])])).toBe(false)
  expect(needsLog([series('a', [1, 0]), series('b', [41])])).toBe(true)
  expect(needsLog([series('a', [null])])).toBe(false)
})
