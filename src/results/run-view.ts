import type { SparseHistogram } from '../engine/histogram.ts'
import { figureValue } from '../figures/figure.ts'
import { isFields, listAt, numberAt, textAt, valueAt } from './fields.ts'
import { type Facts, kindOf } from './kinds.ts'
import { figuresFor, overviewOf, type RunOverview } from './overview.ts'
import { isHistogram } from './result-shape.ts'

/** One run as comparisons need it, whoever wrote its file; plain data. */
export interface RunView extends RunOverview {
  /** By the names of the figures of its kind; null when the file lacks one. */
  readonly figures: Readonly<Record<string, number | null>>
  readonly circumstances: Circumstances
  /** `response_time` and `service_time`, or `end_to_end` and `report_lag`, as far as the file has them. */
  readonly histograms: Readonly<Record<string, SparseHistogram>>
  /** Accepted (delivered) in each second; empty when the file has no timeline. */
  readonly per_second: readonly number[]
  /** Null when the file does not say. */
  readonly generator_bound: boolean | null
}

/** Undefined when the JSON is not a run. */
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

/** Messages that ended well in each second; a second without a row had none. */
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

/** Circumstances of a measurement: where they differ, figures differ for reasons other than the target. */
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
    backend: {
      backend: textAt(json, 'backend', 'name'),
      'services run as': textAt(json, 'backend', 'runs'),
    },
    machine: {
      CPU: textAt(json, 'machine', 'cpu'),
      cores: numberAt(json, 'machine', 'cores'),
      'operating system': textAt(json, 'machine', 'os'),
    },
    workload: kindOf(textAt(json, 'format') ?? '').workload(json),
  }
}
