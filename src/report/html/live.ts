import type { Progress } from '../../engine/progress.ts'
import type { ResourceSample, TimelineRow } from '../../engine/result.ts'
import type { AnyProgress, PressureProgress } from '../../pressure/progress.ts'
import type { Card, Document } from '../block.ts'
import { count, MISSING, perSecond, shortMilliseconds, span } from '../format.ts'
import { runName } from '../verdict.ts'
import { chartsOf } from '../writers/html.ts'
import type { Chart } from './charts/chart.ts'
import { thinCharts } from './charts/thin.ts'
import { resourceCharts, timelineCharts } from './charts/timeline.ts'
import { cards, chartPlace, type Html, html, section, verdictChip } from './markup.ts'
import { type Assets, page } from './page.ts'

/** The page that shows a run while it goes on; all of it comes by events from `events`. */
export function renderLivePage(events: string, assets: Assets): string {
  const body = html`<header class="head"><div id="live-head"><div class="title"><h1>Waiting for a run</h1></div>
<p class="reason">Services are booting, or the cool-down before the next scenario is running.</p></div>
<ul class="finished" id="live-finished" aria-label="Runs that have ended"></ul>
<p class="calm" id="live-state" role="status"></p></header>
<div id="live-cards"></div>
${section('Over time', chartPlace('time'), 'All charts share one axis, in seconds since the start.')}`
  return page({ title: 'Live – mailstorm', body, charts: [], live: events }, assets)
}

/** What stands above the charts while a run goes on. */
function liveHead(progress: Progress): Html {
  const left = progress.left_seconds === null ? '' : `, about ${span(progress.left_seconds)} left`
  const sentence = `${span(progress.elapsed_seconds)} so far${left}`
  return liveTitle(progress, { sentence, share: shareOf(progress) })
}

export interface LiveWords {
  readonly sentence: string
  /** How much of the run is done, 0 to 1; null when it cannot be told. */
  readonly share: number | null
}

function liveTitle(run: Pick<Progress, 'scenario' | 'part'>, { sentence, share }: LiveWords): Html {
  const bar =
    share !== null &&
    html`<div class="progress" role="progressbar" aria-label="Done" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${Math.floor(share * 100)}"><i style="width:${(share * 100).toFixed(1)}%"></i></div>`
  return html`<div class="title"><h1>${runName(run)}</h1><span class="chip running">Running</span></div>
<p class="reason">${sentence}</p>${bar}`
}

/** Of the messages, or of the time where that alone ends the run; null when neither is known. */
export function shareOf(progress: Progress): number | null {
  const { planned, window_seconds: window, elapsed_seconds: elapsed } = progress
  if (planned !== null && planned > 0) return Math.min(1, endedOf(progress) / planned)
  return window === null || window === undefined || window === 0 ? null : Math.min(1, elapsed / window)
}

/** The same once it has ended. */
export function finishedHead({ head: { name, verdict, reason } }: Document): Html {
  return html`<div class="title"><h1>${name}</h1>${verdict !== undefined && verdictChip(verdict)}</div>
<p class="reason">${reason}</p>`
}

export function finishedCards({ conclusion }: Document): Html {
  const parts = conclusion.flatMap((block) => block.parts)
  return html`${parts.map((part) => part.kind === 'cards' && cards(part.rows))}`
}

export function finishedCharts(document: Document): Chart[] {
  return thinCharts(chartsOf(document))
}

function liveCards(progress: Progress): Html {
  const { planned, rate, target_rate, p50_ms, p99_ms } = progress
  const notAccepted = endedOf(progress) - progress.accepted
  const row: Card[] = [
    {
      id: 'messages',
      label: 'Messages',
      value: count(endedOf(progress)),
      detail: planned === null ? 'until the time is up' : `of ${count(planned)}`,
    },
    {
      id: 'throughput',
      label: 'Rate',
      value: perSecond(rate),
      detail: target_rate === null ? 'over the last 3 s' : `target ${perSecond(target_rate)}`,
    },
    { id: 'p50', label: 'p50 response', value: shortMilliseconds(p50_ms), detail: 'so far' },
    { id: 'p99', label: 'p99 response', value: shortMilliseconds(p99_ms), detail: 'so far' },
    {
      id: 'errors',
      label: 'Not accepted',
      value: count(notAccepted),
      detail: errorNames(progress),
    },
    { id: 'in-flight', label: 'In flight', value: count(progress.in_flight), detail: 'now' },
  ]
  return cards([row])
}

function errorNames({ errors }: Progress): string {
  if (errors.length === 0) return 'no errors'
  return errors.map(([name, times]) => `${name} ×${count(times)}`).join(', ') || MISSING
}

function endedOf({ accepted, deferred, rejected, failed }: Progress): number {
  return accepted + deferred + rejected + failed
}

function livePressureHead(progress: PressureProgress): Html {
  const { phase, elapsed_seconds: elapsed, left_seconds: left } = progress
  const doing = phase === 'draining' ? ', tenants are done, the queue drains' : ''
  const share = left === null ? null : elapsed / (elapsed + left || 1)
  const rest = left === null ? '' : `, about ${span(left)} of hand-over left`
  return liveTitle(progress, { sentence: `${span(elapsed)} so far${doing}${rest}`, share })
}

function livePressureCards(progress: PressureProgress): Html {
  const { handed_over, delivered, reported, errors, pending, rate, p95_ms, sync_calls } = progress
  return cards([
    [
      {
        id: 'messages',
        label: 'Handed over',
        value: count(handed_over),
        detail: `${count(sync_calls)} sync calls`,
      },
      { id: 'delivered', label: 'Delivered', value: count(delivered), detail: `${count(reported)} reported` },
      { id: 'throughput', label: 'Rate', value: perSecond(rate), detail: 'over the last 3 s' },
      { id: 'pending', label: 'Pending', value: count(pending), detail: 'now' },
      { id: 'p95', label: 'p95 end to end', value: shortMilliseconds(p95_ms), detail: 'so far' },
      { id: 'errors', label: 'Errors', value: count(errors), detail: 'reported to tenants' },
    ],
  ])
}

/** What can be told of a run under way; the whole dashboard comes with its result. */
function livePressureCharts(all: readonly PressureProgress[]): Chart[] {
  const column = (pick: (progress: PressureProgress) => number | null) => all.map(pick)
  const line = (label: string, pick: (progress: PressureProgress) => number | null) => ({
    label,
    values: column(pick),
    tone: 'accent' as const,
  })
  const common = { place: 'time', axis: 'time', xs: all.map((one) => one.elapsed_seconds) } as const
  return [
    {
      ...common,
      ...{
        id: 'live-rate',
        title: 'Deliveries',
        note: 'Per second, averaged over the last 3 s',
        unit: 'per_second',
      },
      series: [{ ...line('delivered', (one) => one.rate), filled: true }],
    },
    {
      ...common,
      ...{ id: 'live-pending', title: 'Pending messages', note: 'As counted by the proxy', unit: 'count' },
      series: [{ ...line('pending', (one) => one.pending), filled: true }],
    },
    {
      ...common,
      ...{
        id: 'live-cumulative',
        title: 'Messages, cumulative',
        note: 'From hand-over to report',
        unit: 'count',
      },
      series: [
        { ...line('handed over', (one) => one.handed_over), tone: 'muted', dashed: true },
        line('delivered', (one) => one.delivered),
        { ...line('reported', (one) => one.reported), tone: 'line-1' },
        { ...line('errors', (one) => one.errors), tone: 'bad' },
      ],
    },
    {
      ...common,
      ...{
        id: 'live-end-to-end',
        title: 'End to end, p95',
        note: 'Over all messages delivered so far',
        unit: 'ms',
      },
      series: [line('p95', (one) => one.p95_ms)],
    },
  ]
}

/** What the charts of a running load need besides its progress: everything new since the last time. */
export interface LiveRows {
  /** Complete seconds only: the last one would look like a drop. */
  readonly timeline: readonly TimelineRow[]
  readonly resources: Readonly<Record<string, readonly ResourceSample[]>>
}

/** Everything that a newly opened page needs. */
export interface Snapshot {
  readonly run_id: string
  /** HTML, as `cards` is. */
  readonly head: string
  readonly cards: string
  readonly charts: readonly Chart[]
}

/** A running run of one kind, as far as reported. */
export interface LiveRun<P extends AnyProgress = AnyProgress> {
  readonly runId: string
  add(progress: P, rows?: LiveRows): void
  snapshot(): Snapshot
}

/** Load on SMTP servers. */
export class LiveLoad implements LiveRun<Progress> {
  readonly runId: string
  #progress: Progress
  readonly #timeline: TimelineRow[] = []
  readonly #samples = new Map<string, ResourceSample[]>()

  constructor(first: Progress) {
    this.runId = first.run_id
    this.#progress = first
  }

  add(progress: Progress, rows?: LiveRows): void {
    this.#progress = progress
    for (const row of rows?.timeline ?? []) this.#timeline.push(row)
    for (const [name, samples] of Object.entries(rows?.resources ?? {}))
      this.#samples.set(name, [...(this.#samples.get(name) ?? []), ...samples])
  }

  snapshot(): Snapshot {
    return {
      run_id: this.runId,
      head: liveHead(this.#progress).markup,
      cards: liveCards(this.#progress).markup,
      charts: this.#charts(),
    }
  }

  #charts(): Chart[] {
    const usage = Object.fromEntries([...this.#samples].map(([name, samples]) => [name, { samples }]))
    const charts = [
      ...timelineCharts({ timeline: this.#timeline, target_rate: this.#progress.target_rate }),
      ...resourceCharts(usage),
    ]
    // An axis that changes its scale in the middle would move everything drawn.
    return charts.map((chart) => (chart.unit === 'ms' ? { ...chart, log: true } : chart))
  }
}

/** A mail proxy under pressure: only its progress, once a second, is known until it ends. */
export class LivePressure implements LiveRun<PressureProgress> {
  readonly runId: string
  #last: PressureProgress
  readonly #all: PressureProgress[] = []

  constructor(first: PressureProgress) {
    this.runId = first.run_id
    this.#last = first
  }

  add(progress: PressureProgress): void {
    this.#last = progress
    this.#all.push(progress)
  }

  snapshot(): Snapshot {
    return {
      run_id: this.runId,
      head: livePressureHead(this.#last).markup,
      cards: livePressureCards(this.#last).markup,
      charts: livePressureCharts(this.#all),
    }
  }
}
