import { systemClock } from '../engine/clock.ts'
import type { Pacer } from '../engine/executors/executor.ts'
import { EMPTY_HISTOGRAM } from '../engine/histogram.ts'
import {
  assembleAsides,
  assembleFailures,
  assembleMetrics,
  assembleServers,
  assembleSlowRecipients,
  assembleTimeline,
  type Reach,
} from '../engine/measurement.ts'
import { mergeRecordings, type Recording, shiftRecording } from '../engine/recording.ts'
import type { GeneratorResult, Metrics, Result } from '../engine/result.ts'
import type { LoadRun } from '../engine/threads/load-run.ts'
import { observe } from '../figures/observations.ts'
import { endOf, type Threshold } from '../figures/threshold.ts'
import { readOptions } from '../options/options.ts'
import { mergeLedgers } from '../results/merge/rows.ts'
import { PHASES } from '../smtp/target.ts'
import { withLogs } from './archive-logs.ts'
import { type LoadPart, runLoads } from './execute.ts'
import { ownWorkers } from './generators/generator.ts'
import { type Ground, groundFor } from './ground/ground.ts'
import { joinDeliveries } from './joint-delivery.ts'
import { buildResult, isUnverified, judgedOn, type RunFacts } from './result.ts'
import type { Execute, Row, RunOptions } from './scenario-run.ts'
import { besideOthers, LOADS_TABLE } from './side-by-side.ts'
import { HopSchedule, type HopSpan, RELAY_TABLE } from './smtp/next-hop.ts'
import { limitMs, verifyMs } from './smtp/smtp-kind.ts'

interface JointOutcome {
  readonly results: readonly Result[]
  readonly together: Result
}

/** The loads of one scenario; the first row to come runs them all. */
export class JointRun {
  readonly parts: readonly { readonly options: RunOptions; readonly startAfterSeconds: number }[]
  readonly thresholds: readonly Threshold[]
  readonly timeoutMs: number
  readonly #loads = Promise.withResolvers<readonly LoadRun[]>()
  readonly #hopSpans: readonly HopSpan[]
  #outcome: Promise<JointOutcome> | undefined

  /** `hopSpans`: what the next hop behind the servers does during each load, if it is told to. */
  constructor(parts: JointRun['parts'], thresholds: readonly Threshold[], hopSpans: readonly HopSpan[] = []) {
    this.parts = parts
    this.thresholds = thresholds
    this.#hopSpans = hopSpans
    const longest = this.parts.map(
      ({ options, startAfterSeconds }) =>
        startAfterSeconds * 1000 + options.workload.maxDurationMs + verifyMs(options.workload),
    )
    this.timeoutMs = limitMs(Math.max(...longest), readOptions())
    this.#loads.promise.catch(() => undefined)
  }

  async part(index: number, row: Row, onStarted: Parameters<Execute>[1]): Promise<Result> {
    const outcome = this.#run(row)
    const load = (await this.#loads.promise)[index]
    if (load !== undefined) onStarted(load)
    const { results, together } = await outcome
    // Of an interrupted run no row comes any more but this one, and it has one result: that of all loads.
    const result = row.signal.aborted ? together : results[index]
    if (result === undefined) throw new RangeError(`there is no load ${index}`)
    return result
  }

  async together(row: Row): Promise<Result> {
    return (await this.#run(row)).together
  }

  #run(row: Row): Promise<JointOutcome> {
    if (this.#outcome === undefined) {
      this.#outcome = this.#execute(row)
      this.#outcome.catch((error) => this.#loads.reject(error))
    }
    return this.#outcome
  }

  async #execute(row: Row): Promise<JointOutcome> {
    const workloads = this.parts.map(({ options }) => options.workload)
    const ground = await groundFor(workloads, row)
    const parts: LoadPart[] = this.parts.map((part) => ({
      ...part,
      workers: ownWorkers(part.options.workload.workers, row.services.options.split),
    }))
    const hop = this.#hopOf(ground, row)
    const facts = await this.#send({ ground, parts, row, hop })
    const done: JointPart[] = []
    for (const [index, one] of facts.entries()) {
      const startAfterSeconds = parts[index]?.startAfterSeconds ?? 0
      done.push({ facts: one, result: await buildResult(one), startAfterSeconds })
    }
    const together = togetherResult(done, this.thresholds, hop)
    const [first] = facts
    return {
      results: done.map(({ result }, index) => ({
        ...result,
        ...(together.next_hop === undefined ? {} : { next_hop: together.next_hop.slice(index, index + 1) }),
      })),
      together:
        first === undefined ? together : await withLogs(together, first.servers.booted, row.services.options),
    }
  }

  #hopOf({ stores }: Ground, row: Row): HopSchedule | undefined {
    if (this.#hopSpans.length === 0) return undefined
    // All loads have the same one.
    const [store] = stores.values()
    if (store?.behave === undefined)
      throw new RangeError('a store that is no next hop has been refused before anything is opened')
    return new HopSchedule(this.#hopSpans, store, {
      nowMs: () => systemClock.nowMs(),
      warn: (text) => row.warn?.(text),
    })
  }

  async #send({ hop, ground, parts, row }: Sent): Promise<RunFacts[]> {
    const onStarted = (loads: LoadRun[]) => {
      this.#loads.resolve(loads)
      hop?.begin(loads[0]?.startMs ?? systemClock.nowMs())
    }
    // An interrupted run must not leave a change behind that reaches the next one.
    const cancel = () => void hop?.end()
    row.signal.addEventListener('abort', cancel, { once: true })
    try {
      return await runLoads(ground, { parts, row, onStarted })
    } finally {
      row.signal.removeEventListener('abort', cancel)
      await hop?.end()
    }
  }
}

interface Sent {
  readonly ground: Ground
  readonly parts: readonly LoadPart[]
  readonly row: Row
  readonly hop: HopSchedule | undefined
}

/** One of several loads that ran at the same time. */
interface JointPart {
  readonly facts: RunFacts
  readonly result: Result
  readonly startAfterSeconds: number
}

/** All loads as one: every message of each, timed from the first load's start. */
function togetherResult(
  parts: readonly JointPart[],
  asked: readonly Threshold[],
  hop: HopSchedule | undefined,
): Result {
  const results = parts.map(({ result }) => result)
  const [first] = parts
  if (first === undefined) throw new RangeError('nothing ran')
  const recording = recordingOf(parts)
  const pacer = pacerOf(parts)
  const { delivery, endToEnd } = joinDeliveries(
    parts.map(({ facts, startAfterSeconds }) => ({ times: facts.verified?.times, startAfterSeconds })),
  )
  const lastArrivedMs = parts.map(({ facts, startAfterSeconds }) => {
    const ms = facts.verified?.times?.lastArrivedMs ?? 0
    return ms === 0 ? 0 : startAfterSeconds * 1000 + ms
  })
  const rows = hop?.rows({ startedAtMs: first.facts.load.startsAtMs, delivery, lastArrivedMs })
  const judged = {
    metrics: metricsOf(parts, pacer, recording),
    histograms: {
      response_time: recording.responseTime,
      service_time: recording.serviceTime,
      ...(endToEnd === undefined ? {} : { end_to_end: endToEnd }),
    },
    ledger: mergeLedgers(results.map((result) => result.ledger)),
    ...(delivery === undefined ? {} : { delivery }),
    ...(rows === undefined ? {} : { next_hop: rows }),
  }
  const thresholds = asked.map((threshold) => judgedOn(threshold, judged, first.facts.servers))
  const missed = hop?.failure === undefined ? [] : [`the next hop did not do as it was told: ${hop.failure}`]
  const reasons = [...new Set([...results.flatMap(({ partial_reason }) => partial_reason ?? []), ...missed])]
  const partialReason = reasons.length === 0 ? null : reasons.join('; ')
  const failures = assembleFailures(recording, first.result.servers, untoldOf(parts))
  const asides = {
    ...assembleAsides(recording, first.result.servers),
    ...assembleSlowRecipients(recording, first.result.servers),
    ...pipeliningOf(results),
  }
  // Drift and custom metrics belong to one load only; deliveries have been put together.
  const {
    drift: _drift,
    custom_metrics: _custom,
    overridden: _overridden,
    delivery: _own,
    ...common
  } = first.result
  const together: Result = {
    ...common,
    part: 'together',
    ...endOf(partialReason, { thresholds, successRate: judged.metrics.success_rate }),
    target_rate: null,
    concurrent_workers: sum(results, (result) => result.concurrent_workers),
    ...judged,
    workload: workloadOf(results, pacer),
    ...overriddenIn(results),
    thresholds,
    failures,
    ...asides,
    observations: observe({
      connect: recording.phases[PHASES.indexOf('connect')] ?? EMPTY_HISTOGRAM,
      failures,
      accepted: judged.metrics.outcomes.accepted,
      ...asides,
      reconnects: recording.reconnects,
      names: first.facts.servers.names,
      isUnverified: isUnverified(first.facts),
    }),
    per_server: serversOf(parts, recording),
    resource_usage: first.facts.usageOfAll,
    timeline: assembleTimeline({ pacer, recording }),
    generator: generatorOf(results),
  }
  if (rows === undefined) return besideOthers(together, [...results, together], LOADS_TABLE)
  const told = results.map((result, index) => ({ ...result, next_hop: rows.slice(index, index + 1) }))
  return besideOthers(together, [...told, together], RELAY_TABLE)
}

/** What was found once for several loads is said once. */
function pipeliningOf(results: readonly Result[]): Pick<Result, 'pipelining'> {
  const rows = results.flatMap(({ pipelining = [] }) => pipelining)
  if (rows.length === 0) return {}
  return { pipelining: [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()] }
}

function recordingOf(parts: readonly JointPart[]): Recording {
  const shifted = parts.map(({ facts, startAfterSeconds }) =>
    shiftRecording(facts.measured.recording, startAfterSeconds),
  )
  return mergeRecordings(shifted, PHASES.length, parts[0]?.result.servers.length ?? 0)
}

/** Never asked for turns; only says how many messages and how long. */
function pacerOf(parts: readonly JointPart[]): Pacer {
  const ends = parts.map(({ facts: { load, measured }, startAfterSeconds }) => {
    return startAfterSeconds * 1000 + (load.pacer.windowMs ?? measured.recording.lastStartMs)
  })
  const total = sum(parts, ({ facts }) => facts.load.planned)
  const turnMs: Pacer['turnMs'] = (_worker, _taken, elapsedMs) => elapsedMs
  return { model: 'closed', total, windowMs: Math.max(...ends), dueMs: () => 0, dueBy: () => total, turnMs }
}

function metricsOf(parts: readonly JointPart[], pacer: Pacer, recording: Recording): Metrics {
  const stops = parts.flatMap(({ facts: { measured }, startAfterSeconds }) =>
    measured.stoppedAtMs === undefined ? [] : startAfterSeconds * 1000 + measured.stoppedAtMs,
  )
  const reached = (of: (reach: Reach) => number) => sum(parts, ({ facts }) => of(facts.measured.reach))
  return assembleMetrics({
    pacer,
    recording,
    planned: pacer.total,
    reach: {
      dropped: reached(({ dropped }) => dropped),
      notReached: reached(({ notReached }) => notReached),
      untold: reached(({ untold }) => untold),
    },
    startedAt: parts[0]?.facts.startedAt ?? new Date(),
    phaseNames: PHASES,
    ...(stops.length === 0 ? {} : { stoppedAtMs: Math.max(...stops) }),
  })
}

function untoldOf(parts: readonly JointPart[]): { count: number; atMs: number } {
  const atMs = parts.map(
    ({ facts, startAfterSeconds }) => startAfterSeconds * 1000 + facts.measured.elapsedMs,
  )
  return { count: sum(parts, ({ facts }) => facts.measured.reach.untold), atMs: Math.max(...atMs) }
}

function workloadOf(results: readonly Result[], pacer: Pacer): Result['workload'] {
  const [first] = results
  if (first === undefined) throw new RangeError('nothing ran')
  return {
    ...first.workload,
    executor: [...new Set(results.map(({ workload }) => workload.executor))].join(' + '),
    planned: pacer.total,
    workers: sum(results, ({ workload }) => workload.workers),
    max_sessions: sum(results, ({ workload }) => workload.max_sessions),
    rate_per_second: null,
    duration_seconds: (pacer.windowMs ?? 0) / 1000,
  }
}

/** Loads may have had different values for the same field. */
function overriddenIn(results: readonly Result[]): Pick<Result, 'overridden'> {
  const all = results.flatMap(({ overridden }) => overridden ?? [])
  const distinct = new Map(all.flatMap(({ load }) => load).map((one) => [`${one.variable} ${one.own}`, one]))
  if (distinct.size === 0) return {}
  const given = all.some(({ thresholds }) => thresholds === 'given')
  return { overridden: { load: [...distinct.values()], thresholds: given ? 'given' : 'own' } }
}

function serversOf(parts: readonly JointPart[], recording: Recording): Result['per_server'] {
  const targets = parts[0]?.facts.load.plan.targets ?? []
  return assembleServers(recording, targets).map((row, index) => {
    const known = parts.flatMap(({ result }) => result.per_server[index] ?? [])
    const peaks = known.flatMap(({ peak_connections }) => peak_connections ?? [])
    const ended = known.find((one) => one.ended !== undefined)?.ended
    return {
      ...row,
      ...(peaks.length === 0 ? {} : { peak_connections: Math.max(...peaks) }),
      ...(ended === undefined ? {} : { ended }),
    }
  })
}

/** One generator sent all loads: if it limited one of them, it limited all. */
function generatorOf(results: readonly Result[]): GeneratorResult {
  const [first] = results
  if (first === undefined) throw new RangeError('nothing ran')
  // One reason of several loads, each with its own figure, is said once, with the first one's.
  const all = results.flatMap(({ generator }) => generator.bound_reasons)
  const reasons = [
    ...new Map(all.toReversed().map((why) => [why.replaceAll(/[\d.]+/g, ''), why])).values(),
  ].toReversed()
  return { ...first.generator, bound: reasons.length > 0, bound_reasons: reasons }
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
