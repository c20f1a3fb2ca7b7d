import type { Result } from '../../engine/result.ts'
import { decimal, percent, seconds, shortMilliseconds } from '../format.ts'
import { ledgerSentence } from '../ledger-sentence.ts'
import { namesOf, overriddenParts, workloadSentence } from '../text-figures.ts'
import type { Fact } from './header.ts'
import { type Html, html } from './markup.ts'

export function factList(facts: readonly Fact[]): Html {
  return html`<dl class="factlist">${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`
}

/** The circumstances: what was offered, by what, and what the ledgers say. */
export function circumstances(result: Result): Fact[] {
  const { generator, metrics, workload } = result
  const lag = generator.scheduling_lag_ms
  const loop = generator.event_loop_delay_ms
  const overridden = overriddenParts(result)
  return [
    ['Workload', `${workload.executor} (${workload.model} model), ${workloadSentence(result)}`],
    ...(overridden.length === 0 ? [] : [['Overridden', overridden.join('; ')] as const]),
    ...namesOf(result).map((name) => ['Name', name] as const),
    ['Ledger', ledgerSentence(result.ledger)],
    ['Window and drain', `${seconds(metrics.window_seconds)} and ${seconds(metrics.drain_seconds)}`],
    ...(metrics.rate_error === null ? [] : [['Rate error', percent(metrics.rate_error)] as const]),
    [
      'Generator',
      `${generator.threads} ${generator.threads === 1 ? 'thread' : 'threads'}, CPU ${decimal(generator.cpu_percent, 0)} % of one core, event loop delay p99 ${shortMilliseconds(loop.p99)}${lag.count === 0 ? '' : `, scheduling lag p99 ${shortMilliseconds(lag.p99)}`}`,
    ],
    ['Addresses', `${workload.sender} → ${workload.recipient}`],
    ['Format', result.format],
  ]
}

/** What makes the figures doubtful or needs a second look, in sentences. */
export function remarks(result: Result): Html | undefined {
  const { generator, observations, ledger } = result
  const doubts = generator.bound
    ? [
        `Generator-bound: the figures may be the limits of this machine, not of the servers (${generator.bound_reasons.join('; ') || 'no reason given'}).`,
      ]
    : []
  const unverified = ledger.verified ? [] : [`Deliveries are ${ledgerSentence(ledger)}.`]
  return remarkList([...doubts, ...unverified, ...observations])
}

/** Each with its full stop, whether it came with one or not; undefined when there is none. */
export function remarkList(sentences: readonly string[]): Html | undefined {
  if (sentences.length === 0) return undefined
  return html`<ul class="remarks">${sentences.map((one) => html`<li>${one.replace(/\.$/, '')}.</li>`)}</ul>`
}
