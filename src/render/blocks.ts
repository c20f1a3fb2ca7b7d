import { oneLine } from './escape.ts'
import type { Paint } from './paint.ts'

/** The shape of a page in a terminal: a title between rules, blocks with an empty line between them. */

export const RULE = '='.repeat(76)
const LABEL_WIDTH = 19

export function titleBlock(title: string, paint: Paint): string[] {
  return [RULE, paint('bold', title), RULE]
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

export function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

/** Blocks without lines are left out. */
export function page(blocks: readonly (readonly string[])[]): string {
  const written = blocks.filter((lines) => lines.length > 0)
  return `${written.map((lines) => lines.join('\n')).join('\n\n')}\n`
}
