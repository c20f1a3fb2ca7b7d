import { expect, test } from 'vitest'
import { renderText } from './kinds.ts'
import { brokenResult, burstResult } from './result.fixture.ts'
import { NOTHING } from './result-parts.fixture.ts'
import { renderSummary } from './runs/list.ts'
import { coloured, paintFor, plain } from './terminal.ts'

test('shows a run that passed', () => {
  expect(renderText(burstResult())).toMatchSnapshot()
})

test('shows a run that failed: outcomes, failures, thresholds, warning and reasons', () => {
  expect(renderText(brokenResult())).toMatchSnapshot()
})

test('shows rate against target and the scheduling lag in the open model', () => {
  const { metrics, generator, workload } = burstResult()
  const text = renderText(
    burstResult({
      test_type: 'sustained',
      target_rate: 50,
      workload: { ...workload, executor: 'constant-arrival-rate', model: 'open', rate_per_second: 50 },
      metrics: { ...metrics, rate: 49.99, rate_error: 0.0002 },
      generator: { ...generator, scheduling_lag_ms: { ...metrics.response_time_ms, p99: 1.2, max: 9.9 } },
    }),
  )
  expect(text).toContain(
    'Rate:               49.99/s started in the attack window, target 50.00/s (0.02 % off)',
  )
  expect(text).toContain('scheduling lag p99 1.20 ms max 9.90 ms')
})

test('a pipelining level is the one that was used, and the headroom says what it is a multiple of', () => {
  const { generator, workload } = burstResult()
  const row = (target: string, used: string) => ({ target, asked: 'chunks', used, trial_messages: 1 })
  const text = (...used: string[]) =>
    renderText(
      burstResult({
        workload: { ...workload, pipelining: 'chunks', pipeline_depth: 8 },
        pipelining: used.map((level, index) => row(`server-${index}`, level)),
        generator: { ...generator, headroom: { ratio: 14.6, calibrated_per_second: 23_184 } },
      }),
    )
  expect(text('chunks')).toContain('sessions kept open, pipelining chunks, depth 8\n')
  expect(text('transactions')).toContain('pipelining transactions (chunks was asked for)\n')
  expect(text('chunks', 'commands', 'transactions')).toContain(
    'pipelining chunks, depth 8 (2 of 3 servers: commands, transactions)\n',
  )
  expect(text('chunks')).toContain(
    'Headroom:             14.6 times this throughput; 23,184/s in the calibration\n',
  )
})

test('a ledger that was not kept is not verified, and its counts are dashes', () => {
  const { ledger } = burstResult()
  const result = burstResult({
    ledger: {
      ...ledger,
      verified: false,
      why_not: 'external target',
      received: null,
      lost: null,
      duplicated: null,
    },
  })
  expect(renderText(result)).toContain('Ledger:               not verified: external target\n')
  expect(renderSummary([result])).toMatch(/ –\s+–\s+PASSED\n/)
})

test('a run that sent nothing has dashes, not zeros, for what it could not measure', () => {
  const { metrics } = burstResult()
  const text = renderText(
    burstResult({
      verdict: 'FAILED',
      thresholds: [],
      metrics: { ...metrics, total_messages: 0, response_time_ms: NOTHING, service_time_ms: NOTHING },
    }),
  )
  expect(text).toMatch(/Success rate: +–\n/)
  expect(text).toMatch(/p50: +– +–\n/)
  expect(text).toContain('[FAILED] burst: nothing was sent\n')
})

test('a value just over its limit is shown exactly', () => {
  const text = renderText(
    burstResult({
      verdict: 'FAILED',
      thresholds: [
        { expression: 'p(99)<1000', metric: 'p(99)', value: 1000.0004, limit: 1000, verdict: 'fail' },
      ],
    }),
  )
  expect(text).toContain('[FAILED] burst: p(99)<1000 — was 1,000.0004 ms')
})

test('names only the first servers of many', () => {
  const servers = Array.from({ length: 32 }, (_, index) => `s${index + 1}`)
  expect(renderText(burstResult({ servers }))).toContain('Servers:              s1, s2, s3, s4, s5 … (32)\n')
})

test('shows the most frequent kinds of failure and counts the others', () => {
  const [row] = brokenResult().failures
  if (row === undefined) throw new Error('the fixture has no failure')
  const failures = Array.from({ length: 14 }, (_, index) => ({
    ...row,
    text: `kind ${index}`,
    count: index + 1,
  }))
  const text = renderText(burstResult({ failures }))
  expect(text).toContain('kind 13')
  expect(text).not.toContain('kind 3\n')
  expect(text).toContain('… and 10 failures of 4 further kinds, see the JSON')
})

test('cannot be made to steer the terminal by a reply', () => {
  const [row] = brokenResult().failures
  if (row === undefined) throw new Error('the fixture has no failure')
  const text = renderText(burstResult({ failures: [{ ...row, text: '\u001b[2J\r\n::stop-commands::x' }] }))
  expect(text).not.toContain('\u001b')
  expect(text).not.toMatch(/^\s*::/m)
})

test('the table at the end has one aligned row for each run', () => {
  expect(
    renderSummary([burstResult(), { ...brokenResult(), scenario: 'mixed', part: 'xlarge' }]),
  ).toMatchSnapshot()
})

test('says when runs of different backends stand beside each other', () => {
  const external = burstResult({ backend: { name: 'external', why: 'SMTP_TARGETS is set' } })
  expect(renderSummary([burstResult(), external])).toContain(
    'Not comparable: 2 backends (embedded, external)',
  )
  expect(renderSummary([burstResult(), burstResult()])).not.toContain('Not comparable')
})

test('no run, no table', () => {
  expect(renderSummary([])).toBe('')
})

test('colours stand in a terminal alone, and not with NO_COLOR', () => {
  expect(renderText(brokenResult(), { paint: coloured, width: undefined })).toContain(
    '\u001b[31m[FAILED]\u001b[39m',
  )
  expect(paintFor({ isTTY: true }, false)).toBe(coloured)
  expect(paintFor({ isTTY: true }, true)).toBe(plain)
  expect(paintFor({}, false)).toBe(plain)
})

test('says how much was sent where what was sent was refused', () => {
  const { metrics, workload } = burstResult()
  const phases_ms = { ...metrics.phases_ms, transfer: { ...metrics.response_time_ms, count: 10 } }
  const refused = burstResult({
    metrics: { ...metrics, total_bytes_sent: 0, phases_ms },
    workload: { ...workload, size_bytes: 1_048_576 },
  })
  expect(renderText(refused)).toContain('Data:               0 bytes accepted, of 10 MB sent\n')
})
