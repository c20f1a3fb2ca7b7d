import { listOf, type RunOverview } from '../../results/overview.ts'
import { capital, left, right } from '../block.ts'
import { count, counted, percent, perSecond, shortMilliseconds, stampText } from '../format.ts'
import { runName } from '../verdict.ts'
import type { Chart } from './charts/chart.ts'
import { chartPlace, type Html, html, section, table, verdictChip } from './markup.ts'
import { type Assets, page } from './page.ts'

export interface IndexedRun {
  readonly run: RunOverview
  /** Relative addresses of its files. */
  readonly json: string
  readonly report: string | undefined
}

export interface Index {
  /** Oldest first. */
  readonly runs: readonly IndexedRun[]
  /** Files that are not runs, and why. */
  readonly skipped: readonly { readonly file: string; readonly why: string }[]
}

/** All runs of a folder: what became of each scenario over time, and a link to each run. */
export function renderIndex({ runs, skipped }: Index, assets: Assets): string {
  const trends = scenarioTrends(runs.map(({ run }) => run))
  const body = html`<header class="head"><h1>Runs</h1><p class="reason">${summaryOf(runs)}</p></header>
${section('Trends', trends.length === 0 ? undefined : html`${trends.map(({ body }) => body)}`, 'Each chart goes from the oldest run of a scenario on a backend to the newest.')}
${section('All runs', runs.length === 0 ? undefined : runsTable(runs))}
${section('Skipped files', skippedList(skipped))}`
  const charts = trends.flatMap((trend) => trend.charts)
  const links = [
    ['Trends', '#trends'],
    ['All runs', '#all-runs'],
  ] as const
  return page({ title: 'Runs – mailstorm', body, charts, links }, assets)
}

function summaryOf(runs: readonly IndexedRun[]): string {
  if (runs.length === 0) return 'No runs yet.'
  const failed = runs.filter(({ run }) => run.verdict === 'FAILED').length
  const scenarios = new Set(runs.map(({ run }) => runName(run))).size
  const outcome = failed === 0 ? 'none failed' : `${count(failed)} failed`
  return `${counted(runs.length, 'run')} of ${counted(scenarios, 'scenario')}, ${outcome}.`
}

function runsTable(runs: readonly IndexedRun[]): Html {
  return html`<div class="filter"><input type="search" data-filter="runs" placeholder="Filter, such as burst failed" aria-label="Filter the runs"><span class="dim" data-filter-status role="status"></span></div>
<div id="runs">${table({
    caption: 'All runs, the newest first',
    columns: [
      left('Run'),
      left('Started'),
      left('Verdict'),
      ...['Messages', 'Success', 'Throughput', 'p50', 'p99', 'Lost'].map((title) => right(title)),
      left('Backend'),
      left('Files'),
    ],
    rows: runs.toReversed().map(cellsOf),
  })}</div>`
}

function cellsOf({ run, report, json }: IndexedRun): (Html | string)[] {
  const name = runName(run)
  return [
    report === undefined ? html`${name}` : html`<a href="${report}">${name}</a>`,
    stampText(run.stamp),
    runStatus(run),
    count(run.total_messages),
    percent(run.success_rate),
    perSecond(run.messages_per_second),
    shortMilliseconds(run.latency_ms.p50),
    shortMilliseconds(run.latency_ms.p99),
    count(run.lost),
    run.backend ?? '–',
    html`<a href="${json}">JSON</a>`,
  ]
}

function skippedList(skipped: Index['skipped']): Html | undefined {
  if (skipped.length === 0) return undefined
  return table({
    caption: 'Skipped files',
    columns: [left('File'), left('Reason')],
    rows: skipped.map(({ file, why }) => [file, why]),
  })
}

interface Trend {
  readonly body: Html
  readonly charts: readonly Chart[]
}

/** The newest this many runs of a scenario are drawn: more cannot be told apart in a small chart. */
const MOST_RUNS = 200

/**
 * One row to each scenario and backend: figures of different backends are never put on one line. A probe has no figure that is drawn.
 */
function scenarioTrends(runs: readonly RunOverview[]): Trend[] {
  const groups = Map.groupBy(runs, (run) => JSON.stringify([run.scenario, run.part, run.backend, run.format]))
  return [...groups.values()].map(trendOf).filter(({ charts }) => charts.length > 0)
}

export function runStatus({ verdict, status }: RunOverview): Html {
  const chip = verdict === null ? html`–` : verdictChip(verdict)
  return status === 'partial' ? html`${chip} <span class="dim">partial</span>` : chip
}

function trendOf(all: readonly RunOverview[], index: number): Trend {
  const latest = all.at(-1) as RunOverview
  const charts = chartsOf(all.slice(-MOST_RUNS), index)
  const failed = all.filter(({ verdict }) => verdict === 'FAILED').length
  const body = html`<div class="trend"><div><h3>${runName(latest)}</h3><p>${latest.backend ?? 'backend unknown'}</p>
<p>${counted(all.length, 'run')}, ${failed === 0 ? 'none failed' : `${failed} failed`}</p>${runStatus(latest)}</div>
${charts.map(({ place }) => chartPlace(place))}</div>
`
  return { body, charts }
}

interface Line {
  /** By its name in the lists of figures, where its title and unit are. */
  readonly figure: string
  readonly id: string
  pick(run: RunOverview): number | null
  write(value: number | null | undefined): string
}

const LINES: readonly Line[] = [
  { figure: 'throughput', id: 'throughput', pick: (run) => run.messages_per_second, write: perSecond },
  { figure: 'p(99)', id: 'p99', pick: (run) => run.latency_ms.p99, write: shortMilliseconds },
  { figure: 'success_rate', id: 'success', pick: (run) => run.success_rate, write: percent },
]

function chartsOf(runs: readonly RunOverview[], index: number): Chart[] {
  const latest = runs.at(-1)
  return LINES.flatMap(({ figure, id: key, pick, write }) => {
    const known = latest && listOf(latest).named(figure)
    if (known === undefined || typeof known === 'string') return []
    const name = capital(known.title)
    const id = `trend-${index}-${key}`
    return {
      id,
      place: id,
      title: `${name}, ${write(latest === undefined ? null : pick(latest))}`,
      axis: 'runs',
      small: true,
      xs: runs.map((_, run) => run),
      labels: runs.map(({ stamp }) => stampText(stamp)),
      unit: known.unit,
      series: [{ label: name, tone: 'accent', values: runs.map(pick) }],
    }
  })
}
