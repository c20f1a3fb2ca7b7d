import { expect, test } from 'vitest'
import type { AnyResult } from '../pressure/result.ts'
import { type Block, type Cell, textOf } from './block.ts'
import { markdownText, oneLine } from './escape.ts'
import { driftingResult, mergedFrom, scalingTable, searchResult, splitResult } from './html/extras.fixture.ts'
import { escapeHtml } from './html/markup.ts'
import { pressureResult } from './html/pressure.fixture.ts'
import { documentOf, renderMarkdown, renderPage, renderText } from './kinds.ts'
import { brokenResult, burstResult } from './result.fixture.ts'

const RESULTS: readonly (readonly [name: string, result: () => AnyResult])[] = [
  ['a burst', () => burstResult()],
  ['a run that failed', () => brokenResult()],
  ['a search', () => burstResult({ search: searchResult() })],
  ['runs side by side', () => burstResult({ side_by_side: scalingTable() })],
  ['a run with slopes', () => driftingResult()],
  ['one of several generators', () => burstResult({ split: splitResult() })],
  ['several generators merged', () => burstResult({ merged: mergedFrom() })],
  ['a pressure run', () => pressureResult()],
  ['a pressure run side by side', () => ({ ...pressureResult(), side_by_side: scalingTable() })],
]

/** All that a block says to every writer: what has no hint that only some show it. */
function saidToAll({ parts, ...block }: Block): string[] {
  if (block.in !== undefined) return []
  return parts
    .flatMap((part): (string | Cell)[] => {
      if (part.in !== undefined) return []
      switch (part.kind) {
        case 'facts':
          return part.facts
            .filter((fact) => fact.in === undefined)
            .flatMap(({ label, value }) => [label, value])
        case 'table': {
          const all = [...part.rows, ...(part.last ?? [])]
          return all.flatMap((cells) => cells.filter((_, index) => part.columns[index]?.in === undefined))
        }
        case 'remarks':
          return part.remarks.filter((remark) => remark.in === undefined).map(({ text }) => text)
        case 'findings':
          return part.findings.flatMap(({ title, facts }) => [title, ...facts.map(({ value }) => value)])
        case 'events':
          return part.events.map(({ what }) => what)
        default:
          return []
      }
    })
    .map((cell) => textOf(cell))
}

const ASSETS = { css: '', script: '' }

/** Full stops are each writer's own. */
const bare = (text: string) => text.replace(/\.$/, '')

test.for(RESULTS)('terminal, Markdown and HTML say the same of %s', ([, result]) => {
  const { head, conclusion, body } = documentOf(result())
  const said = [head.name, head.reason, ...[...conclusion, ...body].flatMap(saidToAll)]
  const text = renderText(result()).toLowerCase()
  const markdown = renderMarkdown(result())
  const html = renderPage(result(), ASSETS)
  expect(said.length).toBeGreaterThan(10)
  for (const one of said) {
    expect(text).toContain(bare(oneLine(one, 1000)).toLowerCase())
    expect(markdown).toContain(bare(markdownText(one, 1000)))
    expect(html).toContain(bare(escapeHtml(one)))
  }
})

test('a try that broke at the limit of the generator is inconclusive, whoever writes it', () => {
  const result = burstResult({ search: searchResult() })
  for (const page of [renderText(result), renderMarkdown(result), renderPage(result, ASSETS)])
    expect(page.match(/inconclusive/g)?.length).toBeGreaterThan(0)
})

test('why deliveries are not verified is said in one form, whoever writes it', () => {
  const { why_not: _, ...verification } = pressureResult().verification
  const result = { ...pressureResult(), verification: { ...verification, verified: false } }
  for (const page of [renderText(result), renderMarkdown(result), renderPage(result, ASSETS)]) {
    expect(page).toContain('not verified: no reason given')
    expect(page).not.toContain('unknown reason')
  }
})
