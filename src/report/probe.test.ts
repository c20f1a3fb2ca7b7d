import { expect, test } from 'vitest'
import type { ProbeReport, ProbeResult, ProbeRow } from '../probe/report.ts'
import { renderMarkdown, renderText } from './kinds.ts'

const base = { rfc: 'RFC 5321 4.1.1.9', sent: 'NOOP', came: '250 ok', note: '' }
const ROWS: readonly ProbeRow[] = [
  { ...base, id: 'noop', title: 'NOOP', verdict: 'conforms' },
  {
    ...base,
    id: 'help',
    title: 'HELP',
    verdict: 'not offered',
    came: '',
    note: 'HELP is not in its reply to EHLO',
  },
  {
    ...base,
    id: 'vrfy',
    title: 'VRFY',
    verdict: 'deviates',
    sent: 'VRFY a|b',
    came: '500 <what>',
    note: 'no 252',
  },
  { ...base, id: 'silence', title: 'Silence', verdict: 'unknown', sent: 'nothing', note: 'longer than 10 s' },
]

function report(changes: Partial<ProbeReport> = {}): ProbeReport {
  return {
    target: 'mx.test:25',
    stamp: '20261122-101500',
    took_seconds: 12.3,
    wait_seconds: 10,
    extensions: ['PIPELINING', 'SIZE 1000'],
    counts: { conforms: 1, deviates: 1, 'not offered': 1, unknown: 1 },
    rows: ROWS,
    ...changes,
  }
}

function probed(...targets: readonly ProbeReport[]): ProbeResult {
  return { format: 'mailstorm-probe/1', stamp: '20261122-101500', targets }
}

test('as text: a line for each check, and what was said where the server deviates', () => {
  expect(renderText(probed(report()))).toMatchInlineSnapshot(`
    "============================================================================
    20261122-101500  Protocol probe
    ============================================================================

    Extensions:           PIPELINING, SIZE 1000

    Figures:
      figure       title        group      value
      servers      servers      Asked          1
      questions    questions    Asked          4
      conforms     conforms     Answers        1
      deviates     deviates     Answers        1
      not_offered  not offered  Answers        1
      unknown      unknown      Answers        1
      duration     duration     Asked    12.30 s

    Checks:
      check      mx.test:25
      ✓ NOOP
      – HELP     not offered
      ✗ VRFY     no 252
      ? Silence  longer than 10 s

    Deviations:
      deviates  VRFY: no 252 (RFC 5321 4.1.1.9)
        sent      VRFY a|b
        received  500 <what>

    mx.test:25: 1 conform, 1 deviate, 1 not offered, 1 unknown

    Protocol probe: mx.test:25
    "
  `)
})

test('as a matrix: a row for each check, a column for each server', () => {
  const other = report({ target: 'other', rows: ROWS.slice(0, 3) })
  const markdown = renderMarkdown({
    format: 'mailstorm-probe/1',
    stamp: 's',
    targets: [report(), other],
  })
  expect(markdown.split('\n\n').find((block) => block.startsWith('| Check'))).toMatchInlineSnapshot(`
    "| Check | RFC | Mx.test:25 | Other |
    | --- | --- | --- | --- |
    | NOOP | 5321 4.1.1.9 | ✓ | ✓ |
    | HELP | 5321 4.1.1.9 | – | – |
    | VRFY | 5321 4.1.1.9 | ✗ no 252 | ✗ no 252 |
    | Silence | 5321 4.1.1.9 | ? longer than 10 s |  |"
  `)
})

test('as Markdown: no reply of a server becomes markup', () => {
  const result = { format: 'mailstorm-probe/1', stamp: 's', targets: [report()] } as const
  const markdown = renderMarkdown(result)
  expect(markdown).toContain('| ✗ deviates | VRFY | 5321 4.1.1.9 | VRFY a\\|b | 500 &lt;what&gt; | no 252 |')
  expect(markdown).toContain('> mx.test:25: 1 conform, 1 deviate, 1 not offered, 1 unknown')
})

test('what concerns the whole of it is said once, in the terminal and in Markdown', () => {
  const remarks = ['It is gone: since "HELP" every connection is refused. 8 of 45 questions were asked.']
  const gone = report({ remarks })
  expect(renderText(probed(gone))).toContain(`not offered, 1 unknown. ${remarks[0]}`)
  const markdown = renderMarkdown({ format: 'mailstorm-probe/1', stamp: 's', targets: [gone] })
  expect(markdown).toContain(`not offered, 1 unknown. ${remarks[0]}`)
})
