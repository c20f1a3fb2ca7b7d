import type { Column } from '../table.ts'
import { type Html, html } from './markup.ts'

export type Cell = Html | string

export interface Table {
  /** Read out by screen readers before the table. */
  readonly caption: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Cell[])[]
}

/** A table that scrolls by itself where the page is too narrow; the first cell of a row is its head. */
export function table({ caption, columns, rows }: Table): Html {
  const align = (index: number) => (columns[index]?.align === 'right' ? 'r' : 'l')
  const title = (index: number) => columns[index]?.title ?? ''
  // On a phone each row of a wide table becomes a list, with the columns' titles beside its cells.
  const kind = columns.length > 3 ? 'wide' : 'slim'
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table class="${kind}">
<caption class="unseen">${caption}</caption>
<thead><tr>${columns.map(({ title }, index) => html`<th scope="col" class="${align(index)}">${title}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      cells,
    ) => html`<tr>${cells.map((cell, index) => cellOf(cell, { index, align: align(index), title: title(index) }))}</tr>
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
  const id = title.toLowerCase().replaceAll(/\W+/g, '-')
  return html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${note !== undefined && html`<p class="note">${note}</p>`}${body}</section>
`
}

/** The place that the page's script draws charts in. */
export function chartPlace(place: string): Html {
  return html`<div class="charts" data-place="${place}"></div>`
}
