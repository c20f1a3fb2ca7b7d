import type { Result } from '../../engine/result.ts'
import type { AnyResult } from '../../pressure/result.ts'
import { ledgerSentence, namesOf, overriddenParts, workloadSentence } from '../facts.ts'
import { decimal, percent, seconds, shortMilliseconds, size } from '../format.ts'
import { runName } from '../verdict.ts'
import { type Html, html } from './markup.ts'

export type Fact = readonly [label: string, value: string]

export interface Header {
  readonly result: AnyResult
  /** Why the verdict is what it is, in a line. */
  readonly reason: string
  readonly facts: readonly Fact[]
}

const VERDICT_WORDS = { PASSED: 'Passed', WARNING: 'Warning', FAILED: 'Failed' } as const

/** What was run, and how it went. */
export function header({ result, reason, facts }: Header): Html {
  return html`<header class="head">
${partial(result)}<div class="title"><h1>${runName(result)}</h1>${verdictChip(result.verdict)}</div>
<p class="reason">${reason}</p>
<dl class="facts">${facts.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</header>
`
}

function partial({ status, partial_reason }: AnyResult): Html | false {
  if (status === 'complete') return false
  return html`<p class="banner" role="note"><b>Partial run.</b> It did not come to its end: ${partial_reason ?? 'unknown reason'}. The figures below are of what was measured until then.</p>
`
}

export function verdictChip(verdict: Result['verdict']): Html {
  return html`<span class="chip ${verdict.toLowerCase()}">${VERDICT_WORDS[verdict]}</span>`
}

/** What each kind of run says of itself. */
export function commonFacts(result: AnyResult): Fact[] {
  const { machine, versions, metrics } = result
  return [
    ['Backend', `${result.backend.name} (${result.backend.why})`],
    ['Machine', `${machine.cpu}, ${machine.cores} cores, ${size(machine.memory_bytes)}, ${machine.os}`],
    ['Started', readableTime(metrics.start_time)],
    ['Seed', String(result.seed)],
    ['Run', result.run_id],
    [
      'Versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ]
}

/** `2026-01-02 03:04:05 UTC`: the same wherever the page is opened. */
function readableTime(iso: string): string {
  return iso.replace(/T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, ' $1 UTC')
}

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
