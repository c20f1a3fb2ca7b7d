import type { Result } from '../../engine/result.ts'
import type { Card, Column } from '../block.ts'
import { oneLine } from '../escape.ts'

/** HTML that is safe to stand in a page. Only `html` and `trusted` make it. */
export interface Html {
  readonly markup: string
}

type Part = Html | string | number | undefined | false | readonly Part[]

/**
 * A template whose values are escaped: reply texts and names come from machines that are not ours.
 * `undefined` and `false` leave nothing, lists are joined.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const markup = texts.reduce((all, text, index) => all + render(parts[index - 1]) + text)
  return { markup }
}

/** Text of our own files, such as style sheets and scripts. */
export function trusted(markup: string): Html {
  return { markup }
}

function render(part: Part): string {
  if (part === undefined || part === false) return ''
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  if ('markup' in part) return part.markup
  return part.map(render).join('')
}

/** For text and for attributes in double quotes. Control and direction characters become spaces. */
export function escapeHtml(text: string): string {
  return oneLine(text, 2000)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/**
 * Data for a script, inside the page. `<` is the one character that can end a script element or open a
 * comment in it (HTML Standard, 4.12.1.3); JSON may write it as an escape anywhere.
 */
export function dataScript(id: string, data: unknown): Html {
  const json = JSON.stringify(data).replaceAll('<', '\\u003c')
  return { markup: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` }
}

export type Cell = Html | string

export interface Table {
  /** Read out by screen readers before the table. */
  readonly caption: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
  /** What each row belongs to; a filter shows all of a group, or nothing. */
  readonly groups?: readonly string[]
}

/** A table that scrolls by itself where the page is too narrow; the first cell of a row is its head. */
export function table({ caption, columns, rows, groups }: Table): Html {
  const align = (index: number) => (columns[index]?.align === 'right' ? 'r' : 'l')
  const title = (index: number) => columns[index]?.title ?? ''
  // On a phone each row of a wide table becomes a list, with the columns' titles beside its cells.
  const kind = columns.length > 3 ? (columns.length > 9 ? 'wide dense' : 'wide') : 'slim'
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="${kind}">
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(({ title }, index) => html`<th scope="col" class="${align(index)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      cells,
      row,
    ) => html`<tr${groups !== undefined && html` data-group="${groups[row] ?? ''}"`}>${cells.map((cell, index) => cellOf(cell, { index, align: align(index), title: title(index) }))}</tr>
`,
  )}</tbody></table></div>`
}

function cellOf(cell: Cell, { index, align, title }: { index: number; align: string; title: string }): Html {
  return index === 0
    ? html`<th scope="row" class="${align}">${cell}</th>`
    : html`<td class="${align}" data-title="${title}">${cell}</td>`
}

/** A share as a bar behind its figure. */
export function barCell(text: string, share: number | null): Html {
  if (share === null) return html`${text}`
  const width = `${Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10}%`
  return html`<span class="bar"><i style="width:${width}"></i>${text}</span>`
}

export function section(title: string, body: Html | undefined, note?: string): Html {
  if (body === undefined) return html``
  const id = sectionId(title)
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${note !== undefined && html`<p class="note">${note}</p>`}${body}</section>
`
}

export function sectionId(title: string): string {
  return title.toLowerCase().replaceAll(/\W+/g, '-')
}

/** The place that the page's script draws charts in. */
export function chartPlace(place: string): Html {
  return html`<div class="charts" data-place="${place}"></div>`
}

/** The few figures that are looked at first, in rows. The live view replaces them by their ids. */
export function cards(rows: readonly (readonly Card[])[]): Html {
  return html`<div class="cards">${rows.map(cardRow)}</div>
`
}

function cardRow(row: readonly Card[]): Html {
  return html`<dl>${row.map(
    ({ id, label, value, detail }) =>
      html`<div data-card="${id}"><dt>${label}</dt><dd>${figure(value)}</dd><dd class="detail">${detail ?? ''}</dd></div>
`,
  )}</dl>`
}

/** The unit smaller than the number. */
function figure(value: string): Html {
  const parts = /^([\d.,<]+)\s?(\D+)$/.exec(value)
  if (parts === null) return html`${value}`
  return html`${parts[1]}<small>${parts[2]}</small>`
}

const VERDICT_WORDS = { PASSED: 'Passed', WARNING: 'Warning', FAILED: 'Failed' } as const

export function verdictChip(verdict: Result['verdict']): Html {
  return html`<span class="chip ${verdict.toLowerCase()}">${VERDICT_WORDS[verdict]}</span>`
}

export function factList(facts: readonly { readonly label: string; readonly value: string }[]): Html {
  return html`<dl class="factlist">${facts.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>`
}
