import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'
import { describe, expect, test } from 'vitest'
import { renderStatus } from '../cli/services.ts'
import type { Result } from '../engine/result.ts'
import type { Baseline } from '../results/baseline.ts'
import { runWith } from '../results/compare.fixture.ts'
import { compareRuns } from '../results/compare.ts'
import { olderRun } from '../results/older.fixture.ts'
import { overviewOf, type RunOverview } from '../results/overview.ts'
import { viewOf } from '../results/run-view.ts'
import { summariseRuns } from '../results/summary.ts'
import { pressureProgress, progress } from '../run/live/progress.fixture.ts'
import { driftingResult, scalingTable, searchResult, splitResult } from './html/extras.fixture.ts'
import { pressureResult } from './html/pressure.fixture.ts'
import { probeResult } from './html/probe.fixture.ts'
import { renderLiveLine, renderText } from './kinds.ts'
import { brokenResult, burstResult } from './result.fixture.ts'
import { failure } from './result-parts.fixture.ts'
import { renderBaseline, renderBaselineList } from './runs/baseline.ts'
import { renderComparison } from './runs/comparison.ts'
import { renderList, renderScenarioSummary, renderSkipped, renderSummary } from './runs/list.ts'
import { renderRunView } from './runs/run-view.ts'
import { coloured, type Page } from './terminal.ts'

const LONG_NAME = 'a-scenario-that-somebody-gave-a-name-to-in-a-sentence'
const WIDE = '受信者が見つかりません '.repeat(12)
const LONG_TEXT = `550 5.7.1 ${'the sender is not allowed to relay through this host '.repeat(7)}end-of-text`
const UNBROKEN = `550 ${'x'.repeat(400)}`

function long(): Result {
  const broken = brokenResult()
  const failures = [
    failure(400, 'reply', 'envelope', LONG_TEXT, 'rejected'),
    failure(30, 'reply', 'envelope', WIDE, 'rejected'),
    failure(9, 'protocol_error', 'greeting', UNBROKEN, 'failed'),
  ].map((row) => ({ ...row, target: 'a-server-with-a-long-name.some.example:2525' }))
  return {
    ...broken,
    scenario: LONG_NAME,
    part: '受信者 xlarge',
    failures,
    refused_recipients: failures,
    session_failures: failures,
    servers: Array.from({ length: 12 }, (_, i) => `mail-${i}.some-long-domain.example:2525`),
    observations: [LONG_TEXT],
    thresholds: broken.thresholds.map((row) => ({ ...row, reason: LONG_TEXT })),
    custom_metrics: {
      an_own_metric_of_a_hook_with_a_name_ms: {
        kind: 'trend',
        summary: broken.metrics.response_time_ms,
        histogram: broken.histograms.response_time,
      },
      受信者: { kind: 'counter', sum: 3, per_second: 1 },
    },
    generator: {
      ...broken.generator,
      bound: true,
      bound_reasons: [LONG_TEXT],
      headroom: { ratio: 17.5, calibrated_per_second: 163_940 },
    },
    pipelining: [
      {
        target: 'a-server-with-a-long-name.some.example:2525',
        asked: 'chunks',
        used: 'transactions',
        why: LONG_TEXT,
        trial_messages: 1,
      },
    ],
    side_by_side: scalingTable(),
    search: searchResult(),
    split: splitResult(),
  }
}

const overviews = [olderRun(), burstResult(), long()]
  .map((run, i) => overviewOf(`results/20260102-030405-${LONG_NAME}-${i}.json`, run))
  .filter((run): run is RunOverview => run !== undefined)
const runs = [runWith({ throughput: 1000 }), runWith({ throughput: 990 })]
const worse = runWith(
  { throughput: 500, p95: 9_000 },
  { scenario: LONG_NAME, backend: { name: 'docker', why: '' } },
)
const baseline: Baseline = {
  format: 'mailstorm-baseline/1',
  name: LONG_NAME,
  saved_at: '2026-01-02T03:04:05Z',
  runs,
}
const skipped = [{ file: `results/${LONG_NAME}.json`, why: LONG_TEXT }]
const services = [
  {
    name: 'postgres',
    state: 'running',
    cpu_percent: 1.2,
    memory_bytes: 2 ** 30,
    address: `postgresql://${'x'.repeat(90)}`,
    restarts: 12,
    last_end: {
      by: 'lost from view: the container engine ended its stream of events',
      at: '2026-01-02T03:04:05Z',
    },
  },
] as const
const view = viewOf(`results/20260102-${LONG_NAME}.json`, olderRun())
if (view === undefined) throw new Error('the fixture is no run')

const OUTPUTS: readonly (readonly [string, (page: Page) => string])[] = [
  ['a run', (page) => renderText(burstResult(), page)],
  ['a run with long texts everywhere', (page) => renderText(long(), page)],
  ['a run with slopes', (page) => renderText(driftingResult(), page)],
  ['a pressure run', (page) => renderText(pressureResult(), page)],
  ['the table at the end', (page) => renderSummary([burstResult(), long(), pressureResult()], page)],
  ['list', (page) => renderList('results', overviews, page)],
  ['skipped files', (page) => renderSkipped(skipped, page)],
  ['summary', (page) => renderScenarioSummary('results', summariseRuns(overviews), page)],
  ['compare', (page) => renderComparison(compareRuns({ before: [worse], after: [worse] }), page)],
  [
    'compare of several',
    (page) => renderComparison(compareRuns({ before: runs, after: [worse, worse] }), page),
  ],
  ['an older file', (page) => renderRunView(view, page)],
  ['a baseline', (page) => renderBaseline(baseline, page)],
  ['baselines', (page) => renderBaselineList([baseline], skipped, page)],
  [
    'a probe',
    (page) => {
      const result = probeResult()
      return [result, ...result.targets.map((one) => ({ ...result, targets: [one] }))]
        .map((one) => renderText(one, page))
        .join('')
    },
  ],
  ['status', ({ width }) => renderStatus(services, width)],
  [
    'live lines',
    ({ width = 80, paint }) =>
      [progress({ scenario: LONG_NAME }), progress({ scenario: '受信者'.repeat(9) }), pressureProgress()]
        .map((one) => renderLiveLine(one, width, paint))
        .join('\n'),
  ],
]

describe.each([40, 80, 120])('in %i columns', (width) => {
  test.for(OUTPUTS)('no line of %s is wider', ([, render]) => {
    const text = render({ paint: coloured, width })
    for (const line of stripVTControlCharacters(text).split('\n')) {
      expect(stringWidth(line), line).toBeLessThanOrEqual(width)
    }
  })
})

test('nothing of a long failure text is lost, in a pipe in one line', () => {
  const told = (page: Page) => stripVTControlCharacters(renderText(long(), page)).replaceAll(/\s+/g, ' ')
  expect(told({ paint: coloured, width: 80 })).toContain(LONG_TEXT)
  expect(renderText(long())).toContain(`  ${LONG_TEXT}\n`)
  expect(renderText(long())).toContain(UNBROKEN)
})

test('list and summary still say in 80 columns what decides', () => {
  const page: Page = { paint: (_style, text) => text, width: 80 }
  expect(renderList('results', overviews, page)).toMatch(/FAILED \(partial\)$/m)
  expect(renderScenarioSummary('results', summariseRuns(overviews), page)).toMatch(/FAILED \(partial\)$/m)
  expect(renderSummary([long()], page)).toMatch(/FAILED \(partial\)$/m)
})
