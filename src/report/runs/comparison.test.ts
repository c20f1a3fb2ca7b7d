import { expect, test } from 'vitest'
import { runWith } from '../../results/compare.fixture.ts'
import { compareRuns } from '../../results/compare.ts'
import type { Paint } from '../terminal.ts'
import { renderComparison } from './comparison.ts'

const tags: Paint = (style, text) => `<${style}>${text}</${style}>`

const WORSE = compareRuns({
  before: [runWith({ throughput: 1000, p95: 20 })],
  after: [runWith({ throughput: 500, p95: 90 }, { backend: { name: 'docker', why: '' } })],
})

test('says first what differs, then every figure, then the verdict with its limits', () => {
  expect(renderComparison(WORSE)).toMatchInlineSnapshot(`
    "============================================================================
    Comparison
    ============================================================================

    A, before:            run.json  (burst, embedded)
    B, after:             run.json  (burst, docker)

    ! different backend: embedded vs. docker

                                       A          B     change      in %
    Messages
      total                        5,000      5,000          0     0.0 %
      success rate ↑*           100.00 %   100.00 %          0     0.0 %  same
      not successful ↓                 0          0          0     0.0 %  same
      deferred ↓                       0          0          0     0.0 %  same
      rejected ↓                       0          0          0     0.0 %  same
      failed ↓                         0          0          0     0.0 %  same
      dropped ↓                        0          0          0     0.0 %  same
      not reached ↓                    0          0          0     0.0 %  same
      connection errors ↓              0          0          0     0.0 %  same
      recipients refused ↓             0          0          0     0.0 %  same

    Integrity
      lost ↓*                          0          0          0     0.0 %  same
      duplicated ↓*                    0          0          0     0.0 %  same
      corrupted ↓*                     0          0          0     0.0 %  same
      unacknowledged ↓                 0          0          0     0.0 %  same

    Speed
      throughput ↑*              1,000/s    500.0/s   −500.0/s   −50.0 %  REGRESSION
      duration                   60.00 s    60.00 s          0     0.0 %
      data                      48.83 MB   48.83 MB          0     0.0 %
      rate in the window ↑       1,247/s    1,247/s          0     0.0 %  same

    Response time
      average ↓                 13.56 ms   13.56 ms          0     0.0 %  same
      minimum ↓                  4.80 ms    4.80 ms          0     0.0 %  same
      p50 ↓                     12.00 ms   12.00 ms          0     0.0 %  same
      p90 ↓                     18.00 ms   18.00 ms          0     0.0 %  same
      p95 ↓*                    20.00 ms   90.00 ms  +70.00 ms  +350.0 %  REGRESSION
      p99 ↓                     70.80 ms   70.80 ms          0     0.0 %  same
      p99.9 ↓                  109.20 ms  109.20 ms          0     0.0 %  same
      maximum ↓                115.20 ms  115.20 ms          0     0.0 %  same

    Service time
      average ↓                 12.88 ms   12.88 ms          0     0.0 %  same
      minimum ↓                  4.56 ms    4.56 ms          0     0.0 %  same
      p50 ↓                     11.40 ms   11.40 ms          0     0.0 %  same
      p90 ↓                     17.10 ms   17.10 ms          0     0.0 %  same
      p95 ↓                     21.66 ms   21.66 ms          0     0.0 %  same
      p99 ↓                     67.26 ms   67.26 ms          0     0.0 %  same
      p99.9 ↓                  103.74 ms  103.74 ms          0     0.0 %  same
      maximum ↓                109.44 ms  109.44 ms          0     0.0 %  same

    Phases
      connect p95 ↓              0.76 ms    0.76 ms          0     0.0 %  same
      accept p95 ↓              17.10 ms   17.10 ms          0     0.0 %  same

    Resources
      CPU of the servers ↓          49 %       49 %          0     0.0 %  same
      memory of the servers ↓      79 MB      79 MB          0     0.0 %  same
      CPU of the generator          87 %       87 %          0     0.0 %

    ↑ higher is better, ↓ lower is better, * decides the verdict

    [REGRESSION] B is worse than A, but A and B were not measured under the same conditions (see above):
      throughput 1,000/s → 500.0/s (−50.0 %; limit 10 %)
      p95 of response time 20.00 ms → 90.00 ms (+350.0 %; limit 30 % and 50.00 ms)
    "
  `)
})

test('colours what decides', () => {
  const text = renderComparison(WORSE, { paint: tags, width: 100 })
  expect(text).toContain('<yellow>! different backend: embedded vs. docker</yellow>')
  expect(text.match(/<red>REGRESSION<\/red>/g)).toHaveLength(2)
})

test('no change is said so, and of several runs the range stands beside the median', () => {
  const side = [1000, 1010, 990].map((throughput) => runWith({ throughput }))
  const text = renderComparison(compareRuns({ before: side, after: side }))
  expect(text).toMatch(/throughput ↑\* +1,000\/s +990\.0\/s – 1,010\/s/)
  expect(text).toContain('A and B are medians')
  expect(text).toContain('[NO CHANGE]')
})

test('a change within noise is told with its reason', () => {
  const short = (throughput: number) => runWith({ throughput, perSecond: [throughput, 7] })
  const text = renderComparison(compareRuns({ before: [short(1000)], after: [short(800)] }))
  expect(text).toMatch(
    /\[NO CHANGE\].*\n {2}throughput 1,000\/s → 800\.0\/s .*within noise: 1 whole second is/,
  )
})

test('fits a narrow terminal', () => {
  const lines = renderComparison(WORSE, { paint: (_style, text) => text, width: 60 }).split('\n')
  const figures = lines.slice(
    lines.findIndex((line) => line.startsWith('Messages')),
    lines.findIndex((line) => line.startsWith('↑')),
  )
  expect(figures.length).toBeGreaterThan(30)
  expect(Math.max(...figures.map((line) => line.length))).toBeLessThanOrEqual(60)
})
