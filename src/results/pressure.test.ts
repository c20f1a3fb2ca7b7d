import { expect, test } from 'vitest'
import type { PressureResult } from '../pressure/result.ts'
import { pressureResult } from '../report/html/pressure.fixture.ts'
import { compareRuns } from './compare.ts'
import { type RunView, viewOf } from './run-view.ts'

function pressureView(changes: Partial<PressureResult> = {}): RunView {
  const view = viewOf('pressure.json', pressureResult(changes))
  if (view === undefined) throw new Error('the fixture is no run')
  return view
}

function metricsWith(changes: Partial<PressureResult['metrics']>) {
  return { metrics: { ...pressureResult().metrics, ...changes } }
}

function verificationWith(changes: Partial<PressureResult['verification']>) {
  return { verification: { ...pressureResult().verification, ...changes } }
}

test('reads a pressure run like any other', () => {
  const { metrics, verification } = pressureResult()
  expect(pressureView()).toMatchObject({
    format: 'mailstorm-pressure/1',
    scenario: 'pressure',
    total_messages: metrics.total_messages,
    messages_per_second: metrics.messages_per_second,
    latency_ms: { p95: metrics.latency_ms.p95 },
    lost: verification.lost,
    figures: { 'p(95)': metrics.end_to_end_ms.p95, throughput: metrics.messages_per_second },
    circumstances: { workload: { tenants: 4, 'proxies at once': 2 } },
  })
  expect(pressureView().per_second.length).toBe(60)
  expect(Object.keys(pressureView().histograms)).toEqual(['end_to_end', 'report_lag'])
})

test.for<[figure: string, before: Partial<PressureResult>, after: Partial<PressureResult>]>([
  ['throughput', metricsWith({ messages_per_second: 40 }), metricsWith({ messages_per_second: 30 })],
  [
    'p(95)',
    metricsWith({ end_to_end_ms: { ...pressureResult().metrics.end_to_end_ms, p95: 800 } }),
    metricsWith({ end_to_end_ms: { ...pressureResult().metrics.end_to_end_ms, p95: 1200 } }),
  ],
  ['lost', verificationWith({ lost: 0 }), verificationWith({ lost: 1 })],
  ['duplicated', verificationWith({ duplicated: 2 }), verificationWith({ duplicated: 3 })],
  ['misreported', verificationWith({ misreported: 0 }), verificationWith({ misreported: 1 })],
])('a worse %s is a regression', ([figure, before, after]) => {
  const { rows, kind } = compareRuns({ before: [pressureView(before)], after: [pressureView(after)] })
  expect(kind).toBe('pressure')
  expect(rows.filter(({ verdict }) => verdict === 'regression').map(({ name }) => name)).toEqual([figure])
})

test('says first that the proxy or its settings differ', () => {
  const { proxy } = pressureResult()
  const other = pressureView({ proxy: { ...proxy, instances: 3 } })
  const { cautions } = compareRuns({ before: [pressureView()], after: [other] })
  expect(cautions).toContainEqual({
    about: 'workload',
    sentence: 'different workload: proxies at once: 2 vs. 3',
  })
})
