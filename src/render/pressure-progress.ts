import type { PressureProgress } from '../pressure/progress.ts'
import { oneLine } from './escape.ts'
import { count, counted, perSecond, shortMilliseconds, span } from './format.ts'
import { type Paint, plain, type Style } from './paint.ts'
import { runName } from './verdict.ts'
import { columnsOf, cutToColumns } from './width.ts'

interface PressurePart {
  readonly text: string
  readonly style?: Style
  /** The parts with the highest number are the first to go when the line is too narrow. */
  readonly rank: number
}

/** The live line of a pressure run, at most `columns` wide: what does not fit is left out. */
export function renderPressureProgress(
  progress: PressureProgress,
  columns: number,
  paint: Paint = plain,
): string {
  let parts = pressurePartsOf(progress)
  const width = () => parts.reduce((sum, { text }) => sum + columnsOf(text) + 2, -2)
  while (width() > columns && parts.length > 1) {
    const last = Math.max(...parts.map(({ rank }) => rank))
    parts = parts.filter(({ rank }) => rank !== last)
  }
  if (width() > columns) return cutToColumns(parts[0]?.text ?? '', columns)
  return parts.map(({ text, style }) => (style === undefined ? text : paint(style, text))).join('  ')
}

function pressurePartsOf(progress: PressureProgress): PressurePart[] {
  const { handed_over, delivered, reported, pending, rate, p95_ms, errors } = progress
  const parts: PressurePart[] = [
    { text: oneLine(runName(progress), 40), rank: 0 },
    { text: phaseOf(progress), style: 'cyan', rank: 5 },
    { text: `${count(delivered)} of ${count(handed_over)} delivered`, rank: 1 },
    { text: perSecond(rate), rank: 3 },
    { text: `${count(reported)} reported`, rank: 6 },
    { text: pending === null ? '' : `${count(pending)} pending`, rank: 4 },
    { text: p95_ms === null ? '' : `p95 ${shortMilliseconds(p95_ms)}`, rank: 7 },
    {
      text: errors === 0 ? 'no errors' : counted(errors, 'error'),
      style: errors === 0 ? 'green' : 'red',
      rank: 2,
    },
  ]
  return parts.filter(({ text }) => text !== '')
}

function phaseOf({ phase, left_seconds, elapsed_seconds }: PressureProgress): string {
  return phase === 'draining' || left_seconds === null
    ? `draining, ${span(elapsed_seconds)}`
    : `${span(left_seconds)} left`
}

/** The same as one plain line for a log: CI, a pipe, a file. */
export function renderPressureProgressLine(progress: PressureProgress): string {
  const [name = { text: '' }, ...others] = pressurePartsOf(progress)
  return `${name.text}: ${others.map(({ text }) => text).join(', ')}`
}
