import { expect, test } from 'vitest'
import { burstResult } from '../report/result.fixture.ts'
import { olderRun, oldestRun } from './older.fixture.ts'
import { formatOf, overviewOf } from './overview.ts'

test('takes the figures of a result of ours', () => {
  expect(overviewOf('results/20260102-030405-burst.json', burstResult())).toMatchObject({
    format: 'mailstorm/1',
    scenario: 'burst',
    stamp: '20260102-030405',
    verdict: 'PASSED',
    backend: 'embedded',
    total_messages: 5000,
    success_rate: 1,
    latency_ms: { p50: 12, p95: 12 * 1.9 },
    lost: 0,
    thresholds_missed: 0,
  })
})

test('reads a file of the older generator: name and time from the file, what it lacks as null', () => {
  expect(overviewOf('a/v0.2.0-burst.json', olderRun())).toEqual({
    file: 'a/v0.2.0-burst.json',
    format: 'older',
    scenario: 'v0.2.0-burst',
    part: null,
    run_id: null,
    stamp: '20250304-050607',
    start_time: '2025-03-04T05:06:07.123456',
    status: 'complete',
    verdict: 'WARNING',
    test_type: 'burst',
    backend: null,
    total_messages: 400,
    successful_messages: 398,
    failed_messages: 2,
    success_rate: 398 / 400,
    duration_seconds: 0.8,
    messages_per_second: 497.5,
    latency_ms: { p50: 7, p95: 11, p99: 21, max: 1004.25 },
    lost: null,
    duplicated: null,
    thresholds_missed: null,
  })
})

test('reads the first files of the older generator, which had no percentiles', () => {
  const overview = overviewOf('20241127-120000-burst.json', oldestRun())
  expect(overview?.latency_ms).toEqual({ p50: null, p95: null, p99: null, max: 1203.45 })
  expect(overview).toMatchObject({ stamp: '20241127-120000', scenario: 'burst' })
})

test.for([
  [400, 'PASSED'],
  [381, 'WARNING'],
  [380, 'FAILED'],
  [0, 'FAILED'],
] as const)('gives an older run with %i of 400 accepted the verdict %s', ([successful, verdict]) => {
  const metrics = { total_messages: 400, successful_messages: successful }
  expect(overviewOf('x.json', olderRun({ metrics }))?.verdict).toBe(verdict)
})

test('never makes 0 of what is missing or of the wrong kind', () => {
  const metrics = { total_messages: '400', messages_per_second: null }
  expect(overviewOf('x.json', olderRun({ metrics }))).toMatchObject({
    total_messages: null,
    success_rate: null,
    messages_per_second: null,
    duration_seconds: null,
    latency_ms: { p50: null, p95: null, p99: null, max: null },
    verdict: null,
  })
})

test('a run without messages has no success rate', () => {
  const { metrics } = burstResult()
  const empty = burstResult({ metrics: { ...metrics, total_messages: 0, success_rate: 0 } })
  expect(overviewOf('x.json', empty)?.success_rate).toBeNull()
})

test.for([
  ['an array', [1]],
  ['null', null],
  ['a text', 'burst'],
  ['an object without metrics', { test_type: 'burst' }],
  ['metrics that are a list', { test_type: 'burst', metrics: [] }],
  ['metrics alone', { metrics: {} }],
  ['a later format', { ...burstResult(), format: 'mailstorm/2' }],
  ['a format that says older', { ...burstResult(), format: 'older' }],
] as const)('does not take %s for a run', ([, json]) => {
  expect(formatOf(json)).toBeUndefined()
  expect(overviewOf('x.json', json)).toBeUndefined()
})
