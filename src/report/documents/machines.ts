import type { MergedFrom, Result, ServerRow, SplitResult } from '../../engine/result.ts'
import { type Block, type Cell, facts, factsFrom, left, PAGES, right, table } from '../block.ts'
import { count, counted, decimal, perSecond, shortMilliseconds, size } from '../format.ts'

const COLUMNS = [
  left('server'),
  ...[
    'accepted',
    'deferred',
    'rejected',
    'failed',
    'data',
    'p50 ms',
    'p99 ms',
    'max ms',
    'peak connections',
  ].map((title) => right(title)),
  left('ended', { long: true }),
]

/** Each server's part of the load and how it bore it. */
export function serversBlock({ per_server }: Result): Block {
  const total = per_server.reduce((sum, row) => sum + endedOn(row), 0)
  const rows = per_server.map((row): Cell[] => {
    const { p50, p99, max } = row.response_time_ms
    return [
      nameCell(row),
      { text: count(row.accepted), share: total === 0 ? null : endedOn(row) / total },
      ...[row.deferred, row.rejected, row.failed].map(count),
      size(row.bytes),
      ...[p50, p99, max].map((ms) => decimal(ms, 2)),
      count(row.peak_connections),
      { text: row.ended ?? '', tone: 'bad' },
    ]
  })
  return {
    title: 'Servers',
    note: balanceSentence(per_server),
    in: PAGES,
    folded: true,
    linked: true,
    parts: table(COLUMNS, rows),
  }
}

/** How evenly the load was spread, in a sentence; undefined with fewer than two servers. */
function balanceSentence(servers: readonly ServerRow[]): string | undefined {
  if (servers.length < 2) return undefined
  const loads = servers.map(endedOn)
  const most = loads.reduce((a, b) => Math.max(a, b))
  const least = loads.reduce((a, b) => Math.min(a, b))
  if (most === 0) return undefined
  if (most === least) return `Balanced: each of the ${servers.length} servers got ${count(most)} messages.`
  const excess = least === 0 ? '' : ` (${decimal((most / least - 1) * 100, 1)} % more)`
  return `The busiest server got ${count(most)} messages${excess}, the least busy one ${count(least)}.`
}

function endedOn({ accepted, deferred, rejected, failed }: ServerRow): number {
  return accepted + deferred + rejected + failed
}

/** A server that was given by its address has that as its name. */
function nameCell({ name, host, port }: ServerRow): Cell {
  const address = `${host}:${port}`
  return name === address ? name : { text: name, more: address }
}

const RESOURCES = ['CPU % min', 'CPU % avg', 'CPU % max', 'memory min', 'memory avg', 'memory max']

/** What each service used of CPU and memory. */
export function resourcesBlock({ resource_usage }: Pick<Result, 'resource_usage'>): Block {
  const rows = Object.entries(resource_usage).map(([name, { cpu_percent: cpu, memory_bytes: memory }]) => [
    name,
    ...[cpu.min, cpu.avg, cpu.max].map((value) => decimal(value, 1)),
    ...[memory.min, memory.avg, memory.max].map(size),
  ])
  const columns = [left('service'), ...RESOURCES.map((title) => right(title))]
  return { title: 'Resources', in: PAGES, folded: true, parts: table(columns, rows) }
}

/** Which generators offered the load, and how far apart they started; nothing where there was only one. */
export function generatorsBlock({ split, merged }: Pick<Result, 'split' | 'merged'>): Block {
  const title = 'Generators'
  if (merged !== undefined) return { title, note: mergedNote(merged), parts: partsTable(merged) }
  if (split === undefined) return { title, parts: [] }
  const note = "These figures cover this generator's part of the load; mailstorm merge combines all parts."
  return { title, note, parts: [splitFacts(split)] }
}

function splitFacts({ index, generators, start_late_ms: late, ...split }: SplitResult) {
  const behind = late === null ? '' : ` (${shortMilliseconds(late)} after the agreed start)`
  return facts(
    factsFrom([
      // By its index: logs, run ids, warnings and STRESS_GENERATOR_INDEX count from 0 too.
      ['Generator', `${index} (of 0 to ${generators - 1})`],
      ['Shared run id', split.shared_run_id],
      ['Agreed start', split.agreed_start ?? 'none'],
      ['Started', `${split.started_at}${behind}`],
    ]),
  )
}

function mergedNote({ generators, parts, start_skew_ms }: MergedFrom): string {
  const missing = missingOf({ generators, parts })
  const here = missing === undefined ? '' : ` The results of ${missing} are missing.`
  return `${counted(generators, 'generator')} offered this load together. They started within ${shortMilliseconds(start_skew_ms)} of each other, by their own clocks.${here}`
}

const MOST_NAMED = 10

/** Who of them left no result, by index; undefined when all did. */
function missingOf({ generators, parts }: Pick<MergedFrom, 'generators' | 'parts'>): string | undefined {
  const present = new Set(parts.map(({ index }) => index))
  const named: number[] = []
  // No list of all: the number stands in a file that anybody may have written.
  for (let index = 0; index < generators && named.length < MOST_NAMED; index += 1) {
    if (!present.has(index)) named.push(index)
  }
  const more = generators - present.size - named.length
  if (named.length === 0) return undefined
  return `generator${named.length === 1 ? '' : 's'} ${named.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}`
}

function partsTable({ parts }: MergedFrom) {
  const total = parts.reduce((sum, part) => sum + part.total_messages, 0)
  const titles = ['after the first', 'after the agreed start', 'messages', 'throughput']
  const rows = parts.map((part): Cell[] => [
    String(part.index),
    part.run_id,
    part.started_at,
    shortMilliseconds(part.after_first_ms),
    shortMilliseconds(part.start_late_ms),
    { text: count(part.total_messages), share: total === 0 ? null : part.total_messages / total },
    perSecond(part.messages_per_second),
  ])
  return table(
    [left('generator'), left('run'), left('started'), ...titles.map((title) => right(title))],
    rows,
  )
}
