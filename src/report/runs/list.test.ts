import { expect, test } from 'vitest'
import { olderRun } from '../../results/older.fixture.ts'
import { overviewOf, type RunOverview } from '../../results/overview.ts'
import { brokenResult, burstResult } from '../result.fixture.ts'
import type { Paint } from '../terminal.ts'
import { renderList, renderSkipped } from './list.ts'

const tags: Paint = (style, text) => `<${style}>${text}</${style}>`

const RUNS = [
  overviewOf('results/v0.1-burst.json', olderRun()),
  overviewOf('results/20260102-030405-burst.json', burstResult()),
  overviewOf('results/20260102-030905-mixed-xlarge.json', {
    ...brokenResult(),
    scenario: 'mixed',
    part: 'xlarge',
  }),
].filter((run): run is RunOverview => run !== undefined)

test('shows each run on a line, and what a file does not say as –', () => {
  expect(renderList('results', RUNS)).toMatchInlineSnapshot(`
    "3 runs in results

    File                               Scenario        Backend   Messages   Success  Throughput  p50 ms  p99 ms    max ms  Lost  Verdict
    v0.1-burst.json                    v0.1-burst      –              400   99.50 %     497.5/s    7.00   21.00  1,004.25     –  WARNING
    20260102-030405-burst.json         burst           embedded     5,000  100.00 %     1,188/s   12.00   70.80    115.20     0  PASSED
    20260102-030905-mixed-xlarge.json  mixed / xlarge  embedded     5,000   97.60 %     1,188/s   12.00   70.80    115.20     2  FAILED (partial)
    "
  `)
})

test('colours the verdict alone, on a terminal that is narrow too', () => {
  const lines = renderList('results', RUNS, { paint: tags, width: 60 }).split('\n')
  expect(lines.at(-2)).toMatch(/<red>FAILED \(partial\)<\/red>$/)
  expect(lines.at(3)).toMatch(/<yellow>WARNING<\/yellow>$/)
  expect(Math.max(...lines.map((line) => line.replace(/<\/?\w+>/g, '').length))).toBeLessThanOrEqual(60)
})

test('says that there is nothing', () => {
  expect(renderList('results', [])).toBe('No results in results.\n')
})

test('names ten of the files that were skipped, and counts the others', () => {
  const skipped = Array.from({ length: 12 }, (_, n) => ({
    file: `results/${n}.json`,
    why: 'damaged: \u001b[31mred',
  }))
  const text = renderSkipped(skipped)
  expect(text).toMatch(/^Skipped 12 files:\n {2}0\.json: damaged: red\n/)
  expect(text).toMatch(/\n {2}9\.json: .+\n {2}… and 2 more\n$/)
  expect(renderSkipped([])).toBe('')
})
