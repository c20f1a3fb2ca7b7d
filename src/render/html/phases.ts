import type { LatencySummary } from '../../engine/histogram.ts'
import type { Metrics } from '../../engine/result.ts'
import { count, decimal, percent, shortMilliseconds } from '../format.ts'
import { left, right } from '../table.ts'
import { lineTone } from './chart.ts'
import { type Html, html } from './markup.ts'
import { table } from './table.ts'

export interface PhaseShare {
  readonly name: string
  readonly summary: LatencySummary
  /** All time that was spent in it, divided by all attempts: what it adds to each. */
  readonly msPerMessage: number
}

/** Phases that took place. Sums add up over phases; percentiles do not, so that only sums are stacked. */
export function phaseShares({ phases_ms, service_time_ms }: Metrics): PhaseShare[] {
  const attempts = service_time_ms.count
  return Object.entries(phases_ms)
    .filter(([, { count }]) => count > 0 && attempts > 0)
    .map(([name, summary]) => ({
      name,
      summary,
      msPerMessage: ((summary.avg ?? 0) * summary.count) / attempts,
    }))
}

/** The phases of a message as one stacked bar, and their figures. */
export function phases(metrics: Metrics): Html | undefined {
  const shares = phaseShares(metrics)
  if (shares.length === 0) return undefined
  const total = shares.reduce((sum, { msPerMessage }) => sum + msPerMessage, 0)
  return html`<div class="stack" role="img" aria-label="Time per message by phase; the table below has the figures">${shares.map(
    ({ name, msPerMessage }, index) =>
      html`<i style="flex-grow:${round(msPerMessage / (total || 1))};background:var(--${lineTone(index)})" title="${name}: ${shortMilliseconds(msPerMessage)} per message"></i>`,
  )}</div>
${table({
  caption: 'Phases',
  columns: [
    left('Phase'),
    ...['Per message', 'Share', 'Times', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'].map(right),
  ],
  rows: shares.map(({ name, summary, msPerMessage }, index) => [
    html`<i class="swatch" style="background:var(--${lineTone(index)})"></i>${name}`,
    shortMilliseconds(msPerMessage),
    total === 0 ? '–' : percent(msPerMessage / total),
    count(summary.count),
    ...[summary.p50, summary.p95, summary.p99, summary.max].map((ms) => decimal(ms, 2)),
  ]),
})}`
}

function round(share: number): string {
  return share.toFixed(5)
}
