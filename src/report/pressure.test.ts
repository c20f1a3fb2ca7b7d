import { expect, test } from 'vitest'
import type { PressureProgress } from '../pressure/progress.ts'
import type { PressureResult, PressureVerification } from '../pressure/result.ts'
import { pressureResult } from './html/pressure.fixture.ts'
import { renderLogLine, renderMarkdown, renderText } from './kinds.ts'
import { renderPressureProgress } from './progress.ts'
import { missedThreshold, pressureReason, tenantSentence } from './verdict.ts'

const NOTHING_WRONG: Partial<PressureVerification> = {
  verified: true,
  handed_over: 600,
  delivered: 600,
  errors: 0,
  still_queued: 0,
  lost: 0,
  duplicated: 0,
  corrupted: 0,
  unreported: 0,
  misreported: 0,
  lost_ids: [],
  duplicated_ids: [],
  corrupted_ids: [],
  unreported_ids: [],
  misreported_ids: [],
  remarks: [],
}

/** The fixture with its verification replaced. */
function verified(change: Partial<PressureVerification>): PressureResult {
  const result = pressureResult()
  const { why_not: _, ...verification } = result.verification
  return { ...result, verification: { ...verification, ...NOTHING_WRONG, ...change } }
}

test('text of a run', () => {
  expect(renderText(pressureResult())).toMatchSnapshot()
})

test('Markdown of a run', () => {
  expect(renderMarkdown(pressureResult())).toMatchSnapshot()
})

test('says of a tenant what became of its messages', () => {
  const [tenant = expect.fail()] = pressureResult().tenants
  const { verification } = verified({ delivered: 594, still_queued: 4, lost: 2, duplicated: 3 })
  expect(tenantSentence({ ...tenant, verification })).toMatch(
    /^600 messages, 594 delivered, 4 still queued, 2 lost, 3 duplicated; p95 /,
  )
})

test('never says that nothing was lost where nobody knows', () => {
  const gone = verified({ verified: false, why_not: 'the sink is gone', lost: null })
  expect(pressureReason(gone)).toContain('not verified: the sink is gone')
  expect(renderText(gone)).toContain('600 messages, not verified: the sink is gone')
  const doubt = verified({ lost: null, still_queued: null, why_not: 'the queue could not be read' })
  expect(renderText(doubt)).toContain('600 messages, 600 delivered, the queue could not be read')
})

test('names the messages behind a missed threshold, the first five of many', () => {
  const ids = Array.from({ length: 20 }, (_, n) => `m-${n}`)
  const result = verified({
    lost: 31,
    lost_ids: ids,
    corrupted: 1,
    corrupted_ids: ['c-1'],
    remarks: ['c-1: another text'],
  })
  const missed = {
    metric: 'lost',
    expression: 'lost==0',
    value: 31,
    limit: 0,
    verdict: 'fail',
    unit: 'count',
  } as const
  expect(missedThreshold(result, missed)).toBe('lost==0 — was 31\nlost: m-0, m-1, m-2, m-3, m-4, … (31)')
  const corrupted = { ...missed, metric: 'corrupted', expression: 'corrupted==0', value: 1 }
  expect(missedThreshold(result, corrupted)).toBe('corrupted==0 — was 1\ncorrupted: c-1\nc-1: another text')
})

const PROGRESS: PressureProgress = {
  kind: 'pressure',
  scenario: 'pressure',
  part: null,
  run_id: 'r',
  phase: 'generating',
  elapsed_seconds: 37,
  left_seconds: 23,
  handed_over: 1_120,
  delivered: 1_050,
  reported: 900,
  errors: 0,
  sync_calls: 40,
  pending: 70,
  rate: 28.4,
  p95_ms: 812,
}

test('the live line leaves out what does not fit, the least important first', () => {
  expect(renderPressureProgress(PROGRESS, 200)).toBe(
    'pressure  23 s left  1,050 of 1,120 delivered  28.40/s  900 reported  70 pending  p95 812 ms  no errors',
  )
  expect(renderPressureProgress(PROGRESS, 80)).toBe(
    'pressure  23 s left  1,050 of 1,120 delivered  28.40/s  70 pending  no errors',
  )
  expect(renderPressureProgress(PROGRESS, 45)).toBe('pressure  1,050 of 1,120 delivered  no errors')
  expect(renderPressureProgress(PROGRESS, 4)).toBe('pre…')
})

test('the line for a log says that the queue drains, and what is not known is left out', () => {
  const draining = {
    ...PROGRESS,
    phase: 'draining',
    left_seconds: null,
    pending: null,
    p95_ms: null,
    errors: 2,
  } as const
  expect(renderLogLine(draining)).toBe(
    'pressure: draining, 37 s, 1,050 of 1,120 delivered, 28.40/s, 900 reported, 2 errors',
  )
})
