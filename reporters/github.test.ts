import { expect, test } from 'vitest'
import { pressureResult } from '../src/report/html/pressure.fixture.ts'
import { brokenResult, burstResult } from '../src/report/result.fixture.ts'
import { annotationsOf, jobSummary, rowAnnotations } from './github-reporter.ts'

test('a run that passed has no annotations', () => {
  expect(annotationsOf(burstResult())).toEqual([])
})

test('an error for each threshold that was missed, a warning for what makes the figures doubtful', () => {
  expect(annotationsOf(brokenResult())).toEqual([
    '::error title=burst::success_rate>=0.99 — was 97.60 %25, limit 99.00 %25',
    '::error title=burst::auth.p(99)<5 — no data: no session used AUTH',
    '::error title=burst::lost==0 — was 2, limit 0',
    '::warning title=burst::stopped early: Ctrl+C',
    '::warning title=burst::generator-bound: CPU at 98 %25 of its one thread',
  ])
})

test('a run that failed without a missed threshold is an error all the same', () => {
  const { metrics } = burstResult()
  const result = burstResult({
    verdict: 'FAILED',
    thresholds: [],
    metrics: { ...metrics, failed_messages: 300 },
  })
  expect(annotationsOf(result)).toEqual(['::error title=burst::300 of 5,000 messages not accepted'])
})

test('a warning says why', () => {
  const { metrics } = burstResult()
  const result = burstResult({ verdict: 'WARNING', metrics: { ...metrics, failed_messages: 2 } })
  expect(annotationsOf(result)).toEqual(['::warning title=burst::2 of 5,000 messages not accepted'])
})

test('a name cannot open a second command', () => {
  const [line] = annotationsOf({ ...brokenResult(), scenario: 'a,b:c\n::error::x' })
  expect(line).toMatch(/^::error title=a%2Cb%3Ac %3A%3Aerror%3A%3Ax::/)
})

test('a threshold that could not be looked at is a notice', () => {
  const [row] = burstResult().thresholds
  if (row === undefined) throw new Error('the fixture has no threshold')
  const skipped = { ...row, verdict: 'skipped', value: null, reason: 'the target keeps no ledger' } as const
  expect(annotationsOf(burstResult({ thresholds: [skipped] }))).toEqual([
    '::notice title=burst::success_rate>=0.99 — skipped: the target keeps no ledger',
  ])
})

test('pressure runs are told of in the same way', () => {
  expect(annotationsOf(pressureResult())).toContain('::error title=pressure::duplicated==0 — was 2, limit 0')
  expect(annotationsOf(pressureResult({ thresholds: [] }))).toEqual([
    '::error title=pressure::2 of 2,400 messages not delivered exactly once and intact',
  ])
})

test('rows without a result are told of once for each reason; what has a place in a file is not ours', () => {
  const failed = (name: string, message: string, kind = 'MailstormError') => ({
    name,
    errors: [{ name: kind, message }],
  })
  const rows = [
    failed('worker 1', 'Failed to boot smtp-server-1: no port is free.'),
    failed('worker 2', 'Failed to boot smtp-server-1: no port is free.'),
    failed('worker 3', 'x is not a function', 'TypeError'),
  ]
  expect(rowAnnotations('burst', rows)).toEqual([
    '::error title=burst > worker 1%2C and 1 further row::Failed to boot smtp-server-1: no port is free.',
  ])
})

test('the job summary has the table and every run, or what GitHub would not drop', () => {
  const results = [burstResult(), brokenResult()]
  expect(jobSummary(results, 100_000)).toContain('<details><summary>Run details</summary>')
  const short = jobSummary(results, 2000)
  expect(short).toContain('❌ FAILED')
  expect(short).toContain('too long for a job summary')
  expect(short).not.toContain('<details>')
  expect(Buffer.byteLength(short)).toBeLessThan(2000)
})
