import { expect, test } from 'vitest'
import { pressureResult } from '../html/pressure.fixture.ts'
import { brokenResult, burstResult } from '../result.fixture.ts'
import { type JunitSuite, renderJunit, runProperties } from './junit.ts'

const SUITE: JunitSuite = {
  name: 'burst',
  file: 'suites/smtp/burst.stress.ts',
  startedAt: new Date('2026-01-02T03:04:05Z'),
  properties: [
    ['verdict', 'FAILED'],
    ['p(99)', '70.8'],
  ],
  cases: [
    { name: 'worker 1, first to smtp-server-1', seconds: 4.21, failures: [] },
    {
      name: 'success_rate>=0.99',
      seconds: 4.2,
      failures: [{ type: 'AssertionError', message: 'success_rate>=0.99 — was 97.60 %' }],
    },
    { name: 'lost==0', seconds: 0, failures: [], skipped: 'the target keeps no ledger' },
    {
      name: 'a mistake',
      seconds: 0.001,
      failures: [{ type: 'TypeError', message: 'x is no function', text: 'x is no function\n  at y.ts:1' }],
    },
  ],
  errors: [{ type: 'MailstormError', message: 'Failed to boot:\nno port is free' }],
}

test('a testsuite for each scenario, with its figures as properties', () => {
  expect(renderJunit([SUITE])).toMatchSnapshot()
})

test('counts rows, failures, errors and skipped ones; the longest row is how long it took', () => {
  const [, root] = renderJunit([SUITE, SUITE]).split('\n')
  expect(root).toBe(
    '<testsuites name="mailstorm" tests="10" failures="4" errors="2" skipped="2" time="8.420">',
  )
})

test('no reply of a server gets out of its attribute, and no character that XML does not have gets in', () => {
  const message = 'a "b" <c> & d\u0000\u001b[31m\u0007\ud800\nend'
  const xml = renderJunit([{ ...SUITE, cases: [], errors: [{ type: 'x', message }] }])
  expect(xml).toContain('message="a &quot;b&quot; &lt;c&gt; &amp; d\uFFFD\uFFFD\uFFFD&#10;end"/>')
})

test('a run of nothing is an empty document', () => {
  expect(renderJunit([])).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="mailstorm" tests="0" failures="0" errors="0" skipped="0" time="0.000">\n</testsuites>\n',
  )
})

function properties(result: Parameters<typeof runProperties>[0]): Record<string, string> {
  return Object.fromEntries(runProperties(result))
}

test('properties: what was measured, by the names of thresholds, and each threshold with its outcome', () => {
  const { metrics } = burstResult()
  expect(properties(burstResult())).toMatchObject({
    verdict: 'PASSED',
    backend: 'embedded',
    success_rate: '1',
    throughput: String(metrics.throughput),
    'p(99)': String(metrics.response_time_ms.p99),
    'accept.p(99)': String(metrics.phases_ms.accept?.p99),
    lost: '0',
    'threshold p(99)<1000': 'pass: 70.80 ms',
  })
  expect(properties(burstResult())).not.toHaveProperty('tls.p(99)')
  expect(properties(brokenResult())['threshold auth.p(99)<5']).toBe('no-data: no session used AUTH')
  expect(properties(pressureResult())).toMatchObject({ verdict: 'FAILED', duplicated: '2' })
})

test('properties of custom metrics, but not of those that nothing was recorded for', () => {
  const summary = { ...burstResult().metrics.response_time_ms, p95: 2.5, p99: 3 }
  const histogram = burstResult().histograms.response_time
  const result = burstResult({
    custom_metrics: {
      retries: { kind: 'counter', sum: 12, per_second: 3 },
      depth: { kind: 'gauge', value: null, min: null, max: null, at_seconds: null },
      slow: { kind: 'rate', share: 0.25, hits: 1, total: 4 },
      wait_ms: { kind: 'trend', summary, histogram },
    },
  })
  expect(properties(result)).toMatchObject({
    retries: '12',
    slow: '0.25',
    'wait_ms.p(95)': '2.5',
    'wait_ms.p(99)': '3',
  })
  expect(properties(result)).not.toHaveProperty('depth')
})
