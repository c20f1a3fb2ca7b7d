import { type CustomMetricResults, kindsOf } from '../engine/custom-metrics.ts'
import { RESULT_FORMAT, type Result } from '../engine/result.ts'
import { smtpFigures } from '../figures/custom.ts'
import type { Figures } from '../figures/figure.ts'
import { PRESSURE_FIGURES } from '../figures/pressure.ts'
import { PROBE_FIGURES } from '../figures/probe.ts'
import { type AnyResult, PRESSURE_FORMAT, type PressureResult } from '../pressure/result.ts'
import { PROBE_FORMAT, type ProbeResult } from '../probe/report.ts'
import { isFields, listAt, numberAt, textAt, valueAt } from './fields.ts'
import { asPressureResult, asProbeResult, asResult, type Checked } from './result-shape.ts'

export type Facts = Readonly<Record<string, string | number | null>>

/** What a run of any kind has to show: a result with a verdict, or what a probe was told. */
export type RunResult = AnyResult | ProbeResult

/** One kind of run and its files. Code that reads, lists and compares results asks this, and knows no kind itself. */
export interface ResultKind<R extends RunResult = RunResult> {
  readonly name: 'smtp' | 'pressure' | 'probe'
  /** Format name of its files. */
  readonly format: R['format']
  /** Whether its runs have thresholds and a verdict; a probe tells and does not judge. */
  readonly judged: boolean
  /** Whether several generators may share its load, each with a result to merge. */
  readonly shared: boolean
  /** Name of its main latency's histogram, if it has one. */
  readonly latency?: 'response_time' | 'end_to_end'
  /** What such a run tests. */
  readonly against: string
  /** Whether JSON of this format is a run, complete or not. */
  isRun(json: unknown): boolean
  /** The JSON as a complete result, or what is wrong with it. */
  read(json: unknown): Checked<R>
  /** All its figures, including those of the scenario's own metrics. */
  figures(own?: CustomMetricResults): Figures<object>
  /** What the run was asked to do; figures of different workloads differ for that reason. */
  workload(json: unknown): Facts
}

function hasMetrics(json: unknown): boolean {
  return isFields(valueAt(json, 'metrics'))
}

export const SMTP_RESULTS: ResultKind<Result> = {
  name: 'smtp',
  format: RESULT_FORMAT,
  shared: true,
  judged: true,
  latency: 'response_time',
  against: 'SMTP servers',
  isRun: hasMetrics,
  read: asResult,
  figures: (own) => smtpFigures(kindsOf(own)),
  /** Older files have five of these, under the same names. */
  workload(json) {
    const of = (name: string) => numberAt(json, 'workload', name)
    const word = (name: string) => textAt(json, 'workload', name)
    const duration = of('duration_seconds')
    const timed = textAt(json, 'test_type') === 'sustained' || duration !== null
    return {
      mode: textAt(json, 'test_type'),
      executor: word('executor'),
      // What is sent within a given time follows from the rate, or from the servers.
      messages: timed ? null : (of('planned') ?? numberAt(json, 'metrics', 'total_messages')),
      workers: of('workers') ?? numberAt(json, 'concurrent_workers'),
      'message size': numberAt(json, 'message_size'),
      rate: numberAt(json, 'target_rate'),
      duration,
      pipelining: word('pipelining'),
      'pipeline depth': of('pipeline_depth'),
      'messages per session': of('messages_per_session') ?? word('messages_per_session'),
      sessions: of('max_sessions'),
      recipients: of('recipients'),
      TLS: word('tls'),
      servers: listAt(json, 'servers').length || null,
    }
  },
}

export const PRESSURE_RESULTS: ResultKind<PressureResult> = {
  name: 'pressure',
  format: PRESSURE_FORMAT,
  shared: false,
  judged: true,
  latency: 'end_to_end',
  against: 'a mail proxy',
  isRun: hasMetrics,
  read: asPressureResult,
  figures: () => PRESSURE_FIGURES,
  workload(json) {
    const settings = valueAt(json, 'proxy', 'settings')
    const tenants = listAt(json, 'tenants')
    const profiles = tenants.map((tenant) => textAt(tenant, 'profile')).toSorted()
    return {
      tenants: tenants.length || null,
      profiles: tenants.length === 0 ? null : profiles.join(', '),
      proxy: textAt(json, 'proxy', 'implementation'),
      'proxies at once': numberAt(json, 'proxy', 'instances'),
      'proxy runs': textAt(json, 'proxy', 'runs'),
      settings: settings === undefined ? null : JSON.stringify(settings),
    }
  },
}

export const PROBE_RESULTS: ResultKind<ProbeResult> = {
  name: 'probe',
  format: PROBE_FORMAT,
  shared: false,
  judged: false,
  against: 'SMTP servers, question by question',
  isRun: (json) => listAt(json, 'targets').some(isFields),
  read: asProbeResult,
  figures: () => PROBE_FIGURES,
  workload(json) {
    const [first] = listAt(json, 'targets')
    return {
      servers: listAt(json, 'targets').length || null,
      questions: listAt(first, 'rows').length || null,
      'wait for a reply, in seconds': numberAt(first, 'wait_seconds'),
    }
  },
}

export const RESULT_KINDS = [SMTP_RESULTS, PRESSURE_RESULTS, PROBE_RESULTS] as const

/**
 * `older`: the Python generator of the PrixFixe stress-test guide, for SMTP servers; its files state no format.
 */
export const FORMATS = [...RESULT_KINDS.map(({ format }) => format), 'older'] as const
export type Format = (typeof FORMATS)[number]

/** The kind of run that files of this format hold. */
export function kindOf(format: string): ResultKind {
  return RESULT_KINDS.find((kind) => kind.format === format) ?? SMTP_RESULTS
}

/** Whether a result has thresholds and a verdict. */
export function isJudged(result: RunResult): result is AnyResult {
  return kindOf(result.format).judged
}
