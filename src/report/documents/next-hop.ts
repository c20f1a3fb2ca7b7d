import type { Result } from '../../engine/result.ts'
import { type Block, type Fact, left, PAGES, right, table } from '../block.ts'
import { decimal, MISSING, seconds } from '../format.ts'
import type { Marker } from '../html/charts/chart.ts'

const COLUMNS = [
  left('part'),
  right('from s', { in: PAGES }),
  left('next hop', { long: true }),
  right('since s'),
  right('drained s'),
]

/** What the next hop did in each part of a relay scenario; empty for all other runs. */
export function nextHopBlock({ next_hop: rows = [] }: Pick<Result, 'next_hop'>): Block {
  const cells = rows.map((row) => [
    row.part,
    decimal(row.from_seconds, 0),
    row.next_hop,
    row.since_seconds === null ? MISSING : decimal(row.since_seconds, 2),
    row.drain_seconds === null ? '' : decimal(row.drain_seconds, 2),
  ])
  return {
    title: 'Next hop',
    note: 'Drained: from when it took mail again to the last arrival of what the parts before had left in the queue.',
    parts: rows.length < 2 ? [] : table(COLUMNS, cells),
  }
}

/** What it did in the one part that a result is of. */
export function nextHopFacts({ next_hop: rows = [] }: Pick<Result, 'next_hop'>): Fact[] {
  const [own, ...others] = rows
  if (own === undefined || others.length > 0) return []
  const { next_hop: does, from_seconds: from, seconds: length } = own
  const start = from === 0 ? '' : ` from ${seconds(from)} on`
  return [{ label: 'Next hop', value: `${does}, for ${seconds(length)}${start}` }]
}

/** Where each part began, on charts of all of them. */
export function nextHopMarkers({ next_hop: rows = [] }: Pick<Result, 'next_hop'>): Marker[] {
  if (rows.length < 2) return []
  return rows.map(({ part, next_hop: does, from_seconds: at }) => ({
    at,
    what: `${part}: the next hop ${does}`,
  }))
}
