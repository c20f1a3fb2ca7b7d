import type { Comparison, ComparisonRow, RowVerdict } from '../../analysis/compare.ts'
import type { Spread } from '../../analysis/spread.ts'
import { changeText, figureText, relativeText } from '../figure.ts'
import { MISSING } from '../format.ts'
import { left, right } from '../table.ts'
import { type Html, html } from './markup.ts'
import { table } from './table.ts'

const WORDS: Readonly<Record<RowVerdict, Html>> = {
  regression: html`<b class="bad-text">regression</b>`,
  worse: html`<span class="warn-text">worse</span>`,
  noise: html`<span class="dim">within noise</span>`,
  same: html`<span class="dim">same</span>`,
  better: html`<span class="good-text">better</span>`,
  unknown: html`<span class="dim">not in both</span>`,
  fact: html``,
}

const ARROWS = { higher: '↑', lower: '↓', neither: '' } as const

/** What must be known before the figures of two sides are read beside each other. */
export function cautions({ cautions: all }: Comparison): Html | undefined {
  if (all.length === 0) return undefined
  return html`<ul class="remarks strong">${all.map(({ sentence }) => html`<li>${sentence}</li>`)}</ul>`
}

/** Figure by figure, the figures that decide first. */
export function comparisonTable({ rows }: Comparison): Html {
  const decides = rows.filter(({ limit }) => limit !== null)
  const others = rows.filter(({ limit }) => limit === null)
  return html`${figures('Figures that decide', decides)}
<details class="more"><summary>All other figures</summary>${figures('All other figures', others)}</details>`
}

function figures(caption: string, rows: readonly ComparisonRow[]): Html {
  return table({
    caption,
    columns: [left('Figure'), right('A'), right('B'), right('Change'), right('In %'), left('Verdict')],
    rows: rows.map((row) => {
      const { title, group, better, unit, before, after, change, verdict, reason } = row
      return [
        html`${title} ${ARROWS[better]} <span class="dim">${group}</span>`,
        spreadCell(before, unit),
        spreadCell(after, unit),
        change === null ? MISSING : changeText(change.absolute, unit),
        relativeText(change),
        html`${WORDS[verdict]}${reason !== null && html` <span class="dim">${reason}</span>`}`,
      ]
    }),
  })
}

function spreadCell({ median, min, max, values }: Spread, unit: ComparisonRow['unit']): Html {
  if (values.length < 2) return html`${figureText(median, unit)}`
  const range = `${figureText(min, unit)} – ${figureText(max, unit)}`
  return html`${figureText(median, unit)} <span class="dim">${range}</span>`
}
