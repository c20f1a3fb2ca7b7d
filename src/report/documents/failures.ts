import type { FailureRow, Result } from '../../engine/result.ts'
import { FOREIGN_TEXT_LENGTH } from '../../text/foreign-text.ts'
import { type Block, type Cell, left, type Part, type RichCell, right, table } from '../block.ts'
import { oneLine } from '../escape.ts'
import { count, counted, decimal } from '../format.ts'

const COLUMNS = [
  right('count'),
  left('outcome'),
  left('kind', { most: 40 }),
  left('phase', { most: 20 }),
  left('server', { most: 40 }),
  left('when'),
  // A pattern and the first of its texts.
  left('text', { long: true, most: 2 * FOREIGN_TEXT_LENGTH }),
]

/** What was refused or failed, in the words of the servers: of messages, of recipients, at the end of sessions. */
export function failureBlocks(result: Result): Block[] {
  const { refused_recipients: refused = [], session_failures: endedBadly = [], metrics } = result
  const none: Part = { kind: 'calm', text: 'No message was deferred, rejected or failed.', in: ['html'] }
  const failures = failuresTable(result.failures, metrics.duration_seconds)
  return [
    { title: 'Failures', folded: true, linked: true, parts: failures.length === 0 ? [none] : failures },
    {
      title: 'Refused recipients',
      folded: true,
      note: 'Their messages were accepted for other recipients, and count as accepted.',
      noteIn: ['html'],
      parts: failuresTable(refused, metrics.duration_seconds),
    },
    {
      title: 'Sessions that ended badly',
      folded: true,
      note: 'RSET without a 250 reply, or QUIT without 221. The messages already had their outcomes.',
      noteIn: ['html'],
      parts: failuresTable(endedBadly, metrics.duration_seconds),
    },
  ]
}

/** The most frequent kinds first; what could not be told apart is always shown. */
export function failuresTable(failures: readonly FailureRow[], durationSeconds: number): Part[] {
  const sorted = failures.toSorted((a, b) => b.count - a.count || a.first_at_seconds - b.first_at_seconds)
  const kinds = sorted.filter(({ others }) => !others)
  const others = sorted.filter(({ others }) => others)
  const cells = (row: FailureRow) => cellsOf(row, durationSeconds)
  const rest = (hidden: number) => {
    const left = kinds.slice(-hidden)
    const messages = left.reduce((sum, { count: own }) => sum + own, 0)
    return `${counted(messages, 'failure')} of ${counted(left.length, 'further kind')}`
  }
  return table(COLUMNS, kinds.map(cells), { last: others.map(cells), rest })
}

function cellsOf(row: FailureRow, durationSeconds: number): Cell[] {
  return [
    failureCount(row),
    { text: row.outcome, tone: row.outcome === 'deferred' ? 'warn' : 'bad' },
    kindOf(row),
    row.phase,
    row.target,
    whenCell(row, durationSeconds),
    failureText(row),
  ]
}

/** `199`; `≥ 199` where some of this kind may be counted among the others. */
function failureCount({ count: own, more_at_most: more, others }: FailureRow): string {
  return more === undefined || others ? count(own) : `≥ ${count(own)}`
}

/** What was said; where the texts of a kind differ, what they have in common and the first of them. */
function failureText({ text, pattern }: FailureRow): string {
  const first = oneLine(text, FOREIGN_TEXT_LENGTH)
  return pattern === undefined ? first : `${oneLine(pattern)} (first: ${first})`
}

/** `451 4.3.2`, `connection_refused`. */
function kindOf({ class: kind, code, enhanced }: FailureRow): string {
  const reply = code === undefined ? '' : [code, oneLine(enhanced ?? '', 12)].join(' ').trim()
  if (reply === '') return kind
  return kind === 'reply' ? reply : `${kind} ${reply}`
}

/** Seconds after the start, `3.2 s`, `3.2–4.1 s`, and as a part of the run. */
function whenCell(row: FailureRow, durationSeconds: number): RichCell {
  const first = decimal(row.first_at_seconds, 1)
  const last = decimal(row.last_at_seconds, 1)
  const place = (second: number) => Math.min(1, Math.max(0, second / (durationSeconds || 1)))
  return {
    text: first === last ? `${first} s` : `${first}–${last} s`,
    span: [place(row.first_at_seconds), place(row.last_at_seconds)],
  }
}
