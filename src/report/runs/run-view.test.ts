import { expect, test } from 'vitest'
import { olderRun, oldestRun } from '../../results/older.fixture.ts'
import { viewOf } from '../../results/run-view.ts'
import { renderRunView } from './run-view.ts'

function rendered(json: unknown): string {
  const view = viewOf('results/20241127-120000-burst.json', json)
  if (view === undefined) throw new Error('the fixture is no run')
  return renderRunView(view)
}

test('shows a file of the older generator in the layout that its own analysis had', () => {
  expect(rendered(olderRun())).toMatchInlineSnapshot(`
    "============================================================================
    Analysis: 20241127-120000-burst.json
    ============================================================================

    Test Type:            burst
    Scenario:             burst
    Servers:              1
    Message Size:         1 KB
    Workers:              20
    Target rate:          –
    Backend:              –
    Started:              2025-03-04T05:06:07.123456

    Messages:
      Total:              400
      Successful:         398
      Failed:             2
      Conn Errors:        2
      Success Rate:       99.50 %

    Performance:
      Duration:           0.80 s
      Messages/Sec:       497.5/s
      Total Data:         365.35 KB

    Response time:
      Average:            9.50 ms
      Minimum:            1.50 ms
      p50:                7.00 ms
      p90:                9.00 ms
      p95:                11.00 ms
      p99:                21.00 ms
      p99.9:              1,004.25 ms
      Maximum:            1,004.25 ms

    Lost:                 –
    Duplicated:           –

    [WARNING] Status: WARNING - 2 of 400 messages not successful
    "
  `)
})

test('shows what the first of them lack as –', () => {
  const text = rendered(oldestRun())
  expect(text).toMatch(/Average: +152\.34 ms/)
  expect(text).toMatch(/p95: +–/)
})

test('shows a file with hardly anything in it, and no 0 that was not measured', () => {
  const text = rendered({ test_type: 'burst', metrics: {} })
  expect(text).toMatch(/Total: +–/)
  expect(text.replace('20241127-120000', '')).not.toMatch(/\b0\b/)
  expect(text).toContain('the file has no verdict')
})
