import { basename } from 'node:path'
import { RESULT_FORMAT, RUN_VERDICTS, type RunVerdict, VERDICTS } from '../engine/result.ts'
import { isMissed, verdictOf } from '../figures/verdict.ts'
import { PRESSURE_FORMAT } from '../pressure/result.ts'
import { isFields, listAt, numberAt, textAt, valueAt, wordAt } from './fields.ts'

/** `older`: the Python generator that the seed describes; its files name no format. */
export const FORMATS = [RESULT_FORMAT, PRESSURE_FORMAT, 'older'] as const
export type Format = (typeof FORMATS)[number]

/**
 * What lists show of one run, whoever wrote its file. The names are those of the files, so that this is
 * also what `--json` prints. `null` is what the file does not say.
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
  /** Accepted (delivered, in a pressure run) over the whole duration. */
  readonly messages_per_second: number | null
  /** Response time; end to end in a pressure run. */
  readonly latency_ms: Readonly<Record<'p50' | 'p95' | 'p99' | 'max', number | null>>
  readonly lost: number | null
  readonly duplicated: number | null
  readonly thresholds_missed: number | null
}

/** The format of a file's JSON; undefined when it is not a run of a mail test. */
export function formatOf(json: unknown): Format | undefined {
  const format = valueAt(json, 'format')
  if (format === undefined) {
    return isFields(valueAt(json, 'metrics')) && textAt(json, 'test_type') !== null ? 'older' : undefined
  }
  const known = FORMATS.find((name) => name === format)
  return known !== 'older' && isFields(valueAt(json, 'metrics')) ? known : undefined
}

/** Undefined when the JSON is not that of a run. */
export function overviewOf(file: string, json: unknown): RunOverview | undefined {
  const format = formatOf(json)
  if (format === undefined) return undefined
  const name = nameParts(file)
  const success = successRate(json)
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
    ...messageFigures(json),
    success_rate: success,
    ...integrity(json),
    thresholds_missed: thresholdsMissed(json),
  }
}

function messageFigures(json: unknown) {
  const of = (name: string) => numberAt(json, 'metrics', name)
  return {
    total_messages: of('total_messages'),
    successful_messages: of('successful_messages'),
    failed_messages: of('failed_messages'),
    duration_seconds: of('duration_seconds'),
    messages_per_second: of('messages_per_second'),
    latency_ms: {
      p50: latencyAt(json, 'p50'),
      p95: latencyAt(json, 'p95'),
      p99: latencyAt(json, 'p99'),
      max: latencyAt(json, 'max'),
    },
  }
}

/** The first files of the older generator had no percentiles, and its average by another name. */
function latencyAt(json: unknown, key: string): number | null {
  return numberAt(json, 'metrics', 'latency_ms', key) ?? numberAt(json, 'metrics', `${key}_response_time_ms`)
}

export function successRate(json: unknown): number | null {
  const given = numberAt(json, 'metrics', 'success_rate')
  const total = numberAt(json, 'metrics', 'total_messages')
  const notReached = numberAt(json, 'metrics', 'outcomes', 'not_reached') ?? 0
  // A run in which no message was due has no success rate, whatever its file says.
  if (total !== null && total - notReached === 0) return null
  const successful = numberAt(json, 'metrics', 'successful_messages')
  return given ?? (total === null || successful === null ? null : successful / total)
}

/** The older generator wrote no verdict and knew no thresholds. */
function olderVerdict(successRate: number | null): RunVerdict | null {
  return successRate === null ? null : verdictOf({ status: 'complete', thresholds: [], successRate })
}

/** Counts of a ledger (SMTP) or of the deliveries (pressure), where they were checked. */
function integrity(json: unknown) {
  const count = (name: string) => numberAt(json, 'ledger', name) ?? numberAt(json, 'verification', name)
  return { lost: count('lost'), duplicated: count('duplicated') }
}

function thresholdsMissed(json: unknown): number | null {
  if (!Array.isArray(valueAt(json, 'thresholds'))) return null
  const verdicts = listAt(json, 'thresholds').flatMap((row) => wordAt(row, VERDICTS, 'verdict') ?? [])
  return verdicts.filter((verdict) => isMissed({ verdict })).length
}

/** `20241127-120000-burst.json` → its time and its scenario; the older files say neither inside. */
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
