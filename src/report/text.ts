import type { FailureRow, GeneratorResult, Result, ThresholdResult } from '../engine/result.ts'
import { FOREIGN_TEXT_LENGTH } from '../foreign-text.ts'
import { oneLine } from './escape.ts'
import { customMetricsText, extrasText } from './extras.ts'
import { headerFields, latencyTable, ledgerSentence, messageFields, performanceFields } from './facts.ts'
import { count, counted, decimal, shortMilliseconds } from './format.ts'
import { detailedTable, left, right } from './table.ts'
import {
  fieldLines,
  INDENT,
  indent,
  type Page,
  type Paint,
  PIPE,
  page,
  section,
  titleBlock,
} from './terminal.ts'
import { runName, thresholdFigures, VERDICT_STYLE, verdictReason } from './verdict.ts'

/** One run as a person reads it in a terminal; in the order of the older analyze-results.sh, with more in it. */
export function renderText(result: Result, { paint, width }: Page = PIPE): string {
  const inner = width === undefined ? undefined : width - INDENT
  const { refused_recipients: refused = [], session_failures: endedBadly = [] } = result
  const title = oneLine(`${result.stamp}  ${runName(result)}`)
  const blocks = [
    titleBlock(title, { paint, width }),
    fieldLines(headerFields(result)),
    section('Messages:', fieldLines(messageFields(result), '  '), paint),
    section('Performance:', fieldLines(performanceFields(result), '  '), paint),
    section('Response Times:', indent(latencyTable(result.metrics)), paint),
    [...fieldLines([['Ledger:', ledgerSentence(result.ledger)]]), ...generatorLines(result.generator, paint)],
    ...extrasText(result, inner).map(({ title, lines }) => section(title, indent(lines), paint)),
    section('Failures:', indent(failureTable(result, inner)), paint),
    section('Refused Recipients:', indent(failureTable({ failures: refused }, inner)), paint),
    section('Sessions That Ended Badly:', indent(failureTable({ failures: endedBadly }, inner)), paint),
    section('Custom Metrics:', indent(customMetricsText(result, inner)), paint),
    section('Observations:', indent(result.observations.map((sentence) => oneLine(sentence, 1000))), paint),
    section('Thresholds:', indent(thresholdTable(result.thresholds, { paint, width: inner })), paint),
    [statusLine(result, paint)],
  ]
  return page(blocks, width)
}

/** `[PASSED] Status: PASSED - no errors`: the closing line of the older analyze-results.sh, with the verdict in the brackets. */
function statusLine(result: Result, paint: Paint): string {
  const style = VERDICT_STYLE[result.verdict]
  return `${paint(style, `[${result.verdict}]`)} ${oneLine(runName(result))}: ${oneLine(verdictReason(result), 1000)}`
}

/** Kinds of failure shown in the terminal; all of them are in the JSON. */
const MOST_FAILURES = 10

const FAILURE_COLUMNS = [
  right('count'),
  left('outcome'),
  left('class'),
  left('phase'),
  left('code'),
  left('server'),
  left('when'),
]

/** The most frequent kinds of failure; empty when there was none. */
function failureTable({ failures }: Pick<Result, 'failures'>, width?: number): string[] {
  if (failures.length === 0) return []
  const { shown, hidden } = mostFrequent(failures, MOST_FAILURES)
  const rows = shown.map((row) => ({
    cells: [
      failureCount(row),
      row.outcome,
      row.class,
      oneLine(row.phase, 20),
      replyCode(row),
      oneLine(row.target, 40),
      failureTime(row),
    ],
    detail: failureText(row),
  }))
  const table = detailedTable(FAILURE_COLUMNS, rows, 'text', width)
  return [...table.titles, ...table.rows.flat(), ...(hidden === '' ? [] : [`… and ${hidden}, see the JSON`])]
}

/** The kinds that are shown, and how many failures of how many others are not: empty when none. */
export function mostFrequent(
  failures: readonly FailureRow[],
  most: number,
): { readonly shown: readonly FailureRow[]; readonly hidden: string } {
  const rows = failures.toSorted(
    (a, b) =>
      Number(a.others ?? false) - Number(b.others ?? false) ||
      b.count - a.count ||
      a.first_at_seconds - b.first_at_seconds,
  )
  const kinds = rows.filter(({ others }) => others === undefined)
  const shown = [...kinds.slice(0, most), ...rows.slice(kinds.length)]
  const left = kinds.slice(most)
  const messages = left.reduce((sum, { count: own }) => sum + own, 0)
  return {
    shown,
    hidden:
      left.length === 0 ? '' : `${counted(messages, 'failure')} of ${counted(left.length, 'further kind')}`,
  }
}

/** `199`; `≥ 199` where some of this kind may be counted among the others. */
export function failureCount({ count: own, more_at_most: more, others }: FailureRow): string {
  return more === undefined || others ? count(own) : `≥ ${count(own)}`
}

/** What was said; where the texts of a kind differ, what they have in common and the first of them. */
export function failureText({ text, pattern }: FailureRow): string {
  const first = oneLine(text, FOREIGN_TEXT_LENGTH)
  return pattern === undefined ? first : `${oneLine(pattern)} (the first: ${first})`
}

/** `451 4.3.2`; empty when the target gave no reply. */
export function replyCode({ code, enhanced }: FailureRow): string {
  return code === undefined ? '' : [code, oneLine(enhanced ?? '', 12)].join(' ').trim()
}

/** Seconds after the start: `3.2 s`, `3.2–4.1 s`. */
export function failureTime(row: FailureRow): string {
  const first = decimal(row.first_at_seconds, 1)
  const last = decimal(row.last_at_seconds, 1)
  return first === last ? `${first} s` : `${first}–${last} s`
}

const VERDICT_WORDS = {
  pass: ['pass', 'green'],
  fail: ['FAIL', 'red'],
  'no-data': ['NO DATA', 'red'],
  skipped: ['skipped', 'yellow'],
} as const

export function thresholdTable(thresholds: readonly ThresholdResult[], { paint, width }: Page): string[] {
  if (thresholds.length === 0) return []
  const rows = thresholds.map((threshold) => {
    const { value, limit } = thresholdFigures(threshold)
    const { verdict, expression, reason } = threshold
    return {
      cells: [VERDICT_WORDS[verdict][0], oneLine(expression), value, limit],
      detail: oneLine(reason ?? '', FOREIGN_TEXT_LENGTH),
    }
  })
  const columns = [left('verdict'), left('threshold'), right('value'), right('limit')]
  const table = detailedTable(columns, rows, '', width)
  return [
    ...table.titles,
    ...thresholds.flatMap(({ verdict }, index) => {
      const [word, style] = VERDICT_WORDS[verdict]
      const [line = '', ...details] = table.rows[index] ?? []
      return [line.replace(word, () => paint(style, word)), ...details]
    }),
  ]
}

function generatorLines(generator: GeneratorResult, paint: Paint): string[] {
  const lag = generator.scheduling_lag_ms
  const late =
    lag.count === 0
      ? ''
      : `, scheduling lag p99 ${shortMilliseconds(lag.p99)} max ${shortMilliseconds(lag.max)}`
  const loop = `event loop delay p99 ${shortMilliseconds(generator.event_loop_delay_ms.p99)}`
  const line = `Generator:         ${counted(generator.threads, 'thread')}, CPU ${decimal(generator.cpu_percent, 0)} % of one core${late}, ${loop}`
  if (!generator.bound) return [line]
  const why = oneLine(generator.bound_reasons.join('; ') || 'no reason given', 300)
  const warning = 'generator-bound: these figures may be the limits of this machine, not of the servers'
  return [line, `  ${paint('yellow', `${warning} (${why})`)}`]
}
