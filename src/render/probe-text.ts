import type { ProbeReport, ProbeRow } from '../probe/report.ts'
import { oneLine } from './escape.ts'
import { type Paint, plain } from './paint.ts'
import { countsSentence, PROBE_SIGNS, remarkOf } from './probe-signs.ts'

const RULE = '='.repeat(76)
const REMARK_COLUMNS = 70

/** What one server really does, as a person reads it in a terminal. */
export function renderProbeText(report: ProbeReport, paint: Paint = plain): string {
  const { target, stamp, counts, rows } = report
  const titleColumns = Math.max(...rows.map(({ title }) => Math.min(title.length, 50)))
  const deviations = rows.filter(({ verdict }) => verdict === 'deviates')
  const blocks = [
    [RULE, paint('bold', oneLine(`${stamp}  probe of ${target}`)), RULE],
    [`Extensions: ${oneLine(report.extensions.join(', ') || 'none', 500)}`],
    rows.map((row) => rowLine(row, titleColumns, paint)),
    deviations.flatMap((row) => deviationLines(row, paint)),
    [`${oneLine(target)}: ${countsSentence(counts)} (${report.took_seconds} s)`],
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
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
