import { expect, test } from 'vitest'
import { renderMarkdown } from './kinds.ts'
import { brokenResult, burstResult } from './result.fixture.ts'

test('shows a run that passed', () => {
  expect(renderMarkdown(burstResult())).toMatchSnapshot()
})

test('shows a run that failed', () => {
  expect(renderMarkdown(brokenResult())).toMatchSnapshot()
})

test('no reply of a server gets out of its table cell', () => {
  const [row] = brokenResult().failures
  if (row === undefined) throw new Error('the fixture has no failure')
  const text = '550 a|b\n</details><script>x</script> `c` [d](http://e.example)'
  const markdown = renderMarkdown(burstResult({ failures: [{ ...row, text }] }))
  const line = markdown.split('\n').find((candidate) => candidate.includes('550 a'))
  expect(line).toContain(
    '550 a\\|b &lt;/details&gt;&lt;script&gt;x&lt;/script&gt; \\`c\\` \\[d\\](http:\\//e.example) |',
  )
  expect(markdown.match(/<\/details>/g)).toHaveLength(markdown.match(/<details>/g)?.length ?? 0)
})

test('every table row has as many cells as its head', () => {
  const unescapedPipes = (line: string) => line.replaceAll('\\|', '').split('|').length
  for (const markdown of [renderMarkdown(burstResult()), renderMarkdown(brokenResult())]) {
    for (const table of markdown.split('\n\n').filter((block) => block.startsWith('|'))) {
      const [head = '', ...rows] = table.split('\n')
      for (const row of rows) expect(unescapedPipes(row), row).toBe(unescapedPipes(head))
    }
  }
})

test('condenses a long timeline: counts add up, the worst second stands for latency', () => {
  const [row] = burstResult().timeline
  if (row === undefined) throw new Error('the fixture has no timeline')
  const timeline = Array.from({ length: 61 }, (_, second) => ({
    ...row,
    second,
    accepted: 10,
    in_flight: second,
    response_time_ms: { ...row.response_time_ms, p99: second === 2 ? 900 : 1, max: null },
  }))
  const [, table = ''] = renderMarkdown(burstResult({ timeline })).split('<summary>Over time</summary>\n\n')
  const lines = table.split('\n')
  expect(lines[2]).toBe('| 0–3 | 5,000 | 5,000 | 40 | 0 | 3 | 0 | 200 | 900.00 | – |')
  expect(lines[17]).toBe('| 60 | 1,250 | 1,250 | 10 | 0 | 60 | 0 | 50 | 1.00 | – |')
  expect(lines[0]).toMatch(/^\| Seconds \| Due \|/)
})
