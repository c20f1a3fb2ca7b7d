import type { SparseHistogram } from '../engine/histogram.ts'
import { figureValue } from '../figures/figure.ts'
import { PRESSURE_FORMAT } from '../pressure/result.ts'
import { isFields, listAt, numberAt, textAt, valueAt } from './fields.ts'
import { figuresFor, overviewOf, type RunOverview } from './overview.ts'

/** One run as comparisons need it, whoever wrote its file; plain data. */
export interface RunView extends RunOverview {
  /** By the names of the figures of its kind; null where the file does not say. */
  readonly figures: Readonly<Record<string, number | null>>
  readonly circumstances: Circumstances
  /** `response_time` and `service_time`, or `end_to_end` and `report_lag`, of those that the file has. */
  readonly histograms: Readonly<Record<string, SparseHistogram>>
  /** Accepted (delivered) in each second of the run; empty when the file has no timeline. */
  readonly per_second: readonly number[]
  /** Null when the file does not say. */
  readonly generator_bound: boolean | null
}

/** Undefined when the JSON is not that of a run. */
export function viewOf(file: string, json: unknown): RunView | undefined {
  const overview = overviewOf(file, json)
  if (overview === undefined || !isFields(json)) return undefined
  const bound = valueAt(json, 'generator', 'bound')
  return {
    ...overview,
    figures: Object.fromEntries(
      figuresFor(overview).map((figure) => [figure.name, figureValue(figure, json)]),
    ),
    circumstances: circumstancesOf(json),
    histograms: histogramsOf(json),
    per_second: perSecond(json),
    generator_bound: typeof bound === 'boolean' ? bound : null,
  }
}

function histogramsOf(json: unknown): Record<string, SparseHistogram> {
  const all = valueAt(json, 'histograms')
  if (!isFields(all)) return {}
  const entries = Object.entries(all).filter((entry): entry is [string, SparseHistogram] =>
    isHistogram(entry[1]),
  )
  return Object.fromEntries(entries)
}

/** Read back, a histogram must have pairs that add up to its count, or percentiles would be wrong unseen. */
export function isHistogram(value: unknown): value is SparseHistogram {
  const buckets = listAt(value, 'buckets')
  const ends = ['min_ms', 'max_ms', 'sum_ms'].map((name) => numberAt(value, name))
  if (ends.includes(null) || buckets.length % 2 !== 0) return false
  if (!buckets.every((entry) => Number.isSafeInteger(entry) && (entry as number) >= 0)) return false
  const counts = (buckets as number[]).filter((_, index) => index % 2 === 1)
  return counts.reduce((sum, count) => sum + count, 0) === numberAt(value, 'count')
}

/** What ended well in each second; a second without a row had nothing. */
function perSecond(json: unknown): number[] {
  const rows = listAt(json, 'timeline').map((row) => ({
    second: numberAt(row, 'second'),
    done: numberAt(row, 'accepted') ?? numberAt(row, 'delivered'),
  }))
  const last = rows.reduce((most, { second }) => Math.max(most, second ?? -1), -1)
  if (last < 0 || last > 10_000_000 || rows.some(({ done }) => done === null)) return []
  const counts = Array.from({ length: last + 1 }, () => 0)
  for (const { second, done } of rows) if (second !== null) counts[second] = done ?? 0
  return counts
}

type Facts = Readonly<Record<string, string | number | null>>

/** Under what a run was measured: where these differ, its figures do for reasons other than the target. */
interface Circumstances {
  readonly backend: Facts
  readonly machine: Facts
  readonly workload: Facts
}

export const CIRCUMSTANCES = [
  'backend',
  'machine',
  'workload',
] as const satisfies readonly (keyof Circumstances)[]

function circumstancesOf(json: unknown): Circumstances {
  return {
    backend: { backend: textAt(json, 'backend', 'name') },
    machine: {
      CPU: textAt(json, 'machine', 'cpu'),
      cores: numberAt(json, 'machine', 'cores'),
      'operating system': textAt(json, 'machine', 'os'),
    },
    workload: textAt(json, 'format') === PRESSURE_FORMAT ? pressureWorkload(json) : smtpWorkload(json),
  }
}

/** The older files have five of these, under the same names as ours. */
function smtpWorkload(json: unknown): Facts {
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
    'messages per session': of('messages_per_session') ?? word('messages_per_session'),
    sessions: of('max_sessions'),
    recipients: of('recipients'),
    TLS: word('tls'),
    servers: serverCount(json),
  }
}

function pressureWorkload(json: unknown): Facts {
  const settings = valueAt(json, 'proxy', 'settings')
  const tenants = listAt(json, 'tenants')
  return {
    tenants: tenants.length === 0 ? null : tenants.length,
    profiles:
      tenants.length === 0
        ? null
        : tenants
            .map((tenant) => textAt(tenant, 'profile'))
            .toSorted()
            .join(', '),
    proxy: textAt(json, 'proxy', 'implementation'),
    'proxies at once': numberAt(json, 'proxy', 'instances'),
    'proxy runs': textAt(json, 'proxy', 'runs'),
    settings: settings === undefined ? null : JSON.stringify(settings),
  }
}

function serverCount(json: unknown): number | null {
  const { length } = listAt(json, 'servers')
  return length === 0 ? null : length
}
