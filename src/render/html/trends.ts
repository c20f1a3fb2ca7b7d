import type { RunOverview } from '../../analysis/overview.ts'
import { counted, percent, perSecond, shortMilliseconds } from '../format.ts'
import { runName } from '../verdict.ts'
import type { Chart, Unit } from './chart.ts'
import { verdictChip } from './header.ts'
import { stampText } from './index-page.ts'
import { type Html, html } from './markup.ts'
import { chartPlace } from './table.ts'

export interface Trend {
  readonly body: Html
  readonly charts: readonly Chart[]
}

/** The newest this many runs of a scenario are drawn: more cannot be told apart in a small chart. */
const MOST_RUNS = 200

/** One row to each scenario and backend: figures of different backends are never put on one line. */
export function scenarioTrends(runs: readonly RunOverview[]): Trend[] {
  const groups = Map.groupBy(runs, (run) => JSON.stringify([run.scenario, run.part, run.backend, run.format]))
  return [...groups.values()].map((group, index) => trendOf(group, index))
}

export function runStatus({ verdict, status }: RunOverview): Html {
  const chip = verdict === null ? html`–` : verdictChip(verdict)
  return status === 'partial' ? html`${chip} <span class="dim">partial</span>` : chip
}

function trendOf(all: readonly RunOverview[], index: number): Trend {
  const latest = all.at(-1) as RunOverview
  const charts = chartsOf(all.slice(-MOST_RUNS), index)
  const failed = all.filter(({ verdict }) => verdict === 'FAILED').length
  const body = html`<div class="trend"><div><h3>${runName(latest)}</h3><p>${latest.backend ?? 'backend not said'}</p>
<p>${counted(all.length, 'run')}, ${failed === 0 ? 'none failed' : `${failed} failed`}</p>${runStatus(latest)}</div>
${charts.map(({ place }) => chartPlace(place))}</div>
`
  return { body, charts }
}

interface Line {
  readonly name: string
  readonly unit: Unit
  pick(run: RunOverview): number | null
  write(value: number | null | undefined): string
}

const LINES: readonly Line[] = [
  { name: 'Throughput', unit: 'per-second', pick: (run) => run.messages_per_second, write: perSecond },
  { name: 'p99', unit: 'ms', pick: (run) => run.latency_ms.p99, write: shortMilliseconds },
  { name: 'Success', unit: 'share', pick: (run) => run.success_rate, write: percent },
]

function chartsOf(runs: readonly RunOverview[], index: number): Chart[] {
  const latest = runs.at(-1)
  return LINES.map(({ name, unit, pick, write }) => {
    const id = `trend-${index}-${name.toLowerCase()}`
    return {
      id,
      place: id,
      title: `${name}, ${write(latest === undefined ? null : pick(latest))}`,
      axis: 'runs',
      small: true,
      xs: runs.map((_, run) => run),
      labels: runs.map(({ stamp }) => stampText(stamp)),
      unit,
      series: [{ label: name, tone: 'accent', values: runs.map(pick) }],
    }
  })
}
