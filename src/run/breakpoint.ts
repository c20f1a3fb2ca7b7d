import { type Found, MOST_PROBES, type Probe, searchState } from '../engine/executors/breakpoint.ts'
import { plannedSeconds } from '../engine/executors/registry.ts'
import type { Result, SearchResult, SearchStep } from '../engine/result.ts'
import { MailstormError } from '../error.ts'
import { isMissed, parseThreshold } from '../figures/threshold.ts'
import type { LoadVariable } from '../options/load.ts'
import { readOptions } from '../options/options.ts'
import { withLogs } from './archive-logs.ts'
import { runLoads } from './execute.ts'
import { MAX_LAG_P99_MS, ownWorkers } from './generators/generator.ts'
import { groundFor } from './ground/ground.ts'
import { buildResult } from './result.ts'
import type { Row, RunOptions } from './scenario-run.ts'
import { limitMs, verifyMs } from './smtp/smtp-kind.ts'
import type { BreakpointSpec, ScenarioSpec } from './spec/spec.ts'
import { checkSearch } from './spec/spec-check.ts'
import type { ReadRun } from './spec/suite-reading.ts'

/**
 * The run at one rate, as a part of the scenario; `varied` names variables that the environment may not
 * override.
 */
type OptionsOf = (
  part: string,
  spec: ScenarioSpec,
  varied: ReadonlyMap<LoadVariable, string>,
) => RunOptions & ReadRun

const NONE_DROPPED = parseThreshold('dropped==0')

/** Runs one rate after another, each chosen by the results so far. */
export class BreakpointSearch {
  readonly #optionsOf: OptionsOf
  readonly #spec: BreakpointSpec
  readonly #probes: Probe[] = []
  readonly #steps: SearchStep[] = []
  /** The last run at each rate that held there. */
  readonly #held = new Map<number, Result>()

  constructor(optionsOf: OptionsOf, spec: BreakpointSpec) {
    checkSearch(spec)
    this.#optionsOf = optionsOf
    this.#spec = spec
  }

  /** The thresholds of the scenario, or those of the environment that override them. */
  get holds(): readonly string[] {
    const { thresholds } = this.optionsAt(this.#spec.startRate).workload
    const own = thresholds.filter(({ unasked }) => unasked !== true)
    return own.flatMap(({ expression }) => (expression === NONE_DROPPED.expression ? [] : expression))
  }

  get seconds(): number {
    return plannedSeconds(this.optionsAt(this.#spec.startRate).workload.schedule) ?? this.#spec.seconds
  }

  /** Time limit of the row that runs the search. */
  get timeoutMs(): number {
    const { workload } = this.optionsAt(this.#spec.startRate)
    const eachMs = workload.maxDurationMs + verifyMs(workload) + readOptions().cooldownSeconds * 1000
    return limitMs(MOST_PROBES * eachMs, readOptions())
  }

  optionsAt(rate: number): RunOptions & ReadRun {
    const { holds, seconds, startRate: _start, maxRate: _max, resolution: _resolution, ...base } = this.#spec
    const spec: ScenarioSpec = {
      ...base,
      executor: 'constant-arrival-rate',
      rate,
      durationSeconds: seconds,
      thresholds: holds,
    }
    const varied = new Map([['STRESS_RATE', 'the rate is what it searches for'] as const])
    const found = this.#optionsOf(`${rate}/s`, spec, varied)
    // A rate counts as held only when it was offered in full, whatever the other thresholds say.
    const { thresholds } = found.workload
    if (thresholds.some(({ expression }) => expression === NONE_DROPPED.expression)) return found
    const own = thresholds.filter(({ unasked }) => unasked !== true)
    const all = [...own, NONE_DROPPED, ...thresholds.slice(own.length)]
    return { ...found, workload: { ...found.workload, thresholds: all } }
  }

  /** The result of the run that confirmed the rate; if no rate held, the result of the last run. */
  async execute(row: Row): Promise<Result> {
    refuseSplit(row)
    let last: Result | undefined
    for (;;) {
      const state = searchState(this.#spec, this.#probes)
      if ('found' in state) {
        const result = this.#held.get(state.found.rate ?? Number.NaN) ?? last
        if (result === undefined) throw new RangeError('a search has ended without a probe')
        return { ...result, part: null, search: this.#searchResult(state.found) }
      }
      last = await this.#probe(state.tryRate, row)
      if (last.status === 'partial') return { ...last, part: null, search: this.#brokenOff(last) }
    }
  }

  async #probe(rate: number, row: Row): Promise<Result> {
    const options = this.optionsAt(rate)
    const ground = await groundFor([options.workload], row)
    const workers = ownWorkers(options.workload.workers, undefined)
    const parts = [{ options, workers, startAfterSeconds: 0 }]
    const [facts] = await runLoads(ground, { parts, row, onStarted: () => undefined })
    if (facts === undefined) throw new RangeError('a run of one load has no facts')
    const result = await buildResult(facts)
    if (result.status === 'partial') return withLogs(result, facts.servers.booted, row.services.options)
    const missed = result.thresholds.filter(isMissed)
    const outcome = missed.length === 0 ? 'held' : mayBeOurs(result) ? 'inconclusive' : 'broke'
    if (outcome === 'held') this.#held.set(rate, result)
    this.#probes.push({ rate, outcome })
    this.#steps.push({
      rate_per_second: rate,
      held: outcome === 'held',
      missed: missed.map(({ expression }) => expression),
      p99_ms: result.metrics.response_time_ms.p99,
      success_rate: result.metrics.success_rate,
      throughput: result.metrics.throughput,
      generator_bound: result.generator.bound,
    })
    return result
  }

  #searchResult({ rate, brokeAt, confidence, why }: Found): SearchResult {
    return {
      rate_per_second: rate ?? null,
      broke_at_per_second: brokeAt ?? null,
      holds: this.holds,
      seconds: this.seconds,
      confidence,
      why,
      steps: this.#steps,
    }
  }

  #brokenOff({ partial_reason }: Result): SearchResult {
    const rate = Math.max(...this.#held.keys())
    const why = `stopped early: ${partial_reason}`
    const found = { rate: Number.isFinite(rate) ? rate : undefined, brokeAt: undefined }
    return this.#searchResult({ ...found, confidence: 'low', why })
  }
}

/** Above this share, refusals are not explained by messages that left in bunches. */
const MOST_REFUSED_FOR_BUNCHES = 0.1

/**
 * Whether the generator may be to blame for the missed thresholds. Not when the target plainly refused
 * messages, unless they left late and in bunches: a target that limits rates refuses those.
 */
function mayBeOurs({ generator, metrics }: Result): boolean {
  if (!generator.bound) return false
  const refused = (metrics.outcomes.deferred + metrics.outcomes.rejected) / metrics.total_messages
  const late = (generator.scheduling_lag_ms.p99 ?? 0) > MAX_LAG_P99_MS
  return refused === 0 || (late && refused < MOST_REFUSED_FOR_BUNCHES)
}

/** Each rate depends on the result of the one before, which generators that share a load do not exchange. */
function refuseSplit({ services }: Row): void {
  if (services.options.split === undefined) return
  throw new MailstormError(
    'BAD_SCENARIO',
    'Failed to share the load: a breakpoint search needs the result of each rate before the next, and generators that share a load do not have it.',
    'Unset STRESS_GENERATORS, and raise STRESS_THREADS.',
  )
}
