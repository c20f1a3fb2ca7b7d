import { expect, test } from 'vitest'
import { overviewOf } from '../../results/overview.ts'
import { summariseRuns } from '../../results/summary.ts'
import { signedPercent } from '../format.ts'
import { burstResult } from '../result.fixture.ts'
import { renderScenarioSummary } from './list.ts'

function run(throughput: number, changes: Parameters<typeof burstResult>[0] = {}) {
  const { metrics } = burstResult()
  const json = burstResult({ metrics: { ...metrics, messages_per_second: throughput }, ...changes })
  const overview = overviewOf('run.json', json)
  if (overview === undefined) throw new Error('the fixture is no run')
  return overview
}

const FAILED = { verdict: 'FAILED', status: 'partial' } as const
const DOCKER = { backend: { name: 'docker', why: '' } }

test('has a row to each scenario and backend, with medians and ranges', () => {
  const rows = summariseRuns([run(1000), run(1200), run(600, DOCKER), run(1100), run(880, FAILED)])
  expect(rows).toMatchObject([
    {
      scenario: 'burst',
      backend: 'embedded',
      runs: 4,
      passed: 3,
      failed: 1,
      partial: 1,
      total_messages: 20_000,
      messages_per_second: { median: 1050, min: 880, max: 1200 },
      lost: 0,
      latest: { verdict: 'FAILED' },
    },
    { backend: 'docker', runs: 1, latest_change: null },
  ])
  // 880 against the median of 1000, 1200 and 1100.
  expect(rows[0]?.latest_change).toBeCloseTo(-0.2)
  expect(renderScenarioSummary('results', rows)).toMatchInlineSnapshot(`
    "5 runs of 2 scenarios in results, the newest of 2026-01-02

    Scenario  Backend   Runs  Passed  Failed  Messages  Success, min  Throughput, median      range  p99 ms, median  range  Lost   Change  Newest
    burst     embedded     4       3       1    20,000      100.00 %             1,050/s  880–1,200           70.80            0  −20.0 %  FAILED (partial)
    burst     docker       1       1       0     5,000      100.00 %             600.0/s                      70.80            0        –  PASSED

    Change: throughput of the newest run against the median of the earlier ones.
    Total: 4 passed, 0 warnings, 1 failed, 1 of them partial.
    "
  `)
})

test('sums nothing up to 0 that no run says', () => {
  const [row] = summariseRuns([{ ...run(1), lost: null, total_messages: null }])
  expect(row).toMatchObject({ lost: null, total_messages: null })
})

test.for([
  [0.032, '+3.2 %'],
  [-0.5, '−50.0 %'],
  [0.0001, '0.0 %'],
  [null, '–'],
] as const)('writes %s as %s', ([share, text]) => {
  expect(signedPercent(share)).toBe(text)
})
