import { expect, test } from 'vitest'
import { type CustomMetricResults, CustomMetrics, customResults } from '../engine/custom-metrics.ts'
import { renderMarkdown, renderText } from './kinds.ts'
import { burstResult } from './result.fixture.ts'

const KINDS = { retries: 'counter', queue_depth: 'gauge', slow: 'rate', handshake_ms: 'trend' } as const

function ownMetrics(): CustomMetricResults {
  const metrics = new CustomMetrics(KINDS, () => 0)
  metrics.add('retries', 1204)
  for (const depth of [61, 4.25]) metrics.add('queue_depth', depth)
  for (let n = 0; n < 50; n++) metrics.add('slow', n === 0)
  for (const ms of [1, 2, 250]) metrics.add('handshake_ms', ms)
  return customResults(metrics.snapshot(), 10)
}

/** The section of the terminal's report, without its title and margin. */
function customLines(custom_metrics: CustomMetricResults): string[] {
  const [, section = ''] = /\n {2}metric(.*?)\n\n/s.exec(renderText(burstResult({ custom_metrics }))) ?? []
  return `metric${section}`.split('\n').map((line) => line.trim())
}

test('a row for each: the figure that stands for it, and what else is known', () => {
  expect(customLines(ownMetrics())).toEqual([
    'metric        kind          value',
    'retries       counter       1,204  120.4/s',
    'queue_depth   gauge          4.25  min 4.25, max 61, last at 0.00 s',
    'slow          rate         2.00 %  1 of 50',
    'handshake_ms  trend    p95 250 ms  min 1, avg 84.3, p50 2, p99 250, max 250, 3 values',
  ])
})

test('dashes, not zeros, where nothing was recorded', () => {
  const nothing = customResults(new CustomMetrics(KINDS, () => 0).snapshot(), 10)
  const lines = customLines(nothing)
  expect(lines.slice(2).map((line) => line.replace(/ +/g, ' '))).toEqual([
    'queue_depth gauge – min –, max –',
    'slow rate – 0 of 0',
    'handshake_ms trend p95 – ms min –, avg –, p50 –, p99 –, max –, 0 values',
  ])
})

test('the Markdown table has the same, folded into the run', () => {
  const result = burstResult({ custom_metrics: ownMetrics() })
  expect(renderMarkdown(result)).toContain('\n| retries | counter | 1,204 | 120.4/s |\n')
  expect(renderMarkdown(result)).toContain('<details><summary>Custom metrics</summary>\n\n| Metric | Kind |')
})

test('a run without metrics of its own says nothing of them', () => {
  expect(renderText(burstResult())).not.toContain('Custom')
  expect(renderMarkdown(burstResult())).not.toContain('Custom')
})

test('thresholds on them are shown in their unit, and a figure that has none as it is', () => {
  const judged = (
    expression: string,
    metric: string,
    unit: 'number' | 'share',
    value: number,
    limit: number,
  ) => ({ expression, metric, unit, value, limit, verdict: 'fail' }) as const
  const text = renderText(
    burstResult({
      thresholds: [
        judged('hops.max<3', 'hops.max', 'number', 3.5, 3),
        judged('slow<0.05', 'slow', 'share', 0.07, 0.05),
      ],
    }),
  )
  expect(text).toMatch(/FAIL +hops\.max<3 +3\.5 +3\n/)
  expect(text).toMatch(/FAIL +slow<0\.05 +7\.00 % +5\.00 %\n/)
})
