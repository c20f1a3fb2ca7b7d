import { basename } from 'node:path'
import type { CustomMetricResults } from '../engine/custom-metrics.ts'
import { RUN_VERDICTS, type RunVerdict, VERDICTS } from '../engine/result.ts'
import { type Figure, type Figures, figureValue } from '../figures/figure.ts'
import { isMissed, verdictOf } from '../figures/threshold.ts'
import { isFields, listAt, numberAt, textAt, valueAt, wordAt } from './fields.ts'
import { FORMATS, type Format, kindOf } from './kinds.ts'

/**
 * What lists show of one run, whoever wrote its file. Names are those in the files, because `--json` prints
 * this object. `null`: the file does not say.
 */
export interface RunOverview {
  readonly file: string
  readonly format: Format
  readonly scenario: string
  readonly part: string | null
  readonly run_id: string | null
  /** Local time of the run's machine, as in the file's name. */
  readonly stamp: string | null
  readonly start_time: string | null
  readonly status: 'complete' | 'partial'
  readonly verdict: RunVerdict | null
  readonly test_type: string | null
  readonly backend: string | null
  readonly total_messages: number | null
  readonly successful_messages: number | null
  readonly failed_messages: number | null
  readonly success_rate: number | null
  readonly duration_seconds: number | null
  /** Accepted (pressure: delivered) over the whole duration. */
  readonly messages_per_second: number | null
  /** Response time (pressure: end to end). */
  readonly latency_ms: Readonly<Record<'p50' | 'p95' | 'p99' | 'max', number | null>>
  readonly lost: number | null
  readonly duplicated: number | null
  readonly thresholds_missed: number | null
}

/** The format of a file's JSON; undefined when it is not a run. */
export function formatOf(json: unknown): Format | undefined {
  const format = valueAt(json, 'format')
  if (format === undefined) {
    return isFields(valueAt(json, 'metrics')) && textAt(json, 'test_type') !== null ? 'older' : undefined
  }
  const known = FORMATS.find((name) => name === format)
  return known !== undefined && known !== 'older' && kindOf(known).isRun(json) ? known : undefined
}

/** Undefined when the JSON is not a run. */
export function overviewOf(file: string, json: unknown): RunOverview | undefined {
  const format = formatOf(json)
  if (format === undefined || !isFields(json)) return undefined
  const name = nameParts(file)
  const of = (figure: string) => figureIn(format, json, figure)
  const success = of('success_rate')
  return {
    file,
    format,
    scenario: textAt(json, 'scenario') ?? name.scenario,
    part: textAt(json, 'part'),
    run_id: textAt(json, 'run_id'),
    stamp: textAt(json, 'stamp') ?? name.stamp ?? stampOfTime(textAt(json, 'metrics', 'start_time')),
    start_time: textAt(json, 'metrics', 'start_time'),
    status: wordAt(json, ['complete', 'partial'], 'status') ?? 'complete',
    verdict: format === 'older' ? olderVerdict(success) : wordAt(json, RUN_VERDICTS, 'verdict'),
    test_type: textAt(json, 'test_type'),
    backend: textAt(json, 'backend', 'name'),
    total_messages: of('total_messages'),
    successful_messages: numberAt(json, 'metrics', 'successful_messages'),
    failed_messages: of('failed_messages'),
    duration_seconds: of('duration'),
    messages_per_second: of('throughput'),
    latency_ms: { p50: of('p(50)'), p95: of('p(95)'), p99: of('p(99)'), max: of('max') },
    success_rate: success,
    lost: of('lost'),
    duplicated: of('duplicated'),
    thresholds_missed: thresholdsMissed(json),
  }
}

interface OfKind extends Pick<RunOverview, 'format'> {
  readonly custom_metrics?: CustomMetricResults
}

/** All figures of a run, including those of the scenario's own metrics. */
export function listOf({ format, custom_metrics: own }: OfKind): Figures<object> {
  return kindOf(format).figures(own)
}

/** Figures that are compared with those of other runs. */
export function figuresFor(run: OfKind): readonly Figure<object>[] {
  return listOf(run).all.filter(({ compared }) => compared !== false)
}

/** A figure by name; null when the file lacks it. */
function figureIn(format: Format, json: object, name: string): number | null {
  const figure = listOf({ format }).named(name)
  return typeof figure === 'object' ? figureValue(figure, json) : null
}

/** The older generator wrote no verdict and had no thresholds. */
function olderVerdict(successRate: number | null): RunVerdict | null {
  return successRate === null ? null : verdictOf({ status: 'complete', thresholds: [], successRate })
}

function thresholdsMissed(json: unknown): number | null {
  if (!Array.isArray(valueAt(json, 'thresholds'))) return null
  const verdicts = listAt(json, 'thresholds').flatMap((row) => wordAt(row, VERDICTS, 'verdict') ?? [])
  return verdicts.filter((verdict) => isMissed({ verdict })).length
}

/** Time and scenario from the name `20241127-120000-burst.json`; older files hold neither. */
function nameParts(file: string): { stamp: string | null; scenario: string } {
  const [, stamp, rest] = /^(?:(\d{8}-\d{6})-?)?(.*?)(?:\.json)?$/i.exec(basename(file)) ?? []
  return { stamp: stamp ?? null, scenario: rest || 'run' }
}

/** `2025-11-28T19:57:33.311063` → `20251128-195733`. The older generator wrote local time without a zone. */
function stampOfTime(time: string | null): string | null {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(time ?? '') ?? []
  return second === undefined ? null : `${year}${month}${day}-${hour}${minute}${second}`
}
