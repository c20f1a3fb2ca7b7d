import type { MergedFrom, Result, SplitResult } from '../../engine/result.ts'
import { count, counted, perSecond, shortMilliseconds } from '../format.ts'
import { left, right } from '../table.ts'
import { factList } from './environment.ts'
import { type Html, html } from './markup.ts'
import { barCell, section, table } from './table.ts'

const OWN_PART =
  'This is the result of one generator alone: mailstorm merge puts the results of all of them together.'

/** Which generators offered the load, and how far apart they started; nothing where there was only one. */
export function generatorsSection({ split, merged }: Pick<Result, 'split' | 'merged'>): Html {
  if (merged !== undefined) return section('Generators', partsTable(merged), mergedNote(merged))
  return split === undefined ? html`` : section('Generators', splitFacts(split), OWN_PART)
}

function splitFacts({ index, generators, ...split }: SplitResult): Html {
  return factList([
    ['Generator', `${index + 1} of ${generators}`],
    ['Run of all', split.shared_run_id],
    ['Agreed start', split.agreed_start ?? 'none was agreed'],
    ['Started', `${split.started_at}${lateText(split)}`],
  ])
}

function lateText({ start_late_ms: late }: Pick<SplitResult, 'start_late_ms'>): string {
  return late === null ? '' : ` (${shortMilliseconds(late)} after the agreed start)`
}

function mergedNote({ generators, parts, start_skew_ms }: MergedFrom): string {
  const missing = generators - parts.length
  const here = missing === 0 ? '' : ` The results of ${counted(missing, 'generator')} are missing here.`
  return `${counted(generators, 'generator')} offered this load together. Their starts lie ${shortMilliseconds(start_skew_ms)} apart by their own clocks.${here}`
}

function partsTable({ parts }: MergedFrom): Html {
  const total = parts.reduce((sum, part) => sum + part.total_messages, 0)
  const figures = ['After the first', 'After the agreed start', 'Messages', 'Throughput'].map(right)
  return table({
    caption: 'Generators',
    columns: [left('Generator'), left('Run'), left('Started'), ...figures],
    rows: parts.map((part) => [
      count(part.index + 1),
      part.run_id,
      part.started_at,
      shortMilliseconds(part.after_first_ms),
      shortMilliseconds(part.start_late_ms),
      barCell(count(part.total_messages), total === 0 ? null : part.total_messages / total),
      perSecond(part.messages_per_second),
    ]),
  })
}
