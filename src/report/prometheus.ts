import { Counter, Gauge, Registry } from 'prom-client'
import type { Unit } from '../engine/result.ts'
import { OUTCOMES } from '../engine/sample.ts'
import { CUSTOM_METRICS } from '../figures/custom.ts'
import { type Figure, figureValue } from '../figures/figure.ts'
import type { AnyProgress } from '../pressure/progress.ts'
import type { RunResult } from '../results/kinds.ts'
import { listOf } from '../results/overview.ts'
import { countsOf, exposedBy } from './kinds.ts'
import type { LoadSnapshot } from './progress.ts'

const RUN = ['scenario', 'part'] as const
type RunName = Pick<LoadSnapshot, 'scenario' | 'part'>

/**
 * Values of the label `percentile`. Not `quantile`: Prometheus keeps that one for summaries, which have a
 * sum and a count of all samples beside it, and are computed by the client library.
 */
const PERCENTILES = ['p50', 'p95', 'p99'] as const

/** Where a run shows its figures to Prometheus. */
export interface MetricsAddress {
  /** Address to listen on. */
  readonly host: string
  /** Port to listen on; 0 for any free one. */
  readonly port: number
  /**
   * False when it is only served because `mailstorm start --monitoring` looks there; a taken port is then
   * no error.
   */
  readonly asked: boolean
}

/** What one reading of this process says of its use of the machine. */
export interface GeneratorUsage {
  readonly cpuSeconds: number
  readonly memoryBytes: number
}

/**
 * A stress run for Prometheus, from its snapshots (one a second) and its result. Counters go on from run
 * to run of a scenario, as counters of one process do. What runs came to, of any kind, has a gauge to each
 * figure.
 */
export class RunExposition {
  readonly #registry = new Registry()
  readonly #messages = this.#counter('mailstorm_messages_total', 'Messages by how they ended', [
    ...RUN,
    'outcome',
  ])
  readonly #failures = this.#counter('mailstorm_failures_total', 'Failures by class or reply code', [
    ...RUN,
    'failure',
  ])
  readonly #recipientsRefused = this.#counter(
    'mailstorm_recipients_refused_total',
    'Recipients refused while their messages were accepted for others',
    RUN,
  )
  readonly #reconnects = this.#counter(
    'mailstorm_reconnects_total',
    'Messages moved to a new session because the server had ended the previous one',
    RUN,
  )
  readonly #sessionFailures = this.#counter(
    'mailstorm_session_failures_total',
    'Sessions that ended badly: RSET without 250 or QUIT without 221',
    RUN,
  )
  readonly #runs = this.#counter('mailstorm_runs_total', 'Runs that have ended, by verdict', [
    ...RUN,
    'verdict',
  ])
  readonly #running = this.#gauge('mailstorm_running', '1 while the run is sending, else 0')
  readonly #workers = this.#gauge('mailstorm_workers', 'Concurrent workers planned')
  readonly #planned = this.#gauge('mailstorm_planned_messages', 'Messages planned')
  readonly #elapsed = this.#gauge('mailstorm_elapsed_seconds', 'Seconds since the start of the run')
  readonly #inFlight = this.#gauge('mailstorm_in_flight', 'Messages started but not ended')
  readonly #queued = this.#gauge('mailstorm_queued', 'Messages due but not started')
  readonly #rate = this.#gauge('mailstorm_rate', 'Messages ended per second, over the last seconds')
  readonly #targetRate = this.#gauge('mailstorm_target_rate', 'Messages per second planned')
  readonly #responseTime = this.#gauge(
    'mailstorm_response_time_seconds',
    'From when a message was due to its final reply, over the run so far',
    [...RUN, 'percentile'],
  )
  readonly #cpu = new Counter({
    name: 'mailstorm_generator_cpu_seconds_total',
    help: 'CPU time of the load generator, all threads',
    registers: [this.#registry],
  })
  readonly #memory = new Gauge({
    name: 'mailstorm_generator_memory_bytes',
    help: 'Resident memory of the load generator',
    registers: [this.#registry],
  })
  /** How far the counters of the newest run of each scenario have come. */
  readonly #counted = new Map<string, { readonly runId: string; readonly counts: Map<string, number> }>()
  /** By their names; one is there from the first run that has the figure. */
  readonly #figures = new Map<string, Gauge>()
  #cpuSeconds = 0

  /** What a run tells while it goes on; false when there is nothing to count in this process. */
  update(progress: AnyProgress): boolean {
    const counts = countsOf(progress)
    if (counts !== undefined) this.#show(counts)
    return counts !== undefined
  }

  /** What it came to; a run too short for a snapshot has this alone. */
  finish(result: RunResult): void {
    const { prefix, labels, counts } = exposedBy(result)
    if (counts !== undefined) this.#show(counts)
    for (const figure of listOf(result).all) {
      const value = figureValue(figure, result)
      if (value !== null) this.#setFigure(expositionOf(figure, prefix), labels, value)
    }
  }

  #setFigure({ name, help, labels, scale }: FigureExposition, run: RunName, value: number): void {
    let gauge = this.#figures.get(name)
    if (gauge === undefined) {
      gauge = this.#gauge(name, help, [...RUN, 'aggregate'])
      this.#figures.set(name, gauge)
    }
    gauge.set({ ...labelsOf(run), ...labels }, value * scale)
  }

  #show(load: LoadSnapshot): void {
    const labels = labelsOf(load)
    this.#count(load)
    if (load.verdict !== undefined) this.#runs.inc({ ...labels, verdict: load.verdict })
    this.#running.set(labels, load.verdict === undefined ? 1 : 0)
    this.#elapsed.set(labels, load.elapsedSeconds)
    this.#inFlight.set(labels, load.inFlight)
    this.#queued.set(labels, load.queued)
    this.#rate.set(labels, load.rate)
    if (load.workers !== undefined) this.#workers.set(labels, load.workers)
    if (load.planned !== null) this.#planned.set(labels, load.planned)
    if (load.targetRate !== null) this.#targetRate.set(labels, load.targetRate)
    for (const percentile of PERCENTILES) {
      const ms = load.percentiles[percentile]
      if (ms !== null && ms !== undefined) this.#responseTime.set({ ...labels, percentile }, ms / 1000)
    }
  }

  async text({ cpuSeconds, memoryBytes }: GeneratorUsage): Promise<string> {
    this.#cpu.inc(Math.max(0, cpuSeconds - this.#cpuSeconds))
    this.#cpuSeconds = Math.max(this.#cpuSeconds, cpuSeconds)
    this.#memory.set(memoryBytes)
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  #count(load: LoadSnapshot): void {
    const labels = labelsOf(load)
    for (const outcome of OUTCOMES)
      this.#messages.inc(
        { ...labels, outcome },
        this.#since(load, `outcome ${outcome}`, load.outcomes[outcome]),
      )
    for (const [failure, count] of load.failures)
      this.#failures.inc({ ...labels, failure }, this.#since(load, `failure ${failure}`, count))
    this.#recipientsRefused.inc(labels, this.#since(load, 'recipients refused', load.recipientsRefused))
    this.#reconnects.inc(labels, this.#since(load, 'reconnects', load.reconnects))
    this.#sessionFailures.inc(labels, this.#since(load, 'session failures', load.sessionFailures))
  }

  /** How much a count has grown. Snapshots may come late: counters never go back. */
  #since(run: LoadSnapshot, key: string, count: number): number {
    const name = JSON.stringify([run.scenario, run.part])
    let counted = this.#counted.get(name)
    if (counted?.runId !== run.run_id) {
      counted = { runId: run.run_id, counts: new Map() }
      this.#counted.set(name, counted)
    }
    const before = counted.counts.get(key) ?? 0
    counted.counts.set(key, Math.max(before, count))
    return Math.max(0, count - before)
  }

  #counter<const L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] })
  }

  #gauge(name: string, help: string, labelNames: readonly string[] = RUN): Gauge {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] })
  }
}

function labelsOf({ scenario, part }: RunName): Readonly<Record<(typeof RUN)[number], string>> {
  return { scenario, part: part ?? '' }
}

/** How a figure is called where Prometheus sees it. */
export interface FigureExposition {
  readonly name: string
  readonly help: string
  readonly labels: { readonly aggregate?: string }
  /** What its value is multiplied by. */
  readonly scale: number
}

/** Beginning of the names of figures that a scenario defines itself. */
const OWN_PREFIX = 'mailstorm_custom_'

/** Base units, each said by the end of the name (prometheus.io/docs/practices/naming). */
const BASE_UNITS: Readonly<Record<Unit, readonly [suffix: string, scale: number]>> = {
  ms: ['seconds', 1 / 1000],
  seconds: ['seconds', 1],
  share: ['ratio', 1],
  count: ['', 1],
  per_second: ['per_second', 1],
  bytes: ['bytes', 1],
  megabytes: ['bytes', 1024 ** 2],
  percent: ['ratio', 1 / 100],
  factor: ['ratio', 1],
  ms_per_hour: ['seconds_per_hour', 1 / 1000],
  megabytes_per_hour: ['bytes_per_hour', 1024 ** 2],
  number: ['', 1],
}

/** `p(99)` of a stress run is `mailstorm_result_response_time_seconds{aggregate="p99"}`. */
export function expositionOf(
  {
    name,
    title,
    group,
    unit,
    aggregate,
  }: Pick<Figure<never>, 'name' | 'title' | 'group' | 'unit' | 'aggregate'>,
  kindPrefix: string,
): FigureExposition {
  const [suffix, scale] = BASE_UNITS[unit]
  const prefix = group === CUSTOM_METRICS ? OWN_PREFIX : kindPrefix
  const whole = aggregate?.of ?? name.replaceAll('.', '_')
  // Its unit, where the name says it already, is said once.
  const bare = suffix === '' ? whole : whole.replace(/(?:^|_)(?:ms|mb|seconds|bytes|ratio)$/, '')
  return {
    name: prefix + [bare, suffix].filter((part) => part !== '').join('_'),
    help:
      aggregate === undefined
        ? `${group}: ${title}, at the end of the run`
        : `${aggregate.of.replaceAll('_', ' ')}, at the end of the run`,
    labels: aggregate === undefined ? {} : { aggregate: aggregate.name },
    scale,
  }
}
