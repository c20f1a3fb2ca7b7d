import type { ProbeReport, ProbeResult, ProbeRow, ProbeVerdict } from '../../probe/report.ts'
import {
  type Block,
  type Cell,
  type Document,
  type Fact,
  facts,
  factsFrom,
  left,
  PAGES,
  type RichCell,
  type Table,
  table,
} from '../block.ts'
import { counted, listed, stampText } from '../format.ts'
import { figuresBlock } from './common.ts'

/** One sign for each verdict, with its colour in a terminal. */
const PROBE_SIGNS: Readonly<
  Record<ProbeVerdict, { readonly sign: string; readonly style: keyof typeof TONES }>
> = {
  conforms: { sign: '✓', style: 'green' },
  deviates: { sign: '✗', style: 'red' },
  'not offered': { sign: '–', style: 'dim' },
  unknown: { sign: '?', style: 'yellow' },
}

/** What of a row has to be told beside its verdict: the note, or what came. */
function remarkOf({ note, came, verdict }: ProbeRow): string {
  return note !== '' || verdict === 'conforms' ? note : came
}

/** `44 conform, 2 deviate, 2 not offered, 3 unknown`. */
function countsSentence(counts: Readonly<Record<ProbeVerdict, number>>): string {
  const { conforms, deviates, unknown } = counts
  return `${conforms} conform, ${deviates} deviate, ${counts['not offered']} not offered, ${unknown} unknown`
}

const TARGETS_IN_TITLE = 3

/** What servers really do: all of them beside each other, then what was sent and what came, server by server. */
export function probeDocument(result: ProbeResult): Document {
  const { stamp, targets } = result
  const names = targets.map(({ target }) => target)
  return {
    head: {
      name: 'Protocol probe',
      stamp,
      verdict: undefined,
      reason: listed(names, TARGETS_IN_TITLE),
      stoppedEarly: undefined,
      facts: [
        { label: 'Started', value: stampText(stamp), in: PAGES },
        { label: 'Servers', value: counted(targets.length, 'server'), in: PAGES },
        ...targets.map(extensionsFact),
      ],
    },
    conclusion: [
      { title: '', parts: [{ kind: 'remarks', remarks: targets.map((one) => ({ text: summaryOf(one) })) }] },
      deviationsBlock(targets),
      checksBlock(targets),
    ],
    body: [...targets.map(saidBlock), { ...figuresBlock(result), in: undefined, note: undefined }],
  }
}

/** A page has it above the dialogue of each server. */
function extensionsFact({ target, extensions }: ProbeReport, _: number, all: readonly unknown[]): Fact {
  const label = all.length === 1 ? 'Extensions' : `Extensions of ${target}`
  return { label, value: extensions.join(', ') || 'none', in: ['text'] }
}

/** What was sent and what came where a server does not do what the RFC says; a page has the whole dialogue. */
function deviationsBlock(targets: readonly ProbeReport[]): Block {
  const findings = targets.flatMap(({ target, rows }) =>
    rows
      .filter(({ verdict }) => verdict === 'deviates')
      .map(({ id, title, rfc, sent, came, note }) => ({
        title: `${targets.length === 1 ? '' : `${target}: `}${title}: ${note} (${rfc})`,
        grade: 'deviates',
        tone: 'bad' as const,
        rule: id,
        facts: factsFrom([
          ['Sent', sent],
          ['Received', came],
        ]),
      })),
  )
  const parts: Block['parts'] = findings.length === 0 ? [] : [{ kind: 'findings', findings }]
  return { title: 'Deviations', in: ['text'], parts }
}

function summaryOf({ target, counts, remarks = [] }: ProbeReport): string {
  return [`${target}: ${countsSentence(counts)}`, ...remarks].join('. ')
}

/** A row to each check, a column to each server. */
function checksBlock(targets: readonly ProbeReport[]): Block {
  const columns = [
    left('check', { long: true }),
    left('RFC'),
    ...targets.map(({ target }) => left(target, { long: true, most: 80 })),
  ]
  const rows = (targets[0]?.rows ?? []).map(({ id, title, rfc }) => [
    title,
    rfc.replaceAll('RFC ', ''),
    ...targets.map((report) => checkCell(report.rows.find((row) => row.id === id))),
  ])
  const note = '✓ conforms, ✗ deviates, – not offered, ? unknown.'
  const parts = [...table(columns, rows, { in: PAGES }), ...checksInText(targets)]
  return { title: 'Checks', note, noteIn: PAGES, linked: true, parts }
}

/** A terminal has room for what one server said behind its verdict; of several it compares the verdicts. */
function checksInText(targets: readonly ProbeReport[]): Table[] {
  const [first, ...others] = targets
  if (first === undefined) return []
  const shown = { in: ['text'] } as const
  if (others.length === 0) {
    const rows = first.rows.map((row) => [{ ...markOf(row), text: row.title }, remarkInText(row)])
    return table([left('check'), left(first.target, { long: true })], rows, shown)
  }
  const columns = [left('check'), ...targets.map(({ target }) => left(target, { most: MOST_OF_SEVERAL }))]
  const rows = first.rows.map(({ id, title }) => [
    title,
    ...targets.map((report) => checkCell(report.rows.find((row) => row.id === id))),
  ])
  return table(columns, rows, shown)
}

const MOST_OF_SEVERAL = 24

function remarkInText(row: ProbeRow): string {
  return row.verdict === 'not offered' ? row.verdict : remarkOf(row)
}

function markOf({ verdict }: ProbeRow): Pick<RichCell, 'tone' | 'mark'> {
  const { sign, style } = PROBE_SIGNS[verdict]
  return { tone: TONES[style], mark: { sign, word: verdict } }
}

function checkCell(row: ProbeRow | undefined): Cell {
  if (row === undefined) return ''
  return { ...markOf(row), text: row.verdict === 'not offered' ? '' : remarkOf(row) }
}

const TONES = { green: 'good', red: 'bad', dim: 'dim', yellow: 'warn' } as const

/** All that was sent and came. */
function saidBlock({ target, extensions, rows, took_seconds: took }: ProbeReport): Block {
  const columns = [
    left('verdict'),
    left('check', { long: true }),
    left('RFC'),
    ...['sent', 'received', 'note'].map((title) => left(title, { long: true })),
  ]
  const cells = rows.map((row): Cell[] => {
    const { sign, style } = PROBE_SIGNS[row.verdict]
    return [
      { text: row.verdict, sign, tone: TONES[style] },
      row.title,
      row.rfc.replaceAll('RFC ', ''),
      { text: row.sent, code: true },
      { text: row.came, code: true },
      row.note,
    ]
  })
  const about = factsFrom([
    ['Extensions', extensions.join(', ') || 'none'],
    ['Took', `${took} s`],
  ])
  const parts = [facts(about), ...table(columns, cells, { caption: `What ${target} said` })]
  return { title: target, folded: true, closed: 'Full dialogue', in: PAGES, parts }
}
