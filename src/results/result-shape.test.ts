import { expect, test } from 'vitest'
import { UNITS } from '../engine/result.ts'
import { pressureResult } from '../report/html/pressure.fixture.ts'
import { brokenResult, burstResult } from '../report/result.fixture.ts'
import { asPressureResult, asResult } from './result-shape.ts'

const asJson = (value: unknown) => JSON.parse(JSON.stringify(value))

test('takes what runs write', () => {
  for (const result of [burstResult(), brokenResult()]) {
    expect(asResult(asJson(result))).toEqual({ result: asJson(result) })
  }
  expect(asPressureResult(asJson(pressureResult()))).toEqual({ result: asJson(pressureResult()) })
})

test('takes tables of runs beside each other in any unit that figures have', () => {
  const side_by_side = { by: 'run', columns: UNITS.map((unit) => ({ name: unit, unit })), rows: [], note: '' }
  expect(asResult(asJson({ ...burstResult(), side_by_side }))).toHaveProperty('result.side_by_side')
})

test('takes members that it does not know', () => {
  expect(asResult(asJson({ ...burstResult(), weather: 'fine' }))).toHaveProperty('result.weather')
})

test.for<[where: string, spoil: (result: Record<string, Record<string, unknown>>) => void]>([
  ['metrics.throughput', ({ metrics }) => delete metrics?.throughput],
  [
    'metrics.response_time_ms.p99',
    ({ metrics }) => Object.assign(metrics?.response_time_ms ?? {}, { p99: '3' }),
  ],
  ['ledger.lost', ({ ledger }) => delete ledger?.lost],
  ['thresholds.0.verdict', ({ thresholds }) => Object.assign(thresholds?.[0] ?? {}, { verdict: 'maybe' })],
  [
    'histograms.response_time',
    ({ histograms }) => Object.assign(histograms?.response_time ?? {}, { count: 1 }),
  ],
  ['generator', (result) => delete result.generator],
  ['machine', (result) => delete result.machine],
  ['versions.node', ({ versions }) => Object.assign(versions ?? {}, { node: {} })],
  ['workload.sender', ({ workload }) => delete workload?.sender],
  ['resource_usage.0', (result) => Object.assign(result, { resource_usage: { 0: [] } })],
  ['split', (result) => Object.assign(result, { split: -1 })],
  ['merged.parts', (result) => Object.assign(result, { merged: { generators: 2, start_skew_ms: 0 } })],
  ['side_by_side.by', (result) => Object.assign(result, { side_by_side: {} })],
  ['drift.0', (result) => Object.assign(result, { drift: [null] })],
  ['search', (result) => Object.assign(result, { search: 'none' })],
  [
    'custom_metrics.total.kind',
    (result) => Object.assign(result, { custom_metrics: { total: { kind: 'sum' } } }),
  ],
])('says that %s is wrong', ([where, spoil]) => {
  const result = asJson(burstResult())
  spoil(result)
  expect(asResult(result)).toEqual({ wrong: expect.stringMatching(new RegExp(`^${where}: .+`)) })
})

test('says what is wrong with a pressure result', () => {
  const { tenants, ...rest } = asJson(pressureResult())
  const [first, ...others] = tenants
  const spoilt = { ...rest, tenants: [{ ...first, sync_calls: null }, ...others] }
  expect(asPressureResult(spoilt)).toEqual({ wrong: expect.stringMatching(/^tenants\.0\.sync_calls: .+/) })
})
