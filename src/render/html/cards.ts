import { type Html, html } from './markup.ts'

export interface Card {
  readonly id: string
  readonly label: string
  /** With its unit, as `41.20 ms`. */
  readonly value: string
  readonly detail?: string
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
export function figure(value: string): Html {
  const parts = /^([\d.,<]+)\s?(\D+)$/.exec(value)
  if (parts === null) return html`${value}`
  return html`${parts[1]}<small>${parts[2]}</small>`
}
