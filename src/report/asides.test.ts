import { expect, test } from 'vitest'
import { EMPTY_HISTOGRAM } from '../engine/histogram.ts'
import type { Result } from '../engine/result.ts'
import { observe } from '../figures/observations.ts'
import { mergeResults } from '../results/merge/merge.ts'
import { shareFile } from '../results/merge/share.fixture.ts'
import { asResult } from '../results/result-shape.ts'
import { renderMarkdown, renderPage, renderText } from './kinds.ts'
import { RunExposition } from './prometheus.ts'
import { burstResult } from './result.fixture.ts'
import { failure } from './result-parts.fixture.ts'

/** A run that accepted every message, and yet has something to tell. */
function troubled(): Partial<Result> {
  const asides = {
    refused_recipients: [
      { ...failure(4_000, 'reply', 'envelope', '550 5.1.1 <who>: no such user', 'rejected'), code: 550 },
      { ...failure(1_000, 'reply', 'envelope', '451 4.2.1 full', 'deferred'), code: 451 },
    ],
    session_failures: [
      failure(5, 'timeout', 'quit', 'no reply in time in phase quit', 'failed'),
      failure(40, 'aborted', 'quit', 'QUIT was sent and its answer not waited for', 'failed'),
      { ...failure(3, 'reply', 'quit', '500 what?', 'failed'), code: 500 },
      failure(2, 'timeout', 'reset', 'no reply in time in phase envelope', 'failed'),
    ],
    session_caps: [
      { target: 'smtp-server-3', messages: 60, sessions: 9, code: 452, text: '452 4.4.5 enough for now' },
    ],
  }
  const { metrics } = burstResult()
  const counts = { recipients_refused: 5_000, reconnects: 1_234, session_failures: 50 }
  const observations = observe({
    connect: EMPTY_HISTOGRAM,
    failures: [],
    accepted: 1,
    ...asides,
    reconnects: 1_234,
  })
  return { ...asides, observations, metrics: { ...metrics, ...counts } }
}

test.each([
  ['text', (result: Result) => renderText(result)],
  ['Markdown', (result: Result) => renderMarkdown(result)],
  ['HTML', (result: Result) => renderPage(result, { css: '', script: '' })],
] as const)(
  '%s shows refused recipients, the end of sessions, a cap, and QUIT without a goodbye',
  (_kind, render) => {
    const page = render(burstResult(troubled()))
    const shown = [
      'PASSED',
      '5,000 recipients refused in accepted messages',
      'no such user',
      '451 4.2.1 full',
      '1,234 reconnects, 50 ended badly',
      '1234 messages went to a new session',
      'smtp-server-3 takes 60 messages per session',
      '452 4.4.5 enough for now',
      '5 sessions got no reply to QUIT within 5 s',
      '3 sessions got a reply other than 221 to QUIT',
      '500 what?',
      '2 sessions ended because RSET got a reply other than 250',
    ]
    for (const words of shown) expect(page).toContain(words)
    expect(page).not.toContain('no errors')
  },
)

test('Prometheus has a counter for each', async () => {
  const exposition = new RunExposition()
  exposition.finish(burstResult(troubled()))
  const text = await exposition.text({ cpuSeconds: 0, memoryBytes: 0 })
  expect(text).toContain('mailstorm_recipients_refused_total{scenario="burst",part=""} 5000')
  expect(text).toContain('mailstorm_reconnects_total{scenario="burst",part=""} 1234')
  expect(text).toContain('mailstorm_session_failures_total{scenario="burst",part=""} 50')
})

test('merge adds them up, and of two caps keeps the one that more sessions have shown', () => {
  const { session_caps: _caps, ...rest } = troubled()
  const cap = { target: 'smtp-server-3', text: '452 enough' }
  const merged = mergeResults([
    shareFile({ index: 0, changes: { ...rest, session_caps: [{ ...cap, messages: 60, sessions: 9 }] } }),
    shareFile({ index: 1, changes: { ...rest, session_caps: [{ ...cap, messages: 17, sessions: 1 }] } }),
  ])
  expect(merged.metrics).toMatchObject({
    recipients_refused: 10_000,
    reconnects: 2_468,
    session_failures: 100,
  })
  expect(merged.refused_recipients).toMatchObject([{ count: 8_000 }, { count: 2_000 }])
  expect(merged.session_failures?.reduce((sum, { count }) => sum + count, 0)).toBe(100)
  expect(merged.session_caps).toEqual([{ ...cap, messages: 60, sessions: 9 }])
})

test('a file of an older version, without them, is read and shown as before', () => {
  const old = burstResult()
  expect(asResult(JSON.parse(JSON.stringify(old)))).toHaveProperty('result')
  expect(renderText(old)).toContain('no errors')
  const wrong = asResult({ ...old, session_caps: [{ target: 'a' }] })
  expect(wrong).toHaveProperty('wrong', expect.stringContaining('session_caps.0.messages'))
})
