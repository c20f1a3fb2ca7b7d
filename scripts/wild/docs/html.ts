import { count } from '../../../src/report/format.ts'
import {
  barCell,
  escapeHtml,
  type Html,
  type Cell as HtmlCell,
  html,
  section,
  sectionId,
  table,
  trusted,
} from '../../../src/report/html/markup.ts'
import { type Assets, page } from '../../../src/report/html/page.ts'
import { figuresOf } from '../record.ts'
import { anchorOf, type Sources } from './markdown.ts'
import { daysOf, judgedOf, measuredWith, type Server } from './servers.ts'
import {
  type Cell,
  checksTable,
  countsTable,
  glanceTable,
  limitsTable,
  loadsTable,
  nextHopTable,
  offersTable,
  ownLoadsTable,
  relaysTable,
  runTable,
  type ServersTable,
} from './tables.ts'
import { times } from './words.ts'

/** docs/servers.html: all servers on one page, which a word narrows to those that have it. */
export function serversHtml({ servers, relays, nextHops = [] }: Sources, assets: Assets): string {
  const sections = [
    [
      'At a glance',
      glanceTable(servers),
      'Rates are relative to our own server under the same load: the median of up to five rounds in turn.',
    ],
    ['How they run', runTable(servers), undefined],
    ['What they offer after EHLO', offersTable(servers), undefined],
    ['Six loads', loadsTable(servers), 'Messages per second over those of our own server just before.'],
    ['Their own count', countsTable(servers), 'What a server counts itself, beside what it acknowledged.'],
    ['Limits', limitsTable(servers), undefined],
    ['Relays', relaysTable(servers, relays), 'Every message accounted for behind the server.'],
    [
      'While the next hop fails',
      nextHopTable(servers, nextHops),
      'A message belongs to the part that accepted it; delivered/s and queue are of all mail while a part lasted.',
    ],
  ] as const
  const title = 'Servers in the wild'
  const body = html`<header class="head"><h1>${title}</h1><p class="reason">${summaryOf(servers)}</p></header>
<div class="filter"><input type="search" data-filter="servers" placeholder="Filter, such as chunking library" aria-label="Filter the servers"><span class="dim" data-filter-status role="status"></span></div>
<div id="servers">${sections.map(([name, one, note]) => section(name, tableHtml(one), note))}
${section('Each server', html`${servers.map(serverHtml)}`, 'What it does otherwise than the RFCs say, its six loads, and what its users meet.')}</div>
${section('Each question of the probe', tableHtml(checksTable(servers)))}`
  return page(
    {
      title: `${title} – mailstorm`,
      body,
      charts: [],
      links: LINKS.map((name) => [name, `#${sectionId(name)}`] as const),
    },
    assets,
  )
}

const LINKS = ['At a glance', 'Six loads', 'Limits', 'Relays', 'Each server', 'Each question of the probe']

function summaryOf(servers: readonly Server[]): string {
  const versions = measuredWith(servers)
  return `${count(servers.length)} servers, measured ${daysOf(servers)} by mailstorm ${versions}.`
}

function tableHtml({ caption, columns, rows }: ServersTable): Html {
  return table({
    caption,
    columns,
    rows: rows.map(({ of, cells }) => [
      ...(of === undefined
        ? []
        : [breaking(html`<a href="#${anchorOf(of)}">${of.file.title}</a>`, of.file.title.length)]),
      ...cells.map(cellHtml),
    ]),
    ...(rows.some(({ of }) => of !== undefined) ? { groups: rows.map(({ of }) => of?.name ?? '') } : {}),
  })
}

function cellHtml(cell: Cell): HtmlCell {
  if (typeof cell !== 'string' && 'ratio' in cell)
    return barCell(`${times(cell.ratio)}${cell.spread ?? ''}`, Math.min(1, cell.ratio))
  const [written, length] =
    typeof cell === 'string'
      ? [html`${cell}`, cell.length]
      : [markdownHtml(cell.markdown), cell.markdown.length]
  return breaking(written, length)
}

const LONG_CHARS = 20

/** Texts that are long break between words. */
function breaking(written: Html, length: number): Html {
  return length > LONG_CHARS ? html`<span class="text">${written}</span>` : written
}

/** The little Markdown that server.json has: code, emphasis, links. */
export function markdownHtml(text: string): Html {
  return trusted(
    escapeHtml(text)
      .replaceAll(/`([^`]+)`/g, '<code>$1</code>')
      .replaceAll(/\[([^\]]+)\]\((https:\/\/[^)\s]+)\)/g, '<a href="$2">$1</a>')
      .replaceAll(/\*([^*]+)\*/g, '<em>$1</em>'),
  )
}

function serverHtml(server: Server): Html {
  const { file, name, record } = server
  const judged = judgedOf(server)
  const counts = figuresOf(record, 'probe')?.counts
  const verdicts =
    counts === undefined
      ? ''
      : `${counts.conforms ?? 0} conform, ${counts.deviates ?? 0} deviate, ${counts['not offered'] ?? 0} not offered, ${counts.unknown ?? 0} unknown`
  const deviations = judged.filter(({ verdict }) => verdict === 'deviates')
  return html`<article id="${anchorOf(server)}" class="server" data-group="${name}"><h3>${file.title} <span class="dim">${file.version}, ${file.kind}</span></h3>
<p>${file.from}; what it takes goes to ${markdownHtml(file.keeps)}. <a href="servers/${name}.json">JSON</a></p>
${verdicts !== '' && html`<p class="dim">${verdicts}</p>`}
${deviations.length > 0 && html`<ul>${deviations.map(({ title, rfc, note, came }) => html`<li><b>${title}</b> <span class="dim">RFC ${rfc}</span>: ${note === '' ? came : note}</li>`)}</ul>`}
${file.notes.map(({ title, text }) => html`<p><b>${markdownHtml(title)}.</b> ${markdownHtml(text)}</p>`)}
<details class="more"><summary>Loads</summary>${tableHtml(ownLoadsTable(server))}</details>
${judged.length > 0 && html`<details class="more"><summary>All questions of the probe</summary>${tableHtml(ownChecks(judged))}</details>`}</article>
`
}

const SIGNS = { conforms: '✓', deviates: '✗', 'not offered': '–', unknown: '?' } as const

function ownChecks(judged: ReturnType<typeof judgedOf>): ServersTable {
  const columns = ['Check', 'Verdict', 'RFC', 'What came'].map((title) => ({ title, align: 'left' as const }))
  return {
    caption: 'Questions of the probe',
    columns,
    rows: judged.map(({ title, rfc, verdict, came, note }) => ({
      cells: [title, `${SIGNS[verdict]} ${verdict}${note === '' ? '' : `, ${note}`}`, rfc, came],
    })),
  }
}
