import { expect, test } from 'vitest'
import { brokenResult, burstResult } from '../src/render/result.fixture.ts'
import { annotationsOf } from './github-annotations.ts'
import { jobSummary } from './github-reporter.ts'

test('a run that passed has no annotations', () => {
  expect(annotationsOf(burstResult())).toEqual([])
})

test('an error for each threshold that was missed, a warning for what makes the figures doubtful', () => {
  expect(annotationsOf(brokenResult())).toEqual([
    '::error title=burst::success_rate>=0.99 — was 97.60 %25',
    '::error title=burst::auth.p(99)<5 — no data: no session used AUTH',
    '::error title=burst::lost==0 — was 2',
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

test('the job summary has the table and every run, or the table alone when GitHub would drop it', () => {
  const results = [burstResult(), brokenResult()]
  expect(jobSummary(results)).toContain('<details><summary>Environment</summary>')
  const short = jobSummary(results, 2000)
  expect(short).toContain('❌ FAILED')
  expect(short).toContain('too long for a job summary')
  expect(short).not.toContain('<details>')
  expect(Buffer.byteLength(short)).toBeLessThan(2000)
})
