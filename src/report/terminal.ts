import { stripVTControlCharacters, styleText } from 'node:util'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import { oneLine } from './escape.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Colours a text, or leaves it as it is: what keeps the renderers pure. */
export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_style, text) => text

export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false })

/** How wide a line may be (undefined: as wide as it is), and how colours are put. */
export interface Page {
  readonly paint: Paint
  readonly width: number | undefined
}

export const PIPE: Page = { paint: plain, width: undefined }

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
}

/** Of a terminal that does not say how wide it is, as some of CI and of debuggers. */
const USUAL_COLUMNS = 80
/** Narrower than this no table can be read, nor one written: such a terminal wraps the lines itself. */
const LEAST_COLUMNS = 40

/** Colours and a width on a terminal; neither in a pipe, whose reader cuts lines itself. */
export function pageFor(stream: Stream, noColor: boolean): Page {
  const columns = stream.columns || USUAL_COLUMNS
  const width = stream.isTTY === true ? Math.max(LEAST_COLUMNS, columns) : undefined
  return { paint: paintFor(stream, noColor), width }
}

/** Colours for a terminal alone, and not where they are refused (NO_COLOR). */
export function paintFor(stream: Stream, noColor: boolean): Paint {
  return stream.isTTY === true && !noColor ? coloured : plain
}

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

/** The shape of a page in a terminal: a title between rules, blocks with an empty line between them. */

const RULE_WIDTH = 76
const LABEL_WIDTH = 22

export function titleBlock(title: string, { paint, width = RULE_WIDTH }: Page): string[] {
  const rule = '='.repeat(Math.min(RULE_WIDTH, width))
  return [rule, paint('bold', title), rule]
}

export function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [paint('bold', title), ...lines]
}

export function fieldLines(
  rows: readonly (readonly [label: string, value: string])[],
  margin = '',
): string[] {
  return rows.map(([label, value]) => `${(margin + label).padEnd(LABEL_WIDTH)}${oneLine(value, 1000)}`)
}

/** Columns that `indent` takes from the width of what it indents. */
export const INDENT = 2

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `${' '.repeat(INDENT)}${line}`))
}

/** Blocks without lines are left out; a line that is too long for the width is wrapped. */
export function page(blocks: readonly (readonly string[])[], width?: number): string {
  const written = blocks.filter((lines) => lines.length > 0)
  const wrapped = written.map((lines) => lines.flatMap((line) => wrapLine(line, width)).join('\n'))
  return `${wrapped.join('\n\n')}\n`
}
