import type { Result } from '../../engine/result.ts'
import type { AnyResult } from '../../pressure/result.ts'
import { size } from '../format.ts'
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
export function readableTime(iso: string): string {
  return iso.replace(/T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/, ' $1 UTC')
}
