import type { MergedFrom, Result, SplitResult } from '../../engine/result.ts'
import { type Block, type Cell, facts, factsFrom, left, right, table } from '../block.ts'
import { count, counted, perSecond, shortMilliseconds } from '../format.ts'

/** Which generators offered the load, and how far apart they started; nothing where there was only one. */
export function generatorsBlock({ split, merged }: Pick<Result, 'split' | 'merged'>): Block {
  const title = 'Generators'
  if (merged !== undefined) return { title, note: mergedNote(merged), parts: partsTable(merged) }
  if (split === undefined) return { title, parts: [] }
  const note = 'These are the figures of its part alone: mailstorm merge puts the parts together.'
  return { title, note, parts: [splitFacts(split)] }
}

function splitFacts({ index, generators, start_late_ms: late, ...split }: SplitResult) {
  const behind = late === null ? '' : ` (${shortMilliseconds(late)} after the agreed start)`
  return facts(
    factsFrom([
      ['Generator', `${index + 1} of ${generators}`],
      ['Run of all', split.shared_run_id],
      ['Agreed start', split.agreed_start ?? 'none was agreed'],
      ['Started', `${split.started_at}${behind}`],
    ]),
  )
}

function mergedNote({ generators, parts, start_skew_ms }: MergedFrom): string {
  const missing = generators - parts.length
  const here = missing === 0 ? '' : ` The results of ${counted(missing, 'generator')} are missing here.`
  return `${counted(generators, 'generator')} offered this load together. Their starts lie ${shortMilliseconds(start_skew_ms)} apart by their own clocks.${here}`
}

function partsTable({ parts }: MergedFrom) {
  const total = parts.reduce((sum, part) => sum + part.total_messages, 0)
  const titles = ['after the first', 'after the agreed start', 'messages', 'throughput']
  const rows = parts.map((part): Cell[] => [
    count(part.index + 1),
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
