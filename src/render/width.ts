import { stripVTControlCharacters } from 'node:util'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** Columns that a text takes in a terminal: wide characters take two, combining ones and colours none. */
export function columnsOf(text: string): number {
  return stringWidth(text)
}

export function padded(text: string, width: number, align: 'left' | 'right'): string {
  const room = ' '.repeat(Math.max(0, width - columnsOf(text)))
  return align === 'left' ? text + room : room + text
}

const segments = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Cuts a line without colours to a width, with an ellipsis, never inside of a character. */
export function cutToColumns(line: string, width: number | undefined): string {
  if (width === undefined || columnsOf(line) <= width) return line
  let kept = ''
  for (const { segment } of segments.segment(stripVTControlCharacters(line))) {
    if (columnsOf(kept + segment) > width - 1) break
    kept += segment
  }
  return width < 1 ? '' : `${kept.trimEnd()}…`
}

/** Deepest that what is wrapped may hang. */
const DEEPEST = 24

/**
 * A line, with colours or without, as lines of a width: broken between words, and a word where it is longer
 * than a line. What follows the first hangs below its text, behind its label where there is one.
 */
export function wrapLine(line: string, width: number | undefined): string[] {
  if (width === undefined || columnsOf(line) <= width) return [line]
  const [indent = ''] = /^ */.exec(line) ?? []
  const label = labelOf(line)
  const head = label ?? indent
  const hanging = label === undefined ? Math.min(indent.length + 2, DEEPEST) : columnsOf(label)
  const room = Math.max(1, width - hanging)
  const [first = '', ...others] = wrapAnsi(line.slice(head.length), room, { hard: true }).split('\n')
  return [head + first, ...others.map((text) => ' '.repeat(hanging) + text)]
}

/** The same for a text of several lines. */
export function wrapText(text: string, width: number | undefined): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, width))
    .join('\n')
}

/** `  Label:     `, `  12.0 s  `, `  – `: all before the text, where it has no colours. */
function labelOf(line: string): string | undefined {
  const [, label] = /^( *(?:\S.{0,20}?(?:: {2,}| {2,})|[✓✗■–!?-] +))\S/u.exec(line) ?? []
  return label === undefined || label.length > DEEPEST || label.includes('\u001b') ? undefined : label
}
