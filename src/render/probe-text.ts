import type { ProbeReport, ProbeRow } from '../probe/report.ts'
import { page, titleBlock } from './blocks.ts'
import { oneLine } from './escape.ts'
import { type Page, type Paint, PIPE } from './paint.ts'
import { countsSentence, PROBE_SIGNS, remarkOf } from './probe-signs.ts'

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
    `    sent  ${oneLine(sent)}`,
    `    came  ${oneLine(came)}`,
  ]
}
