import { expect, test } from 'vitest'
import type { Result } from '../engine/result.ts'
import { smtpDocument } from './documents/smtp.ts'
import { renderMarkdown, renderText } from './kinds.ts'
import { burstResult } from './result.fixture.ts'
import { latencies } from './result-parts.fixture.ts'
import { verdictReason } from './verdict.ts'
import { chartsOf } from './writers/html.ts'

const ACCOUNT = {
  store: 'the sink at 127.0.0.1:2525',
  ...{ expected: 1000, arrived: 990, bounced: 3, misrouted: 2, reencoded: 40, unjudged: 0, in_transit: 0 },
  ...{ not_verifiable: 0, waited_seconds: 60, misrouted_ids: ['run-7'], bounced_ids: ['run-8'] },
  bounces: [{ status: '5.1.1', text: '550 no | such user', recipient: 'a@x.test', count: 3 }],
  first_damage: 'run-9, line 3 of the body:\n- third\n+ thirt',
}

function verified(account = {}, ledger = {}): Result {
  const run = burstResult()
  return {
    ...run,
    ledger: {
      ...run.ledger,
      ...{ verified: true, acknowledged: 500, received: 993, lost: 7, duplicated: 1, corrupted: 2 },
      ...ledger,
      account: { ...ACCOUNT, ...account },
    },
    delivery: {
      ...{ time_resolution_ms: 0.001, drain_seconds: 12.5, delivered_per_second: 79.2, most_in_between: 640 },
      end_to_end_ms: latencies(990, 1234.5),
      per_server: [],
      timeline: [
        { second: 0, acknowledged: 1000, arrived: 360, in_between: 640, end_to_end_ms: latencies(360, 200) },
        { second: 1, acknowledged: 0, arrived: 630, in_between: 10, end_to_end_ms: latencies(630, 900) },
      ],
    },
  }
}

test('says of what arrived, for whom, and what did not, in one line', () => {
  expect(renderText(verified()).replaceAll(/\s+/g, ' ')).toContain(
    'Ledger: verified by the sink at 127.0.0.1:2525: 500 acknowledged for 1,000 recipients, 990 arrived, 7 lost, 1 duplicated, 2 corrupted, 3 bounced, 2 misrouted, 40 in another transfer encoding',
  )
})

test('does not call lost what a store does not keep, or what is on its way', () => {
  const capped = verified({ not_verifiable: 10, cannot_verify: 'it keeps 500 messages' }, { lost: null })
  expect(renderText(capped).replaceAll(/\s+/g, ' ')).toContain('cannot verify 10: it keeps 500 messages')
  const interrupted = verified({ in_transit: 10 }, { lost: null })
  const text = renderText(interrupted).replaceAll(/\s+/g, ' ')
  expect(text).toContain('10 in transit when the wait was interrupted')
  for (const one of [capped, interrupted]) expect(renderText(one)).not.toMatch(/\d lost/)
})

test('has end-to-end times, the queue, kinds of bounces and the first damage', () => {
  const text = renderText(verified())
  expect(text).toMatch(/End to end: +p50 .* from acknowledgement to arrival/)
  expect(text.replaceAll(/\s+/g, ' ')).toContain(
    'at most 640 in between, the last 12.50 s after the last acknowledgement',
  )
  const page = renderMarkdown(verified())
  expect(page).toContain('<summary>Behind the servers</summary>')
  expect(page).toContain('| 3 | 5.1.1 | 550 no \\| such user | a@x.test |')
  expect(page).toContain('| - third |')
  expect(page).toContain('| 0 | 1,000 | 360 | 640 |')
})

test('a run that was not verified behind its servers has none of it', () => {
  for (const text of [renderText(burstResult()), renderMarkdown(burstResult())])
    expect(text).not.toMatch(/Behind the servers|End to end|bounced/)
})

test('bounces and strays are reasons of a verdict', () => {
  const reason = verdictReason({ ...verified(), thresholds: [] })
  expect(reason).toContain('3 bounced; 2 misrouted')
})

test('draws bars where there are too few seconds for lines, and no percentiles where all took 0 ms', () => {
  const run = verified()
  const charts = (result: Result) =>
    chartsOf(smtpDocument(result)).filter(({ place }) => place === 'delivery')
  const short = charts(run).filter(({ axis }) => axis === 'time')
  expect(short.map(({ bars }) => bars)).toEqual([true, true, true])
  const histogram = { buckets: [], count: 990, min_ms: 0, max_ms: 0, sum_ms: 0 }
  const atOnce = { ...run, histograms: { ...run.histograms, end_to_end: histogram } }
  expect(charts(atOnce).map(({ id }) => id)).not.toContain('end-to-end')
})
