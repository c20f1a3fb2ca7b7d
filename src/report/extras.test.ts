import { expect, test } from 'vitest'
import { renderMarkdown, renderText } from './kinds.ts'
import { burstResult } from './result.fixture.ts'

const sideBySide = {
  by: 'servers',
  columns: [
    { name: 'throughput', unit: 'per_second' },
    { name: 'p99', unit: 'ms' },
    { name: 'efficiency per server', unit: 'share' },
    { name: 'against the first', unit: 'factor' },
    { name: 'accepted', unit: 'count' },
    { name: 'lasted', unit: 'seconds' },
  ],
  rows: [
    { label: '1-server', values: [612.4, 81.23, 1, 1, 5_000, 8.164] },
    { label: '3-servers', values: [1_530.9, null, 0.8333, 2.4998, 4_998, 3.266] },
  ],
  note: 'Efficiency is throughput per server relative to the first row: at 100 %, twice the servers take twice the mail.',
} as const

const step = (rate: number, held: boolean) => ({
  rate_per_second: rate,
  held,
  missed: held ? [] : ['p(99)<500'],
  p99_ms: held ? 12.3 : 812.4,
  success_rate: 1,
  throughput: rate,
  generator_bound: false,
})

const everything = burstResult({
  side_by_side: sideBySide,
  search: {
    rate_per_second: 300,
    broke_at_per_second: 306.3,
    holds: ['p(99)<500'],
    seconds: 10,
    confidence: 'high',
    why: 'the limit is between 300 and 306.3/s; 3 of 3 probes agree',
    steps: [step(300, true), step(306.3, false), { ...step(306.3, false), generator_bound: true }],
  },
  drift: [
    {
      of: 'response time p99',
      unit: 'ms',
      per_hour: 1.25,
      low_per_hour: -0.5,
      high_per_hour: 3,
      points: 108,
    },
    {
      of: 'memory of smtp-server-1',
      unit: 'bytes',
      per_hour: -1_048_576,
      low_per_hour: -2_097_152,
      high_per_hour: 0,
      points: 108,
    },
  ],
  split: {
    generators: 3,
    index: 1,
    shared_run_id: 'night7',
    agreed_start: '2026-01-02T03:04:05.000Z',
    started_at: '2026-01-02T03:04:05.012Z',
    start_late_ms: 12,
  },
})

test('shows in a terminal what only some results have', () => {
  expect(renderText(everything)).toMatchSnapshot()
  expect(renderText(everything)).toContain('Highest rate that holds: 300.0/s, confidence high')
})

test('shows it in Markdown', () => {
  expect(renderMarkdown(everything)).toMatchSnapshot()
  expect(renderMarkdown(everything)).toContain('### Side by side')
})

test('shows nothing of what a result does not have', () => {
  expect(renderText(burstResult())).not.toMatch(/Search|Side by side|Drift|Generators/)
  expect(renderMarkdown(burstResult())).not.toContain('###')
})

test('a name from a suite file gets out of no table cell', () => {
  const [row] = sideBySide.rows
  const hostile = burstResult({
    side_by_side: { ...sideBySide, rows: [{ ...row, label: 'a|b\u001b[31m\n::error::x' }] },
  })
  expect(renderMarkdown(hostile)).toContain('| a\\|b ::error::x |')
  expect(renderText(hostile)).not.toContain('\u001b')
})
