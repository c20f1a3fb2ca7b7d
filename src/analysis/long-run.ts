import type { LatencySummary } from '../engine/histogram.ts'
import type { ResourceSample } from '../engine/result.ts'
import { isFields } from './fields.ts'
import { addUp, mergeLatencies } from './merge/latency.ts'

/**
 * What keeps the file of a run of days readable. JSON is read as one string, of which V8 takes 512 MB: a
 * week of five servers, second by second, is more, and could not even be written. Up to a day each second
 * has its row; beyond, a row stands for several, and says for how many: `"seconds": 7`.
 */

/** A day. */
const MOST_ROWS = 86_400
/** Of all services together: more than a day of four. */
const MOST_SAMPLES = 400_000

/** Of the end of their seconds; all other numbers are counts of them. */
const GAUGES = new Set([
  ...['in_flight', 'queued', 'pending'],
  ...['proxy_memory_bytes', 'test_process_memory_bytes'],
])

type Row = Readonly<Record<string, unknown>>

/** The same result with at most so many rows; short ones as they are. */
export function condensedRun<R extends object>(result: R): R {
  const { timeline, resource_usage: usage } = result as { timeline?: unknown; resource_usage?: unknown }
  return {
    ...result,
    ...(Array.isArray(timeline) && timeline.length > MOST_ROWS ? { timeline: condensedRows(timeline) } : {}),
    ...(isFields(usage) ? { resource_usage: condensedUsage(usage) } : {}),
  }
}

function condensedRows(rows: readonly Row[]): Row[] {
  const perRow = Math.ceil(rows.length / MOST_ROWS)
  return groupsOf(rows, perRow).map((group) => ({ ...together(group), seconds: group.length }))
}

function groupsOf<T>(rows: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, index) =>
    rows.slice(index * size, (index + 1) * size),
  )
}

/** Counts add up, gauges are those of the end, and of latencies the worst second's percentiles stand. */
function together(rows: readonly Row[]): Row {
  const names = Object.keys(rows[0] ?? {})
  return Object.fromEntries(
    names.map((name) => [
      name,
      togetherOf(
        name,
        rows.map((row) => row[name]),
      ),
    ]),
  )
}

function togetherOf(name: string, values: readonly unknown[]): unknown {
  if (name === 'second') return values[0]
  const known = values.filter((value) => value !== null && value !== undefined)
  if (GAUGES.has(name)) return known.at(-1) ?? null
  if (known.every((value) => typeof value === 'number'))
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
  if (known.every(isLatency)) return mergeLatencies(known)
  return addUp(known.filter(isCounts))
}

function isCounts(value: unknown): value is Readonly<Record<string, number>> {
  return isFields(value) && Object.values(value).every((count) => typeof count === 'number')
}

function isLatency(value: unknown): value is LatencySummary {
  return isFields(value) && 'p99_9' in value && typeof value.count === 'number'
}

function condensedUsage(usage: Row): Row {
  const total = Object.values(usage).reduce<number>((sum, one) => sum + samplesOf(one).length, 0)
  const perSample = Math.ceil(total / MOST_SAMPLES)
  if (perSample <= 1) return usage
  return Object.fromEntries(
    Object.entries(usage).map(([name, one]) => {
      const samples = groupsOf(samplesOf(one), perSample).map(oneSample)
      return [name, isFields(one) ? { ...one, samples } : one]
    }),
  )
}

function samplesOf(usage: unknown): readonly ResourceSample[] {
  return isFields(usage) && Array.isArray(usage.samples) ? usage.samples : []
}

/** CPU is the mean of its seconds, memory the most. */
function oneSample(samples: readonly ResourceSample[]): Row {
  const [first] = samples
  const sum = (of: (sample: ResourceSample) => number) =>
    samples.reduce((total, sample) => total + of(sample), 0)
  const network =
    first?.received_bytes === undefined
      ? {}
      : {
          received_bytes: sum((sample) => sample.received_bytes ?? 0),
          sent_bytes: sum((sample) => sample.sent_bytes ?? 0),
        }
  return {
    second: samples.at(-1)?.second,
    cpu_percent: sum((sample) => sample.cpu_percent) / samples.length,
    memory_bytes: samples.reduce((most, sample) => Math.max(most, sample.memory_bytes), 0),
    ...network,
  }
}

/**
 * A result as its readers know it, with a row to each second: a row of several becomes as many, each with
 * its part of the counts. Everything that is no such row stays as it was.
 */
export function secondBySecond(json: unknown): unknown {
  if (!isFields(json) || !Array.isArray(json.timeline)) return json
  if (!json.timeline.some((row) => isFields(row) && row.seconds !== undefined)) return json
  return { ...json, timeline: json.timeline.flatMap(secondsOf) }
}

/** A file that was edited by hand does not get to fill the memory. */
const MOST_SECONDS_OF_A_ROW = 3_600

function secondsOf(row: unknown): unknown[] {
  if (!isFields(row)) return [row]
  const { seconds, second, ...rest } = row
  const isCount = typeof seconds === 'number' && Number.isInteger(seconds)
  if (!isCount || seconds < 1 || seconds > MOST_SECONDS_OF_A_ROW || typeof second !== 'number') return [row]
  const part = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, GAUGES.has(name) ? value : partOf(value, seconds)]),
  )
  return Array.from({ length: seconds }, (_, index) => ({ second: second + index, ...part }))
}

function partOf(value: unknown, seconds: number): unknown {
  if (typeof value === 'number') return value / seconds
  if (isLatency(value)) return { ...value, count: value.count / seconds }
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, partOf(one, seconds)]))
}
