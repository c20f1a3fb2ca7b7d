import { expect, test } from 'vitest'
import type { Result } from '../../engine/result.ts'
import type { PressureResult } from '../../pressure/result.ts'
import { viewOf } from '../../results/run-view.ts'
import { pressureResult } from '../html/pressure.fixture.ts'
import { renderMarkdown } from '../kinds.ts'
import { brokenResult, burstResult } from '../result.fixture.ts'
import { renderJobSummary, type SummarisedRun } from './job-summary.ts'

function run(result: Result | PressureResult, details = 'all of it'): SummarisedRun {
  const view = viewOf('', result)
  if (view === undefined) throw new Error('not a result')
  return { view, thresholds: result.thresholds, details }
}

test('says first what matters, then the verdicts, then what was missed, and folds the rest', () => {
  expect(renderJobSummary([run(burstResult()), run(brokenResult()), run(pressureResult())])).toMatchSnapshot()
})

test.for([
  [['PASSED'], '✅ **The run passed.**'],
  [['PASSED', 'PASSED'], '✅ **All 2 runs passed.**'],
  [['PASSED', 'WARNING'], '⚠️ **1 of 2 runs passed with errors.**'],
  [['FAILED', 'WARNING'], '❌ **1 of 2 runs failed.**'],
] as const)('of %j it says %s', ([verdicts, sentence]) => {
  const runs = verdicts.map((verdict) => run(burstResult({ verdict })))
  expect(renderJobSummary(runs).split('\n\n')[1]).toBe(sentence)
})

test('details of runs that failed come before those of runs that passed when there is not room for all', () => {
  const long = 'x'.repeat(2000)
  const passed = run(burstResult({ scenario: 'good' }), long)
  const failed = run({ ...brokenResult(), scenario: 'bad' }, long)
  const summary = renderJobSummary([passed, failed, passed], 4000)
  expect(summary.match(/<details><summary>.*<\/summary>/g)).toEqual([
    '<details><summary>❌ FAILED (partial) bad</summary>',
  ])
  expect(summary).toContain('| ✅ PASSED | good |')
  expect(summary).toContain('The details of some runs are too long for a job summary')
  expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(4000)
  expect(renderJobSummary([passed, failed, passed], 10_000).match(/<details>/g)).toHaveLength(3)
})

test('a scenario cannot end its row, nor a reason open a link', () => {
  const [row] = brokenResult().thresholds.filter(({ verdict }) => verdict === 'no-data')
  if (row === undefined) throw new Error('the fixture has no such threshold')
  const reason = 'see [here](http://e.example) | and <b>there</b>'
  const summary = renderJobSummary([
    run({ ...brokenResult(), scenario: 'a|b', thresholds: [{ ...row, reason }] }),
  ])
  expect(summary).toContain('| ❌ FAILED (partial) | a\\|b |')
  expect(summary).toContain('no data: see \\[here\\](http:\\//e.example) \\| and &lt;b&gt;there&lt;/b&gt;')
})

test('closes every fold that it opens, those of the details too', () => {
  const summary = renderJobSummary(
    [burstResult(), brokenResult()].map((one) => run(one, renderMarkdown(one))),
  )
  expect(summary.match(/<\/details>/g)).toHaveLength(summary.match(/<details>/g)?.length ?? 0)
  expect(summary.match(/<details>/g)?.length).toBeGreaterThan(10)
})
