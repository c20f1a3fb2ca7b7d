import { basename } from 'node:path'
import type { Spread } from '../../results/change.ts'
import type { Comparison, ComparisonRow, ComparisonSide, RowVerdict } from '../../results/compare.ts'
import { figuresFor } from '../../results/overview.ts'
import type { RunView } from '../../results/run-view.ts'
import { left, right } from '../block.ts'
import {
  changeText,
  count,
  counted,
  figureText,
  MISSING,
  percent,
  perSecond,
  relativeText,
  shortMilliseconds,
  stampText,
} from '../format.ts'
import { runName } from '../verdict.ts'
import type { Chart } from './charts/chart.ts'
import { mainLatency, type Overlaid, overlayCharts } from './charts/latency.ts'
import { runStatus } from './index-page.ts'
import { chartPlace, type Html, html, section, table } from './markup.ts'
import { type Assets, page } from './page.ts'

const LINKS = [
  ['Charts', '#charts'],
  ['Runs', '#runs'],
] as const

/** Several runs on one page, their curves over each other. */
export function renderRuns(runs: readonly RunView[], assets: Assets): string {
  const charts = overlayCharts(runs.map(overlaid))
  const title = runs.length === 1 ? nameOf(runs[0]) : counted(runs.length, 'run')
  const body = html`<header class="head"><h1>${title}</h1>
<p class="reason">${[...new Set(runs.map(runName))].join(', ')}</p></header>
${section('Charts', curves(charts))}
${section('Runs', runsTable(runs))}
${section('Figures', runs.length === 1 ? figuresTable(runs[0]) : undefined)}`
  return page({ title: `${title} – mailstorm`, body, charts, links: LINKS }, assets)
}

/** Two sides against each other: is B worse than A? */
export function renderComparisonPage(comparison: Comparison, assets: Assets): string {
  const { before, after, verdict } = comparison
  const sides: [string, ComparisonSide][] = [
    ['A', before],
    ['B', after],
  ]
  const charts = overlayCharts(sides.map(([label, side]) => sideOverlaid(label, side)))
  const failed = verdict === 'regression'
  const body = html`<header class="head"><div class="title"><h1>A vs. B</h1>
<span class="chip ${failed ? 'failed' : 'passed'}">${failed ? 'Regression' : 'No regression'}</span></div>
<dl class="factlist">${sides.map(([label, side]) => html`<div><dt>${label}</dt><dd>${filesOf(side)}</dd></div>`)}</dl></header>
${cautions(comparison)}
${section('Deciding figures', comparisonTable(comparison), 'Medians and ranges where a side has several runs. ↑ higher is better, ↓ lower is better.')}
${section('Charts', curves(charts))}
${section('Runs', runsTable([...before.runs, ...after.runs]))}`
  return page({ title: 'A vs. B – mailstorm', body, charts, links: LINKS }, assets)
}

function curves(charts: readonly Chart[]): Html {
  if (charts.length > 0) return chartPlace('overlay')
  return html`<p class="calm">There is nothing to draw: the files have neither timelines nor histograms.</p>`
}

/** All that a file says, for those that have no report of their own. */
function figuresTable(run: RunView | undefined): Html | undefined {
  if (run === undefined) return undefined
  const known = figuresFor(run).filter(({ name }) => typeof run.figures[name] === 'number')
  return table({
    caption: 'Figures',
    columns: [left('Figure'), left('Of'), right('Value')],
    rows: known.map(({ name, title, group, unit }) => [
      title,
      group,
      figureText(run.figures[name] ?? null, unit),
    ]),
  })
}

function filesOf({ runs }: ComparisonSide): string {
  return `${[...new Set(runs.map(runName))].join(', ')}: ${runs.map(({ file }) => basename(file)).join(', ')}`
}

function nameOf(run: RunView | undefined): string {
  return run === undefined ? 'No run' : runName(run)
}

function overlaid(run: RunView): Overlaid {
  return {
    label: `${runName(run)} ${stampText(run.stamp)}`,
    perSecond: run.per_second.length === 0 ? [] : [run.per_second],
    histogram: mainLatency(run, run.histograms),
  }
}

function sideOverlaid(label: string, { runs, histograms }: ComparisonSide): Overlaid {
  const [first] = runs
  return {
    label,
    perSecond: runs.map(({ per_second }) => per_second).filter((values) => values.length > 0),
    histogram: first === undefined ? undefined : mainLatency(first, histograms),
  }
}

function runsTable(runs: readonly RunView[]): Html {
  const titles = ['Messages', 'Success', 'Throughput', 'p50', 'p95', 'p99', 'Lost']
  return table({
    caption: 'Runs',
    columns: [
      left('Run'),
      left('File'),
      left('Verdict'),
      ...titles.map((title) => right(title)),
      left('Backend'),
    ],
    rows: runs.map((run) => [
      runName(run),
      basename(run.file),
      runStatus(run),
      count(run.total_messages),
      percent(run.success_rate),
      perSecond(run.messages_per_second),
      ...[run.latency_ms.p50, run.latency_ms.p95, run.latency_ms.p99].map(shortMilliseconds),
      count(run.lost),
      run.backend ?? '–',
    ]),
  })
}

const WORDS: Readonly<Record<RowVerdict, Html>> = {
  regression: html`<b class="bad-text">regression</b>`,
  worse: html`<span class="warn-text">worse</span>`,
  noise: html`<span class="dim">within noise</span>`,
  same: html`<span class="dim">same</span>`,
  better: html`<span class="good-text">better</span>`,
  unknown: html`<span class="dim">no data</span>`,
  fact: html``,
}

const ARROWS = { higher: '↑', lower: '↓', neither: '' } as const

/** What must be known before the figures of two sides are read beside each other. */
function cautions({ cautions: all }: Comparison): Html | undefined {
  if (all.length === 0) return undefined
  return html`<ul class="remarks strong">${all.map(({ sentence }) => html`<li>${sentence}</li>`)}</ul>`
}

/** Figure by figure, the figures that decide first. */
function comparisonTable({ rows }: Comparison): Html {
  const decides = rows.filter(({ limit }) => limit !== null)
  const others = rows.filter(({ limit }) => limit === null)
  return html`${figures('Deciding figures', decides)}
<details class="more"><summary>All other figures</summary>${figures('All other figures', others)}</details>`
}

function figures(caption: string, rows: readonly ComparisonRow[]): Html {
  return table({
    caption,
    columns: [left('Figure'), right('A'), right('B'), right('Change'), right('Change, %'), left('Verdict')],
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
