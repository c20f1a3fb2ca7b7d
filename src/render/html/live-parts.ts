import type { Progress } from '../../engine/progress.ts'
import { type AnyResult, isPressure } from '../../pressure/result.ts'
import { count, MISSING, perSecond, shortMilliseconds, span } from '../format.ts'
import { pressureReason } from '../pressure-sentences.ts'
import { runName, verdictReason } from '../verdict.ts'
import { type Card, cards } from './cards.ts'
import type { Chart } from './chart.ts'
import { verdictChip } from './header.ts'
import { type Html, html } from './markup.ts'
import { pressureCards } from './pressure-cards.ts'
import { pressureCharts } from './pressure-charts.ts'
import { resultCards } from './result-cards.ts'
import { chartsOf } from './result-report.ts'
import { thinCharts } from './thin.ts'

/** What stands above the charts while a run goes on. */
export function liveHead(progress: Progress): Html {
  const left = progress.left_seconds === null ? '' : `, about ${span(progress.left_seconds)} left`
  const sentence = `${span(progress.elapsed_seconds)} so far${left}`
  return liveTitle(progress, { sentence, share: shareOf(progress) })
}

export interface LiveWords {
  readonly sentence: string
  /** How much of the run is done, 0 to 1; null when it cannot be told. */
  readonly share: number | null
}

export function liveTitle(run: Pick<Progress, 'scenario' | 'part'>, { sentence, share }: LiveWords): Html {
  const bar =
    share !== null &&
    html`<div class="progress" role="progressbar" aria-label="Done" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${Math.floor(share * 100)}"><i style="width:${(share * 100).toFixed(1)}%"></i></div>`
  return html`<div class="title"><h1>${runName(run)}</h1><span class="chip running">Running</span></div>
<p class="reason">${sentence}</p>${bar}`
}

/** Of the messages, or of the time where that alone ends the run; null when neither is known. */
export function shareOf(progress: Progress): number | null {
  const { planned, window_seconds: window, elapsed_seconds: elapsed } = progress
  if (planned !== null && planned > 0) return Math.min(1, endedOf(progress) / planned)
  return window === null || window === undefined || window === 0 ? null : Math.min(1, elapsed / window)
}

/** The same once it has ended. */
export function finishedHead(result: AnyResult): Html {
  return html`<div class="title"><h1>${runName(result)}</h1>${verdictChip(result.verdict)}</div>
<p class="reason">${isPressure(result) ? pressureReason(result) : verdictReason(result)}</p>`
}

export function finishedCards(result: AnyResult): Html {
  return cards(isPressure(result) ? pressureCards(result) : resultCards(result))
}

export function finishedCharts(result: AnyResult): Chart[] {
  return thinCharts(isPressure(result) ? pressureCharts(result) : chartsOf(result))
}

export function liveCards(progress: Progress): Html {
  const { planned, rate, target_rate, p50_ms, p99_ms } = progress
  const notAccepted = endedOf(progress) - progress.accepted
  const row: Card[] = [
    {
      id: 'messages',
      label: 'Messages',
      value: count(endedOf(progress)),
      detail: planned === null ? 'until the time is over' : `of ${count(planned)}`,
    },
    {
      id: 'throughput',
      label: 'Rate',
      value: perSecond(rate),
      detail: target_rate === null ? 'over the last 3 s' : `target ${perSecond(target_rate)}`,
    },
    { id: 'p50', label: 'p50 response', value: shortMilliseconds(p50_ms), detail: 'so far' },
    { id: 'p99', label: 'p99 response', value: shortMilliseconds(p99_ms), detail: 'so far' },
    {
      id: 'errors',
      label: 'Not accepted',
      value: count(notAccepted),
      detail: errorNames(progress),
    },
    { id: 'in-flight', label: 'In flight', value: count(progress.in_flight), detail: 'now' },
  ]
  return cards([row])
}

function errorNames({ errors }: Progress): string {
  if (errors.length === 0) return 'no errors'
  return errors.map(([name, times]) => `${name} ×${count(times)}`).join(', ') || MISSING
}

function endedOf({ accepted, deferred, rejected, failed }: Progress): number {
  return accepted + deferred + rejected + failed
}
