import { expect, test } from 'vitest'
import type { Result } from '../../engine/result.ts'
import { type RunView, viewOf } from '../../results/run-view.ts'
import { pressureResult } from '../html/pressure.fixture.ts'
import { burstResult } from '../result.fixture.ts'
import { benchmarkEntries } from './benchmark-json.ts'

function view(result: unknown): RunView {
  const found = viewOf('x.json', result)
  if (found === undefined) throw new Error('not a result')
  return found
}

function named(result: unknown, better: 'higher' | 'lower') {
  return benchmarkEntries([view(result)], better).map(({ name, unit, value }) => ({ name, unit, value }))
}

test('bigger is better for throughput and success, smaller for percentiles; each with its unit', () => {
  expect(named(burstResult(), 'higher')).toEqual([
    { name: 'burst (embedded): success_rate', unit: 'share', value: 1 },
    { name: 'burst (embedded): throughput', unit: 'messages/s', value: 5000 / 4.21 },
  ])
  expect(named(burstResult(), 'lower')).toEqual([
    { name: 'burst (embedded): p(50)', unit: 'ms', value: 12 },
    { name: 'burst (embedded): p(95)', unit: 'ms', value: 12 * 1.9 },
    { name: 'burst (embedded): p(99)', unit: 'ms', value: 12 * 5.9 },
  ])
})

test('a part, and another backend, are charts of their own', () => {
  const backend: Result['backend'] = { name: 'docker', why: 'asked for' }
  expect(named(burstResult({ part: 'xlarge', backend }), 'higher')[1]?.name).toBe(
    'burst / xlarge (docker): throughput',
  )
})

test('pressure runs have theirs, end to end', () => {
  const { metrics } = pressureResult()
  expect(named(pressureResult(), 'lower')).toContainEqual({
    name: 'pressure (embedded): p(99)',
    unit: 'ms',
    value: metrics.end_to_end_ms.p99,
  })
})

test('a partial run is no point in a chart, and what was not measured neither', () => {
  expect(named(burstResult({ status: 'partial' }), 'higher')).toEqual([])
  const { metrics } = burstResult()
  const nothing = { ...metrics.response_time_ms, p50: null, p95: null, p99: null }
  const without = { ...metrics, response_time_ms: nothing, latency_ms: nothing }
  expect(named(burstResult({ metrics: without }), 'lower')).toEqual([])
})

test('names the run beside each point', () => {
  expect(benchmarkEntries([view(burstResult())], 'higher')[0]?.extra).toBe(
    'run b7f3a1c2\nverdict PASSED\n2026-01-02T03:04:05.000Z',
  )
})
