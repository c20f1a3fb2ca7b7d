import type { Result } from '../load/result.ts'
import { oneLine } from './escape.ts'
import { ledgerSentence } from './ledger-sentence.ts'
import { type Paint, plain } from './paint.ts'
import { failureTable, generatorLines, thresholdTable } from './text-details.ts'
import { type Field, headerFields, latencyTable, messageFields, performanceFields } from './text-figures.ts'
import { runName, VERDICT_STYLE, verdictReason } from './verdict.ts'

const RULE = '='.repeat(76)
const LABEL_WIDTH = 19

/** One run as a person reads it in a terminal; in the order of the seed's analysis, with more in it. */
export function renderText(result: Result, paint: Paint = plain): string {
  const title = oneLine(`${result.stamp}  ${runName(result)}`)
  const blocks = [
    [RULE, paint('bold', title), RULE],
    fields(headerFields(result)),
    section('Messages:', fields(messageFields(result), '  '), paint),
    section('Performance:', fields(performanceFields(result), '  '), paint),
    section('Response Times:', indent(latencyTable(result.metrics)), paint),
    [...fields([['Ledger:', ledgerSentence(result.ledger)]]), ...generatorLines(result.generator, paint)],
    section('Failures:', indent(failureTable(result)), paint),
    section('Observations:', indent(result.observations.map((sentence) => oneLine(sentence, 300))), paint),
    section('Thresholds:', indent(thresholdTable(result.thresholds, paint)), paint),
    [statusLine(result, paint)],
  ]
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** `[PASSED] Status: PASSED - no errors`: the seed's closing line, with the issue's words in the brackets. */
function statusLine(result: Result, paint: Paint): string {
  const style = VERDICT_STYLE[result.verdict]
  return `${paint(style, `[${result.verdict}]`)} ${oneLine(runName(result))}: ${oneLine(verdictReason(result), 1000)}`
}

function section(title: string, lines: readonly string[], paint: Paint): readonly string[] {
  return lines.length === 0 ? [] : [paint('bold', title), ...lines]
}

function fields(rows: readonly Field[], margin = ''): string[] {
  return rows.map(([label, value]) => `${(margin + label).padEnd(LABEL_WIDTH)}${oneLine(value, 1000)}`)
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
