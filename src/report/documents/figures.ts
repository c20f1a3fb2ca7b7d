import { figureValue } from '../../figures/figure.ts'
import type { AnyResult } from '../../pressure/result.ts'
import { listOf } from '../../results/overview.ts'
import { type Block, left, PAGES, right, table } from '../block.ts'
import { figureText } from '../format.ts'

const COLUMNS = [left('figure'), left('title'), left('group'), right('value')]

/** Every figure that was measured, by the name that thresholds have for it. */
export function figuresBlock(result: AnyResult): Block {
  const rows = listOf(result).all.flatMap((figure) => {
    const value = figureValue(figure, result)
    const { name, title, group, unit } = figure
    return value === null
      ? []
      : [[{ text: name, code: true } as const, title, group, figureText(value, unit)]]
  })
  return {
    title: 'Figures',
    note: 'By the names that thresholds have for them.',
    in: PAGES,
    folded: true,
    parts: table(COLUMNS, rows),
  }
}
