import type { ProbeReport, ProbeResult, ProbeRow, ProbeVerdict } from '../../probe/report.ts'
import { left } from '../block.ts'
import { counted, listed } from '../format.ts'
import { countsSentence, PROBE_SIGNS, remarkOf } from '../probe.ts'
import { stampText } from './index-page.ts'
import { type Html, html, section, table } from './markup.ts'
import { type Assets, page } from './page.ts'

const LINKS = [
  ['Checks', '#checks'],
  ['What was said', '#what-was-said'],
  ['All runs', 'index.html'],
] as const
const TARGETS_IN_TITLE = 3

/** What servers really do: all of them beside each other, then what was sent and what came. */
export function renderProbePage({ stamp, targets }: ProbeResult, assets: Assets): string {
  const names = listed(
    targets.map(({ target }) => target),
    TARGETS_IN_TITLE,
  )
  const body = html`<header class="head"><h1>Protocol probe</h1><p class="reason">${names}</p>
<dl class="facts"><div><dt>Started</dt><dd>${stampText(stamp)}</dd></div><div><dt>Servers</dt><dd>${counted(targets.length, 'server')}</dd></div></dl></header>
<ul class="remarks">${targets.map(({ target, counts, remarks = [] }) => html`<li>${[`${target}: ${countsSentence(counts)}.`, ...remarks].join(' ')}</li>`)}</ul>
${section('Checks', matrix(targets), '✓ conforms, ✗ deviates, – not offered, ? unknown.')}
${section('What was said', html`${targets.map(detailsOf)}`)}`
  return page({ title: `Protocol probe, ${names} – mailstorm`, body, charts: [], links: LINKS }, assets)
}

/** A row to each check, a column to each server. */
function matrix(targets: readonly ProbeReport[]): Html | undefined {
  const [first] = targets
  if (first === undefined) return undefined
  return table({
    caption: 'Checks',
    columns: ['Check', 'RFC', ...targets.map(({ target }) => target)].map((title) => left(title)),
    rows: first.rows.map(({ id, title, rfc }) => [
      html`<span class="text">${title}</span>`,
      html`<span class="dim">${rfc.replaceAll('RFC ', '')}</span>`,
      ...targets.map(({ rows }) => cellOf(rows.find((row) => row.id === id))),
    ]),
  })
}

function cellOf(row: ProbeRow | undefined): Html {
  if (row === undefined) return html``
  const remark = row.verdict === 'not offered' ? '' : remarkOf(row)
  return html`<span class="text">${signOf(row.verdict)} <span class="dim">${remark}</span></span>`
}

const CLASSES: Readonly<Record<ProbeVerdict, string>> = {
  conforms: 'good-text',
  deviates: 'bad-text',
  'not offered': 'dim',
  unknown: 'warn-text',
}

function signOf(verdict: ProbeVerdict): Html {
  const { sign } = PROBE_SIGNS[verdict]
  return html`<b class="${CLASSES[verdict]}" aria-hidden="true">${sign}</b><span class="unseen">${verdict}</span>`
}

/** Long and for the few checks that one asks about: closed until it is opened. */
function detailsOf({ target, extensions, rows, took_seconds: took }: ProbeReport): Html {
  const said = table({
    caption: `What ${target} said`,
    columns: ['Check', 'Verdict', 'RFC', 'Sent', 'Came', 'Note'].map((title) => left(title)),
    rows: rows.map((row) => [
      html`<span class="text">${row.title}</span>`,
      html`<span class="${CLASSES[row.verdict]}">${row.verdict}</span>`,
      row.rfc.replaceAll('RFC ', ''),
      html`<code class="text">${row.sent}</code>`,
      html`<code class="text">${row.came}</code>`,
      html`<span class="text">${row.note}</span>`,
    ]),
  })
  return html`<details class="more"><summary>${target}</summary>
<p class="calm">Extensions: ${extensions.join(', ') || 'none'}. Took ${took} s.</p>${said}</details>
`
}
