import type { DriftResult, Result } from '../../engine/result.ts'
import { changeText } from '../figure.ts'
import { count } from '../format.ts'
import { left, right } from '../table.ts'
import { DRIFT_PLACE } from './drift-charts.ts'
import { type Html, html } from './markup.ts'
import { chartPlace, section, table } from './table.ts'

const NOTE =
  'Theil-Sen slopes after the warm-up: the median of the slopes between all pairs of intervals. A slope whose 95 % interval holds 0 cannot be told from none.'

/** What grew or fell over a long run, each with its slope; nothing for short runs. */
export function driftSection({ drift }: Pick<Result, 'drift'>): Html {
  if (drift === undefined || drift.length === 0) return html``
  const figures = table({
    caption: 'Drift',
    columns: [
      left('Of'),
      right('Per hour'),
      right('95 % from'),
      right('to'),
      left('Reading'),
      right('Points'),
    ],
    rows: drift.map((row) => [
      row.of,
      ...[row.per_hour, row.low_per_hour, row.high_per_hour].map((slope) => changeText(slope, row.unit)),
      readingOf(row),
      count(row.points),
    ]),
  })
  return section('Drift', html`${chartPlace(DRIFT_PLACE)}<div class="below">${figures}</div>`, NOTE)
}

/** Growth is never good news, of times and of memory alike. */
export function readingOf({ low_per_hour: low, high_per_hour: high }: DriftResult): Html {
  if (low > 0) return html`<span class="warn-text">grows</span>`
  if (high < 0) return html`<span class="good-text">falls</span>`
  return html`<span class="dim">within noise</span>`
}
