import { constants, type FileHandle, open } from 'node:fs/promises'
import type { LatencySummary } from '../engine/histogram.ts'
import type { ResourceSample } from '../engine/result.ts'
import { isFields } from './fields.ts'
import { addUp, mergeLatencies } from './merge/latency.ts'

/**
 * Members of a result that grow with the length of a run. They are written last (store.ts), so that a list of a
 * thousand runs reads a few kilobytes of each instead of hours of timeline.
 */
const BULKY = ['tenants', 'accounts', 'events', 'resource_usage', 'timeline', 'histograms'] as const

/** One line per second and sample: indented, they would take four times the space and be no easier to read. */
const ROWS = new Set<string>(['resource_usage', 'timeline', 'histograms'])

/** The JSON of a result file. */
export function resultJson(result: object): string {
  const members = Object.entries(condensedRun(result)).filter(([, value]) => value !== undefined)
  const isBulky = ([name]: [string, unknown]) => BULKY.some((bulky) => bulky === name)
  const ordered = [...members.filter((member) => !isBulky(member)), ...members.filter(isBulky)]
  const lines = ordered.map(([name, value]) => {
    const text = ROWS.has(name) ? rowByRow(value, '  ') : indented(value)
    return `  ${JSON.stringify(name)}: ${text}`
  })
  return `{\n${lines.join(',\n')}\n}\n`
}

function indented(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')
}

function rowByRow(value: unknown, indent: string): string {
  const inner = `${indent}  `
  if (Array.isArray(value) && value.some((row) => typeof row === 'object'))
    return `[\n${value.map((row) => inner + JSON.stringify(row)).join(',\n')}\n${indent}]`
  if (!isFields(value) || Object.keys(value).length === 0) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, one]) => one !== undefined)
  const lines = members.map(([name, one]) => `${inner}${JSON.stringify(name)}: ${rowByRow(one, inner)}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

const FIRST_BYTES = 32 * 1024
const MOST_BYTES = 512 * 1024 * 1024

/**
 * The JSON of a file; of a large one only what comes before its first bulky member. A shortcut, not a parser:
 * it relies on the way we write files, and falls back to reading everything when in doubt. Rejects with
 * SyntaxError when it is not JSON, and with the file system's error.
 */
export async function readHead(path: string): Promise<unknown> {
  // Opening a pipe without a writer would block every list and every run that reads the folder.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stats = await file.stat()
    if (!stats.isFile() && !stats.isDirectory())
      throw new SyntaxError('it is not a file, but a pipe, a socket or a device')
    const { size } = stats
    if (size > FIRST_BYTES) {
      const head =
        headOf(await readStart(file, FIRST_BYTES)) ?? headOf(await readStart(file, 8 * FIRST_BYTES))
      if (head !== undefined) return head
    }
    if (size > MOST_BYTES) throw new SyntaxError(`it has ${size.toLocaleString('en-US')} bytes`)
    return JSON.parse(await readStart(file, size))
  } finally {
    await file.close()
  }
}

async function readStart(file: FileHandle, bytes: number): Promise<string> {
  const buffer = Buffer.allocUnsafe(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.toString('utf8', 0, filled)
}

/**
 * As with `JSON.stringify(…, null, 2)`, exactly two spaces precede the members of the outermost object and no
 * others.
 */
const FIRST_BULKY = new RegExp(`,\\n  "(?:${BULKY.join('|')})": `)

/** Undefined when the text has no bulky member, or members that lists need may come after it. */
function headOf(text: string): unknown {
  const at = text.search(FIRST_BULKY)
  if (at === -1) return undefined
  const start = `${text.slice(0, at)}\n}`
  // A file of an earlier version, with another order.
  if (!start.includes('\n  "backend": ') || !start.includes('\n  "metrics": ')) return undefined
  try {
    return JSON.parse(start)
  } catch {
    return undefined
  }
}

/**
 * Keeps the file of a run of days readable. JSON is parsed from one string, which V8 limits to 512 MB; a week
 * of five servers second by second exceeds that and could not even be written. Up to a day every second has a
 * row; beyond that a row covers several, and says how many: `"seconds": 7`. One day:
 */
const MOST_ROWS = 86_400
/** Over all services together: more than a day of four. */
const MOST_SAMPLES = 400_000

/** Values at the end of a row's seconds; all other numbers are counts. */
const GAUGES = new Set([
  ...['in_flight', 'queued', 'pending'],
  ...['proxy_memory_bytes', 'test_process_memory_bytes'],
])

type Row = Readonly<Record<string, unknown>>

/** Reduces a result to the maximum number of rows; shorter ones are unchanged. */
function condensedRun<R extends object>(result: R): R {
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

/** Counts add up, gauges take the last value, latencies the percentiles of the worst second. */
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

/** Mean of CPU, maximum of memory. */
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
 * The result with one row per second, as its readers expect: a row of several seconds is split, and its counts
 * divided. Everything else is unchanged.
 */
export function secondBySecond(json: unknown): unknown {
  if (!isFields(json) || !Array.isArray(json.timeline)) return json
  if (!json.timeline.some((row) => isFields(row) && row.seconds !== undefined)) return json
  return { ...json, timeline: json.timeline.flatMap(secondsOf) }
}

/** A file edited by hand must not fill the memory. */
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
