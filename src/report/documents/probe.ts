import type { ProbeReport, ProbeResult, ProbeRow, ProbeVerdict } from '../../probe/report.ts'
import { type Block, type Cell, type Document, facts, factsFrom, left, table } from '../block.ts'
import { oneLine } from '../escape.ts'
import { counted, listed, stampText } from '../format.ts'
import { type Page, type Paint, PIPE, page, titleBlock } from '../terminal.ts'

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

const REMARK_COLUMNS = 70

/** What one server really does, as a person reads it in a terminal. */
export function renderProbeText(report: ProbeReport, { paint, width }: Page = PIPE): string {
  const { target, stamp, counts, rows, remarks = [] } = report
  const titleColumns = Math.max(...rows.map(({ title }) => Math.min(title.length, 50)))
  const deviations = rows.filter(({ verdict }) => verdict === 'deviates')
  const blocks = [
    titleBlock(oneLine(`${stamp}  probe of ${target}`), { paint, width }),
    [`Extensions: ${oneLine(report.extensions.join(', ') || 'none', 500)}`],
    rows.map((row) => rowLine(row, titleColumns, paint)),
    deviations.flatMap((row) => deviationLines(row, paint)),
    remarks.map((remark) => paint('yellow', oneLine(remark))),
    [`${oneLine(target)}: ${countsSentence(counts)} (${report.took_seconds} s)`],
  ]
  return page(blocks, width)
}

function rowLine(row: ProbeRow, titleColumns: number, paint: Paint): string {
  const { sign, style } = PROBE_SIGNS[row.verdict]
  const remark = row.verdict === 'not offered' ? 'not offered' : remarkOf(row)
  const title = oneLine(row.title, titleColumns).padEnd(titleColumns)
  return `${paint(style, sign)} ${title}  ${paint('dim', oneLine(remark, REMARK_COLUMNS))}`.trimEnd()
}

/** What was sent and what came, only where a server does not do what the RFC says. */
function deviationLines({ title, rfc, sent, came, note }: ProbeRow, paint: Paint): string[] {
  return [
    `${paint('red', '✗')} ${paint('bold', oneLine(title))}: ${oneLine(note)} (${rfc})`,
    `    sent      ${oneLine(sent)}`,
    `    received  ${oneLine(came)}`,
  ]
}

const TARGETS_IN_TITLE = 3

/** What servers really do: all of them beside each other, then what was sent and what came, server by server. */
export function probeDocument({ stamp, targets }: ProbeResult): Document {
  const names = listed(
    targets.map(({ target }) => target),
    TARGETS_IN_TITLE,
  )
  return {
    head: {
      name: 'Protocol probe',
      stamp,
      verdict: undefined,
      reason: names,
      stoppedEarly: undefined,
      facts: factsFrom([
        ['Started', stampText(stamp)],
        ['Servers', counted(targets.length, 'server')],
      ]),
    },
    conclusion: [
      { title: '', parts: [{ kind: 'remarks', remarks: targets.map((one) => ({ text: summaryOf(one) })) }] },
      checksBlock(targets),
    ],
    body: targets.map(saidBlock),
  }
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
  return { title: 'Checks', note, linked: true, parts: table(columns, rows) }
}

function checkCell(row: ProbeRow | undefined): Cell {
  if (row === undefined) return ''
  const { sign, style } = PROBE_SIGNS[row.verdict]
  const text = row.verdict === 'not offered' ? '' : remarkOf(row)
  return { text, tone: TONES[style], mark: { sign, word: row.verdict } }
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
  return { title: target, folded: true, closed: 'Full dialogue', parts }
}
