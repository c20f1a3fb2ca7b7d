import { CustomMetrics, customResults, mergeCustom } from '../engine/custom-metrics.ts'
import { executorOf } from '../engine/executors/registry.ts'
import { EMPTY_HISTOGRAM } from '../engine/histogram.ts'
import {
  assembleAsides,
  assembleBehindTheEnd,
  assembleFailures,
  assembleIdle,
  assembleMetrics,
  assembleRetries,
  assembleServers,
  assembleSlowRecipients,
  assembleTimeline,
  targetRate,
} from '../engine/measurement.ts'
import {
  type ClientResult,
  type CorpusResult,
  type GeneratorResult,
  type LedgerResult,
  type Metrics,
  type PipeliningRow,
  RESULT_FORMAT,
  type ResourceUsage,
  type Result,
  type SplitResult,
  type ThresholdResult,
  type WorkloadResult,
} from '../engine/result.ts'
import type { LoadRun, Measured } from '../engine/threads/load-run.ts'
import { errorText } from '../error.ts'
import { driftOf } from '../figures/drift.ts'
import { observe } from '../figures/observations.ts'
import type { BaselineFigures } from '../figures/regression.ts'
import { stageFigures } from '../figures/stages.ts'
import { endOf, judge, skipUnasked, type Threshold } from '../figures/threshold.ts'
import { verify } from '../ledger/verify.ts'
import type { Corpus } from '../mail/corpus/corpus.ts'
import { corpusName } from '../mail/corpus/places.ts'
import { messageId } from '../mail/id.ts'
import { meanBytes } from '../mail/mail.ts'
import { PHASES } from '../smtp/target.ts'
import type { Verified } from '../verify/verification.ts'
import { baselineFigures } from './baseline.ts'
import type { Servers } from './ground/servers.ts'
import { machine, versions } from './provenance.ts'
import type { RunOptions } from './scenario-run.ts'
import { describeMail } from './smtp/describe-mail.ts'
import type { ClientIdentity } from './spec/client-identity.ts'
import { countOrUnlimited, type Workload } from './spec/spec.ts'

export interface RunFacts {
  readonly options: RunOptions
  readonly servers: Servers
  readonly load: LoadRun
  readonly measured: Measured
  readonly startedAt: Date
  readonly stamp: string
  readonly seed: number
  readonly generator: GeneratorResult
  /** Messages per second of a calibration before the load, if there was one. */
  readonly calibratedPerSecond: number | undefined
  /** The real mail that was sent, if it was not generated. */
  readonly corpus: Corpus | undefined
  /** During this load. */
  readonly resourceUsage: Readonly<Record<string, ResourceUsage>>
  /** During all loads that ran at the same time. */
  readonly usageOfAll: Readonly<Record<string, ResourceUsage>>
  /** How servers ended during the run, by name. */
  readonly serversEnded: ReadonlyMap<string, string>
  /** Why the run was cut short, if it was. */
  readonly cutShortBy: string | undefined
  readonly split: SplitResult | undefined
  /** What was found behind the servers, when that was looked for. */
  readonly verified: Verified | undefined
}

/** Builds the result from everything known of a run, verified and judged. */
export async function buildResult(facts: RunFacts): Promise<Result> {
  const { options, servers, load, measured } = facts
  const { workload } = options
  const { metrics, thresholds, ...figures } = await figuresOf(facts)
  const partialReason = whyPartial(facts)
  return {
    format: RESULT_FORMAT,
    scenario: options.scenario,
    part: options.part,
    run_id: load.plan.runId,
    stamp: facts.stamp,
    ...endOf(partialReason, { thresholds, successRate: metrics.success_rate }),
    test_type: workload.testType,
    servers: load.plan.targets.map(({ name }) => name),
    port: load.plan.targets[0]?.port ?? 0,
    message_size: meanBytes(load.plan.mail),
    concurrent_workers: load.workerCount,
    target_rate: targetRate(load.pacer),
    metrics,
    workload: describe(facts),
    ...overriddenBy(options),
    thresholds,
    ...figures,
    per_server: await serverRows(facts),
    ...(servers.names.length === 0 ? {} : { name_lookups: servers.names }),
    resource_usage: facts.resourceUsage,
    timeline: assembleTimeline({ pacer: load.pacer, recording: measured.recording }),
    backend: servers.backend,
    machine: machine(),
    versions: versions(),
    seed: facts.seed,
    ...(facts.split === undefined ? {} : { split: facts.split }),
    ...stageTable(facts),
  }
}

/** Measurements, and how they compare with what was asked for. */
async function figuresOf(facts: RunFacts) {
  const { options, servers, load, measured } = facts
  const { recording } = measured
  const metrics = assembleMetrics({
    pacer: load.pacer,
    recording,
    planned: load.planned,
    reach: measured.reach,
    startedAt: facts.startedAt,
    phaseNames: PHASES,
    ...(measured.stoppedAtMs === undefined ? {} : { stoppedAtMs: measured.stoppedAtMs }),
  })
  const ledger = facts.verified?.ledger ?? (await checkLedger(facts))
  const targetNames = load.plan.targets.map(({ name }) => name)
  const untold = { count: measured.reach.untold, atMs: measured.elapsedMs }
  const failures = assembleFailures(recording, targetNames, untold)
  const { delivery, endToEnd } = facts.verified ?? {}
  const histograms = {
    response_time: recording.responseTime,
    service_time: recording.serviceTime,
    ...(endToEnd === undefined ? {} : { end_to_end: endToEnd }),
  }
  const drift = driftOf({ windowMs: load.pacer.windowMs, recording, resourceUsage: facts.resourceUsage })
  const extras = {
    ...customMetrics(facts, metrics),
    ...(drift === undefined ? {} : { drift }),
    ...(delivery === undefined ? {} : { delivery }),
  }
  const retries = assembleRetries(recording, options.workload.retryDelaysMs ?? [], targetNames)
  const brokenOff = recording.brokenOff === undefined ? {} : { broken_off: recording.brokenOff }
  const generator = withHeadroom(facts, metrics.throughput)
  const judged = {
    metrics,
    histograms,
    ledger,
    generator,
    ...retries,
    ...extras,
    ...baselineOf(facts, metrics),
  }
  const thresholds = options.workload.thresholds.map((threshold) => judgedOn(threshold, judged, servers))
  const connect = recording.phases[PHASES.indexOf('connect')] ?? EMPTY_HISTOGRAM
  const pipelining = withFoundInLoad(
    servers.levels.rows(load.plan.targets, options.workload),
    assembleBehindTheEnd(recording, targetNames, options.workload.pipelining),
  )
  const asides = {
    ...assembleAsides(recording, targetNames),
    ...retries,
    ...brokenOff,
    ...assembleSlowRecipients(recording, targetNames),
    ...assembleIdle(recording, targetNames),
    ...(pipelining.length === 0 ? {} : { pipelining }),
  }
  const observations = observe({
    connect,
    failures,
    accepted: metrics.outcomes.accepted,
    ...asides,
    reconnects: recording.reconnects,
    names: servers.names,
    isUnverified: isUnverified(facts),
  })
  return { metrics, ledger, failures, ...asides, histograms, thresholds, observations, generator, ...extras }
}

/** What the load found of a server comes later than what the trial did. */
function withFoundInLoad(
  tried: readonly PipeliningRow[],
  found: readonly PipeliningRow[],
): readonly PipeliningRow[] {
  const known = new Set(tried.map(({ target }) => target))
  const both = tried.map((row) => {
    const later = found.find(({ target }) => target === row.target)
    return later === undefined ? row : { ...later, trial_messages: row.trial_messages }
  })
  return [...both, ...found.filter(({ target }) => !known.has(target))]
}

/** Below this the load was so near to the generator's own limit that it may have been what limited it. */
const LEAST_HEADROOM = 1.25

function withHeadroom({ generator, calibratedPerSecond }: RunFacts, throughput: number): GeneratorResult {
  if (calibratedPerSecond === undefined) return generator
  const ratio = throughput === 0 ? null : calibratedPerSecond / throughput
  const headroom = { calibrated_per_second: calibratedPerSecond, ratio }
  if (ratio === null || ratio >= LEAST_HEADROOM) return { ...generator, headroom }
  const reason = `its throughput is ${Math.round(100 / ratio)} % of what this generator reached against a server that keeps nothing`
  return { ...generator, headroom, bound: true, bound_reasons: [...generator.bound_reasons, reason] }
}

function overriddenBy({ overrides }: RunOptions): Pick<Result, 'overridden'> {
  if (overrides.length === 0) return {}
  const given = overrides.some(({ variable }) => variable === 'STRESS_THRESHOLDS')
  return { overridden: { load: overrides, thresholds: given ? 'given' : 'own' } }
}

function stageTable({ load, measured }: RunFacts): Pick<Result, 'side_by_side'> {
  const { plan, pacer } = load
  const table = stageFigures({ schedule: plan.schedule, pacer, recording: measured.recording })
  return table === undefined ? {} : { side_by_side: table }
}

/** The reference of `regression`, if the scenario names one. */
function baselineOf(facts: RunFacts, metrics: Metrics): { baseline?: BaselineFigures } {
  const { options, servers, load } = facts
  const { scenario, part, workload } = options
  if (workload.baseline === undefined) return {}
  const target = {
    servers: load.plan.targets,
    message_size: meanBytes(load.plan.mail),
    target_rate: targetRate(load.pacer),
  }
  const about = { scenario, part, test_type: workload.testType, backend: servers.backend, machine: machine() }
  const run = { format: RESULT_FORMAT, ...about, ...target, metrics, workload: describe(facts) }
  return { baseline: baselineFigures(workload.baseline, run) }
}

function customMetrics({ options, measured }: RunFacts, metrics: Metrics): Pick<Result, 'custom_metrics'> {
  const kinds = options.workload.metrics
  if (kinds === undefined) return {}
  // All metrics appear in the result, even when no thread reported any.
  const nothing = new CustomMetrics(kinds, () => 0).snapshot()
  const recorded = mergeCustom(nothing, measured.recording.custom)
  return { custom_metrics: customResults(recorded, metrics.duration_seconds) }
}

/** Why a run is partial; null when it is complete. */
function whyPartial({ cutShortBy, serversEnded, measured, verified }: RunFacts): string | null {
  const reasons = [...serversEnded].map(([name, how]) => `${name}: ${how}`)
  if (cutShortBy !== undefined) reasons.unshift(cutShortBy)
  if (measured.silence !== undefined) reasons.push(measured.silence)
  if (measured.threadError !== undefined)
    reasons.push(`a sender thread failed: ${measured.threadError.message}`)
  if (measured.hookError !== undefined) reasons.push(`a hook of the scenario failed: ${measured.hookError}`)
  if (verified?.partialReason !== undefined) reasons.push(verified.partialReason)
  return reasons.length === 0 ? null : reasons.join('; ')
}

const NOTHING_CHECKED = {
  verified: false,
  received: null,
  lost: null,
  duplicated: null,
  corrupted: null,
  unacknowledged: null,
  lost_ids: [],
  duplicated_ids: [],
  corrupted_ids: [],
} as const

/** Whether servers that are not ours were sent to, and nobody looks where their mail ends up. */
export function isUnverified({ servers, options }: Pick<RunFacts, 'servers' | 'options'>): boolean {
  const { backend, noLedger } = servers
  return backend.name === 'external' && noLedger !== undefined && options.workload.verify === undefined
}

/** Compares what was acknowledged with what the servers say they received. */
async function checkLedger({ servers, load, measured }: RunFacts): Promise<LedgerResult> {
  const acknowledged = measured.receipts.targets.reduce((sum, target) => sum + target.accepted, 0)
  if (servers.noLedger !== undefined) {
    return { ...NOTHING_CHECKED, acknowledged, why_not: servers.noLedger }
  }
  const { runId } = load.plan
  try {
    const checked = await verify({
      runId,
      receipts: measured.receipts,
      sources: servers.ledgers,
      planned: load.planned,
      idOf: (message) => messageId(runId, message),
    })
    const { lostIds, duplicatedIds, corruptedIds, ...counts } = checked
    return {
      verified: true,
      ...counts,
      lost_ids: lostIds,
      duplicated_ids: duplicatedIds,
      corrupted_ids: corruptedIds,
    }
  } catch (error) {
    const why = errorText(error)
    return { ...NOTHING_CHECKED, acknowledged, why_not: `the servers' ledgers could not be read: ${why}` }
  }
}

/** Thresholds that we added are skipped without a ledger; those of the user fail without data. */
export function judgedOn(
  threshold: Threshold,
  measured: Parameters<typeof judge>[1],
  { noLedger }: Servers,
): ThresholdResult {
  const judged = judge(threshold, measured)
  const { account, verified } = measured.ledger
  const mayLack = account === undefined ? noLedger !== undefined : verified
  return mayLack ? skipUnasked(judged, threshold) : judged
}

function clientResult({ ehloName, localAddresses, proxy, xclient, tls = {} }: ClientIdentity): ClientResult {
  const { minVersion, serverName, cert } = tls
  return {
    ...(ehloName !== undefined && { ehlo_name: ehloName }),
    ...(localAddresses !== undefined && { local_addresses: localAddresses.length }),
    ...(proxy !== undefined && { proxy_protocol: proxy.version }),
    ...(proxy?.sources !== undefined && { proxy_sources: proxy.sources.length }),
    ...(xclient !== undefined && { xclient }),
    ...(minVersion !== undefined && { tls_min_version: minVersion }),
    ...(serverName !== undefined && { tls_server_name: serverName }),
    ...(cert !== undefined && { client_certificate: true }),
  }
}

function corpusResult({ spelling, summary }: Corpus): CorpusResult {
  const { messages, files, bytes, sizeBytes, digest } = summary
  return { name: corpusName(spelling), messages, files, bytes, size_bytes: sizeBytes, digest }
}

function describe({ options: { workload }, load, corpus }: RunFacts): WorkloadResult {
  const { pacer, plan, planned, workerCount } = load
  const { schedule } = workload
  // What was asked for; a number of messages in a time is a little off it where it is not whole.
  const { schedule: own, split } = plan
  const rate = executorOf(own).ratePerSecond?.(own)
  const asked = rate === undefined ? null : rate / (split?.generators ?? 1)
  return {
    executor: schedule.executor,
    model: pacer.model,
    planned,
    workers: workerCount,
    max_sessions: Math.round((workload.maxSessions * workerCount) / workload.workers),
    ...describeMail(plan.mail),
    ...(corpus === undefined ? {} : { corpus: corpusResult(corpus) }),
    rate_per_second: asked ?? targetRate(pacer),
    duration_seconds: pacer.windowMs === undefined ? null : pacer.windowMs / 1000,
    pipelining: workload.pipelining,
    ...(workload.pipelining === 'chunks' ? { pipeline_depth: workload.pipelineDepth } : {}),
    messages_per_session: countOrUnlimited(workload.messagesPerSession),
    tls: [...new Set(plan.targets.map(({ tls }) => tls.mode))].join(', '),
    auth: workload.auth === undefined ? null : workload.auth.user,
    ...(workload.accounts === undefined ? {} : { accounts: workload.accounts.count }),
    ...(workload.client === undefined ? {} : { client: clientResult(workload.client) }),
    ...describeClients(workload),
  }
}

function describeClients({ behaviour: { thinkMs, breakOff } = {} }: Workload): Partial<WorkloadResult> {
  const percents = Object.entries(breakOff ?? {}).map(([phase, share]) => [phase, share * 100])
  return {
    ...(thinkMs === undefined ? {} : { think_time_ms: thinkMs }),
    ...(breakOff === undefined ? {} : { break_off_percent: Object.fromEntries(percents) }),
  }
}

async function serverRows({
  servers,
  load,
  measured,
  serversEnded,
}: RunFacts): Promise<Result['per_server']> {
  const rows = assembleServers(measured.recording, load.plan.targets)
  return Promise.all(
    rows.map(async (row, index) => {
      const ended = serversEnded.get(row.name)
      const ledger = await servers.ledgers[index]?.ledger(load.plan.runId).catch(() => undefined)
      return {
        ...row,
        ...(ended === undefined ? {} : { ended }),
        ...(ledger === undefined ? {} : { peak_connections: ledger.connections.peak }),
      }
    }),
  )
}
