import type { FailureRow, GeneratorResult, Result, ThresholdResult } from '../load/result.ts'
import { oneLine } from './escape.ts'
import { count, counted, decimal, shortMilliseconds } from './format.ts'
import type { Paint } from './paint.ts'
import { left, right, textTable } from './table.ts'
import { thresholdFigures } from './verdict.ts'

/** Kinds of failure shown in the terminal; all of them are in the JSON. */
const MOST_FAILURES = 10
const MOST_TEXT = 60

/** The most frequent kinds of failure; empty when there was none. */
export function failureTable({ failures }: Result): string[] {
  if (failures.length === 0) return []
  const rows = byCount(failures)
  const lines = textTable(
    [
      right('count'),
      left('outcome'),
      left('class'),
      left('phase'),
      left('code'),
      left('server'),
      left('when'),
      left('text'),
    ],
    rows
      .slice(0, MOST_FAILURES)
      .map((row) => [
        count(row.count),
        row.outcome,
        row.class,
        oneLine(row.phase),
        replyCode(row),
        oneLine(row.target, 40),
        failureTime(row),
        oneLine(row.text, MOST_TEXT),
      ]),
  )
  const hidden = rows.length - MOST_FAILURES
  return hidden > 0 ? [...lines, `… and ${counted(hidden, 'further kind')}, see the JSON`] : lines
}

export function byCount(failures: readonly FailureRow[]): FailureRow[] {
  return failures.toSorted((a, b) => b.count - a.count || a.first_at_seconds - b.first_at_seconds)
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

export function thresholdTable(thresholds: readonly ThresholdResult[], paint: Paint): string[] {
  if (thresholds.length === 0) return []
  const [title = '', ...lines] = textTable(
    [left('verdict'), left('threshold'), right('value'), right('limit'), left('')],
    thresholds.map((threshold) => {
      const { value, limit } = thresholdFigures(threshold)
      const { verdict, expression, reason } = threshold
      return [VERDICT_WORDS[verdict][0], oneLine(expression), value, limit, oneLine(reason ?? '')]
    }),
  )
  return [
    title,
    ...thresholds.map(({ verdict }, index) => {
      const [word, style] = VERDICT_WORDS[verdict]
      return (lines[index] ?? '').replace(word, () => paint(style, word))
    }),
  ]
}

export function generatorLines(generator: GeneratorResult, paint: Paint): string[] {
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
  return [line, `                   ${paint('yellow', `${warning} (${why})`)}`]
}
