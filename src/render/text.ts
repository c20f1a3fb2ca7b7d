import type { Result } from '../engine/result.ts'
import { fieldLines, INDENT, indent, page, section, titleBlock } from './blocks.ts'
import { customMetricsText } from './custom-metrics.ts'
import { oneLine } from './escape.ts'
import { extrasText } from './extras.ts'
import { ledgerSentence } from './ledger-sentence.ts'
import { type Page, type Paint, PIPE } from './paint.ts'
import { failureTable, generatorLines, thresholdTable } from './text-details.ts'
import { headerFields, latencyTable, messageFields, performanceFields } from './text-figures.ts'
import { runName, VERDICT_STYLE, verdictReason } from './verdict.ts'

/** One run as a person reads it in a terminal; in the order of the seed's analysis, with more in it. */
export function renderText(result: Result, { paint, width }: Page = PIPE): string {
  const inner = width === undefined ? undefined : width - INDENT
  const { refused_recipients: refused = [], session_failures: endedBadly = [] } = result
  const title = oneLine(`${result.stamp}  ${runName(result)}`)
  const blocks = [
    titleBlock(title, { paint, width }),
    fieldLines(headerFields(result)),
    section('Messages:', fieldLines(messageFields(result), '  '), paint),
    section('Performance:', fieldLines(performanceFields(result), '  '), paint),
    section('Response Times:', indent(latencyTable(result.metrics)), paint),
    [...fieldLines([['Ledger:', ledgerSentence(result.ledger)]]), ...generatorLines(result.generator, paint)],
    ...extrasText(result, inner).map(({ title, lines }) => section(title, indent(lines), paint)),
    section('Failures:', indent(failureTable(result, inner)), paint),
    section('Refused Recipients:', indent(failureTable({ failures: refused }, inner)), paint),
    section('Sessions That Ended Badly:', indent(failureTable({ failures: endedBadly }, inner)), paint),
    section('Custom Metrics:', indent(customMetricsText(result, inner)), paint),
    section('Observations:', indent(result.observations.map((sentence) => oneLine(sentence, 1000))), paint),
    section('Thresholds:', indent(thresholdTable(result.thresholds, { paint, width: inner })), paint),
    [statusLine(result, paint)],
  ]
  return page(blocks, width)
}

/** `[PASSED] Status: PASSED - no errors`: the seed's closing line, with the issue's words in the brackets. */
function statusLine(result: Result, paint: Paint): string {
  const style = VERDICT_STYLE[result.verdict]
  return `${paint(style, `[${result.verdict}]`)} ${oneLine(runName(result))}: ${oneLine(verdictReason(result), 1000)}`
}
