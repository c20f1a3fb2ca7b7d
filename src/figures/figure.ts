import {
  EMPTY_HISTOGRAM,
  type LatencySummary,
  quantileMs,
  type SparseHistogram,
} from '../engine/histogram.ts'
import type { Unit } from '../engine/result.ts'

/** A figure's value in one run, with an optional remark; or the reason why it has none. */
export type Reading = { readonly value: number; readonly note?: string } | { readonly noData: string }

/** One figure of a run; everything about it is defined here, once. */
export interface Figure<Run> {
  /** Name in thresholds: `p(95)`, `throughput`, `accept.p(99)`. */
  readonly name: string
  /** Alternative name in thresholds. */
  readonly also?: string
  /** Title in tables, below the title of its group. */
  readonly title: string
  readonly group: string
  readonly unit: Unit
  /** `neither`: a plain fact of the run, such as the bytes sent. */
  readonly better: 'higher' | 'lower' | 'neither'
  /** May be negative. */
  readonly signed?: true
  /** Its greatest possible value; a threshold there could never fail. */
  readonly atMost?: number
  /** Limits may be given in percent, as in `regression<10%`. */
  readonly inPercent?: true
  /** False: usable in thresholds but left out of comparisons, because another figure says the same. */
  readonly compared?: false
  /** False: cannot be computed for a whole run from the parts of its generators. */
  readonly ofParts?: false
  /** Set on the figures of one latency, such as `p99` of `response_time`. */
  readonly aggregate?: { readonly of: string; readonly name: string }
  /** Why it may have no value, when there is more to say than "not measured". */
  readonly noData?: string
  /** Anything but a finite number counts as missing, because other versions and programs leave figures out. */
  read(run: Run): number | null | undefined | Reading
}

export function readingOf<Run>({ read, noData }: Figure<Run>, run: Run): Reading {
  const value = read(run)
  if (typeof value === 'number' && Number.isFinite(value)) return { value }
  if (typeof value === 'object' && value !== null) return value
  return { noData: noData ?? 'it was not measured' }
}

/** Null when the run does not have the figure. */
export function figureValue<Run>(figure: Figure<Run>, run: Run): number | null {
  const reading = readingOf(figure, run)
  return 'value' in reading ? reading.value : null
}

/** Part of a result as some file may hold it: of any version, with anything missing. */
export type Partly<T> = T extends readonly (infer Item)[]
  ? readonly Partly<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]?: Partly<T[Key]> | null | undefined }
    : T

/** Aggregates of a latency by their names in thresholds, with their titles. */
const AGGREGATES = {
  avg: ['avg', 'average'],
  min: ['min', 'minimum'],
  'p(50)': ['p50', 'p50'],
  'p(90)': ['p90', 'p90'],
  'p(95)': ['p95', 'p95'],
  'p(99)': ['p99', 'p99'],
  'p(99.9)': ['p99_9', 'p99.9'],
  max: ['max', 'maximum'],
  /** k6's name for the median. */
  med: ['p50', 'median'],
} as const satisfies Readonly<Record<string, readonly [field: keyof LatencySummary, title: string]>>

export type Aggregate = keyof typeof AGGREGATES

/** Titles in tables of the fields of a summary: `p99.9`, `maximum`. */
export const AGGREGATE_TITLES = Object.fromEntries(
  Object.values(AGGREGATES).filter(([, title]) => title !== 'median'),
) as Readonly<Record<Exclude<keyof LatencySummary, 'count'>, string>>

/** For the main latency of a kind of run. Without `med`, which repeats p(50). */
export const EVERY_AGGREGATE = (Object.keys(AGGREGATES) as Aggregate[]).filter((name) => name !== 'med')
/** As thresholds may name them; `p(N)` is any percentile. */
const THRESHOLD_AGGREGATES = ['p(N)', 'avg', 'min', 'max', 'med'] as const

/** One kind of latency, with a figure for each of its aggregates. */
export interface Latency<Run> {
  /** Prefix of its figures, such as `accept` in `accept.p(99)`; empty for the main latency of a kind of run. */
  readonly prefix: string
  readonly group: string
  /** Prefix of its figures' titles, in a group of several latencies. */
  readonly title?: string
  /** Aggregates shown in tables; thresholds may name any. */
  readonly shown: readonly Aggregate[]
  /** Default: milliseconds. */
  readonly unit?: Unit
  /** Default: lower. Only the author of a custom metric knows better. */
  readonly better?: Figure<Run>['better']
  /** Why it may have no value. */
  readonly noData: string
  /** Where the summary may be found, depending on the age of the file. */
  summaries(run: Run): readonly (Partly<LatencySummary> | null | undefined)[]
  /** For percentiles that summaries lack. */
  histogram?(run: Run): SparseHistogram | null | undefined
}

function aggregateOf<Run>(latency: Latency<Run>, aggregate: Aggregate): Figure<Run> {
  const [field, title] = AGGREGATES[aggregate]
  return {
    ...latencyFigure(latency, { name: aggregate, title, field }),
    read: (run) =>
      latency
        .summaries(run)
        .map((summary) => summary?.[field])
        .find((value) => typeof value === 'number'),
  }
}

interface AggregateName {
  readonly name: string
  readonly title: string
  readonly field: string
}

function latencyFigure<Run>(latency: Latency<Run>, { name, title, field }: AggregateName) {
  const { group, unit = 'ms', better = 'lower', noData } = latency
  return {
    name: nameIn(latency, name),
    title: latency.title === undefined ? title : `${latency.title} ${title}`,
    group,
    unit,
    better,
    noData,
    aggregate: { of: latency.prefix || group.toLowerCase().replaceAll(' ', '_'), name: field },
  }
}

/** All figures of one kind of run. */
export interface Figures<Run> {
  /** In the order of tables. */
  readonly all: readonly Figure<Run>[]
  /** All names that thresholds may use; `p(N)` is any percentile. */
  readonly known: readonly string[]
  /** The figure, a string that says why it does not exist, or undefined for an unknown name. */
  named(name: string): Figure<Run> | string | undefined
  /** Why nothing can be judged in this run: its counts are all 0 and would look like measurements. */
  nothing(run: Run): string | undefined
}

interface Listed<Run> extends Pick<Figures<Run>, 'nothing'> {
  /** In the order of tables, including those of `shownOf`. */
  readonly list: readonly Figure<Run>[]
  readonly latencies: readonly Latency<Run>[]
}

/** Builds the figures of a kind of run. */
export function figuresOf<Run>({ list, latencies, nothing }: Listed<Run>): Figures<Run> {
  const shown = new Set(latencies.flatMap(shownOf).map(({ name }) => name))
  const single = list.filter(({ name }) => !shown.has(name))
  const named = single.flatMap((one) => [one.name, ...alsoOf(one)].map((name) => [name, one] as const))
  const byName = new Map(named)
  return {
    all: list,
    known: [
      ...single.map(({ name }) => name),
      ...single.flatMap(alsoOf),
      ...latencies.flatMap((latency) => THRESHOLD_AGGREGATES.map((aggregate) => nameIn(latency, aggregate))),
    ],
    named: (name) =>
      byName.get(name) ??
      latencyNamed(name, latencies) ??
      latencyNamed(name.replace(/_(?=(?:p\([\d.]+\)|avg|min|max|med)$)/, '.'), latencies),
    nothing,
  }
}

/** The figures of a latency that tables show. */
export function shownOf<Run>(latency: Latency<Run>): Figure<Run>[] {
  return latency.shown.map((aggregate) => aggregateOf(latency, aggregate))
}

function nameIn({ prefix }: Pick<Latency<never>, 'prefix'>, aggregate: string): string {
  return prefix === '' ? aggregate : `${prefix}.${aggregate}`
}

function alsoOf({ also }: Pick<Figure<never>, 'also'>): string[] {
  return also === undefined ? [] : [also]
}

/** `p(99)`, `service_time.avg`, `connect.max`. */
function latencyNamed<Run>(
  name: string,
  latencies: readonly Latency<Run>[],
): Figure<Run> | string | undefined {
  const parts = /^(?:([a-z][a-z0-9_]*)\.)?(?:(avg|min|max|med)|p\((\d+(?:\.\d+)?)\))$/.exec(name)
  const latency = parts === null ? undefined : latencies.find(({ prefix }) => prefix === (parts[1] ?? ''))
  if (parts === null || latency === undefined) return undefined
  const [, , aggregate, digits = ''] = parts
  if (aggregate !== undefined) return aggregateOf(latency, aggregate as Aggregate)
  const percent = Number(digits)
  if (percent > 100) return `a percentile is between 0 and 100, not ${percent}.`
  const kept = `p(${percent})`
  if (isAggregate(kept)) return aggregateOf(latency, kept)
  const { histogram } = latency
  if (histogram === undefined) return onlyKept(latency, latencies)
  return {
    ...latencyFigure(latency, { name: kept, title: `p${percent}`, field: `p${percent}`.replace('.', '_') }),
    read: (run) => quantileMs(histogram(run) ?? EMPTY_HISTOGRAM, percent / 100),
  }
}

function isAggregate(name: string): name is Aggregate {
  return Object.hasOwn(AGGREGATES, name)
}

function onlyKept<Run>({ prefix }: Latency<Run>, latencies: readonly Latency<Run>[]): string {
  const kept = EVERY_AGGREGATE.filter((name) => name.startsWith('p('))
  const exact = latencies.filter(({ histogram }) => histogram !== undefined).map((one) => nameIn(one, 'p(N)'))
  return `${prefix} keeps only ${kept.join(', ')}, avg, min, max and med; any other percentile only ${exact.join(' and ')} have.`
}
