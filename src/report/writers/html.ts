import {
  type Block,
  blocksFor,
  type Cell,
  capital,
  type Document,
  type Fact,
  type Findings,
  type Head,
  type Part,
  type RichCell,
  rowsWithin,
  shownIn,
  type Table,
} from '../block.ts'
import { decimal } from '../format.ts'
import type { Chart } from '../html/charts/chart.ts'
import {
  barCell,
  cards,
  chartPlace,
  factList,
  type Html,
  html,
  section,
  sectionId,
  table,
  verdictChip,
} from '../html/markup.ts'
import { type Assets, page } from '../html/page.ts'

/** A report as one HTML file. */
export function writePage(document: Document, assets: Assets): string {
  const { head } = document
  const blocks = pageBlocks(document)
  const body = html`${header(head)}${blocks.map(blockHtml)}`
  const links = blocks
    .filter(({ linked }) => linked)
    .map(({ title }) => [title, `#${sectionId(title)}`] as const)
  return page(
    {
      title: `${head.name}${head.verdict === undefined ? `, ${head.reason}` : ` – ${head.verdict}`} – mailstorm`,
      body,
      charts: chartsOf(document),
      links: [...links, ['All runs', 'index.html']],
    },
    assets,
  )
}

function pageBlocks({ conclusion, body }: Document): Block[] {
  return blocksFor('html', [...conclusion, ...body])
}

/** All that is drawn, in the order of the page. */
export function chartsOf(document: Document): Chart[] {
  return pageBlocks(document)
    .flatMap(({ parts }) => parts)
    .flatMap((part) => (part.kind === 'charts' ? part.charts : []))
}

function header({ name, verdict, reason, stoppedEarly, facts }: Head): Html {
  const partial =
    stoppedEarly !== undefined &&
    html`<p class="banner" role="note"><b>Partial run.</b> The run ended early: ${stoppedEarly}. The figures below cover what was measured until then.</p>
`
  return html`<header class="head">
${partial}<div class="title"><h1>${name}</h1>${verdict !== undefined && verdictChip(verdict)}</div>
<p class="reason">${reason}</p>
<dl class="facts">${joined(shownIn('html', facts)).map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</header>
`
}

/** Facts that go on with the label before theirs stand behind its value. */
function joined(facts: readonly Fact[]): Fact[] {
  const groups = Map.groupBy(facts, ({ label }) => label)
  return [...groups].map(([label, group]) => ({ label, value: group.map(({ value }) => value).join('; ') }))
}

function blockHtml({ title, parts, note, closed }: Block): Html {
  const inside = parts.map((part, index) => {
    const own = partHtml(part, title)
    return index === 0 ? own : html`<div class="below">${own}</div>`
  })
  if (title === '') return html`${inside}`
  const body =
    closed === undefined
      ? html`${inside}`
      : html`<details class="more"><summary>${closed}</summary>${inside}</details>`
  return section(title, body, note)
}

function partHtml(part: Part, title: string): Html {
  switch (part.kind) {
    case 'facts':
      return factList(joined(part.facts))
    case 'table':
      return tableHtml(part, title)
    case 'cards':
      return cards(part.rows)
    case 'charts':
      return chartPlace(part.place)
    case 'remarks':
      return html`<ul class="remarks">${part.remarks.map(({ text }) => html`<li>${text.replace(/\.$/, '')}.</li>`)}</ul>`
    case 'findings':
      return findingsHtml(part)
    case 'events':
      return html`<ul class="events" aria-label="${title}">${part.events.map(
        ({ at_seconds, what }, index) =>
          html`<li><b>${index + 1}</b>${what} <span class="dim">${decimal(at_seconds, 1)} s</span></li>`,
      )}</ul>`
    case 'calm':
      return html`<p class="calm">${part.text}</p>`
    default:
      return part satisfies never
  }
}

function findingsHtml({ findings }: Findings): Html {
  return html`<ul class="findings">${findings.map(({ title, grade, rule, facts: [first, ...others] }) => {
    const rest = others.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)
    return html`<li class="${grade}">
<h3>${title} <span class="dim">${grade} · ${rule}</span></h3>
<p>${first?.value ?? ''}</p>
<dl>${rest}</dl></li>
`
  })}</ul>`
}

/** Of a table that may be long; all of it is in the JSON. */
const MOST_ROWS = 100

function tableHtml(own: Table, title: string): Html {
  const { columns } = own
  const { shown, hidden } = rowsWithin(own, MOST_ROWS)
  const stacked = stack(own)
  const cell = (one: Cell, index: number) =>
    cellHtml(one, { long: columns[index]?.long === true, bar: stacked === undefined })
  return html`${stacked}${table({
    caption: own.caption ?? title,
    columns: columns.map(({ title: name, align }) => ({ title: capital(name), align })),
    rows: shown.map((cells) => cells.map(cell)),
  })}${hidden !== '' && html`<p class="note">${hidden} are in the JSON.</p>`}`
}

/** Rows with swatches are parts of a whole: one bar above the table shows them all. */
function stack({ rows }: Table): Html | undefined {
  const parts = rows.flatMap((cells) => {
    const rich = cells.filter((cell) => typeof cell !== 'string')
    const swatch = rich.find((cell) => cell.swatch !== undefined)
    const share = rich.find((cell) => cell.share !== undefined)?.share
    return swatch === undefined || share === undefined || share === null ? [] : [{ ...swatch, share }]
  })
  if (parts.length === 0) return undefined
  return html`<div class="stack" role="img" aria-label="Shares; the table below has the figures">${parts.map(
    ({ text, swatch, share }) =>
      html`<i style="flex-grow:${share.toFixed(5)};background:var(--${swatch})" title="${text}"></i>`,
  )}</div>
`
}

interface CellHints {
  readonly long: boolean
  /** Shares are bars, where they are not in the bar above the table. */
  readonly bar: boolean
}

function cellHtml(cell: Cell, { long, bar }: CellHints): Html | string {
  const rich: RichCell = typeof cell === 'string' ? { text: cell } : cell
  const { text, more, swatch, span, share } = rich
  const words = marked(rich, long && text !== '')
  const behind = more !== undefined && html` <span class="dim">${more}</span>`
  const square = swatch !== undefined && html`<i class="swatch" style="background:var(--${swatch})"></i>`
  if (bar && share !== undefined) return barCell(text, share)
  return html`${square}${span !== undefined && spanBar(span)}${words}${behind}`
}

function marked(cell: RichCell, long: boolean): Html | string {
  const { text, tone, judged, code, span, mark } = cell
  if (mark !== undefined) {
    const sign = html`<b class="${tone === 'dim' ? 'dim' : `${tone}-text`}" aria-hidden="true">${mark.sign}</b>`
    return html`<span class="text">${sign}<span class="unseen">${mark.word}</span> <span class="dim">${text}</span></span>`
  }
  const classes = [
    ...(tone === undefined ? [] : [tone === 'dim' ? 'dim' : `${tone}-text`]),
    ...(judged ? ['judged'] : []),
    ...(span === undefined ? [] : ['dim']),
    ...(long ? ['text'] : []),
  ].join(' ')
  const inner = code ? html`<code>${text}</code>` : html`${text}`
  return classes === '' || text === '' ? inner : html`<span class="${classes}">${inner}</span>`
}

/** Wide enough to be seen. */
const LEAST_SHARE = 0.015

function spanBar([from, to]: readonly [number, number]): Html {
  const left = Math.min(from, 1 - LEAST_SHARE)
  const width = Math.max(LEAST_SHARE, to - from)
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`
  return html`<span class="when"><i style="left:${percent(left)};width:${percent(width)}"></i></span>`
}
