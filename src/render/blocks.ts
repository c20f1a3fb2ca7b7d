import { oneLine } from './escape.ts'
import type { Page, Paint } from './paint.ts'
import { wrapLine } from './width.ts'

/** The shape of a page in a terminal: a title between rules, blocks with an empty line between them. */

const RULE_WIDTH = 76
const LABEL_WIDTH = 19

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
