import type { Result } from '../src/load/result.ts'
import { commandMessage, commandProperty, oneLine } from '../src/render/escape.ts'
import { runName, thresholdSentence, verdictReason } from '../src/render/verdict.ts'

/**
 * Workflow commands for one run: an error for each threshold that was missed, a warning for what makes
 * the figures doubtful. https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function annotationsOf(result: Result): string[] {
  const name = oneLine(runName(result))
  const errors = result.thresholds
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'no-data')
    .map((threshold) => command('error', name, thresholdSentence(threshold)))
  if (result.verdict === 'FAILED' && errors.length === 0)
    errors.push(command('error', name, verdictReason(result)))
  const doubts: string[] = []
  if (result.verdict === 'WARNING') doubts.push(verdictReason(result))
  else if (result.status === 'partial')
    doubts.push(`stopped early: ${result.partial_reason ?? 'unknown reason'}`)
  if (result.generator.bound) doubts.push(`generator-bound: ${result.generator.bound_reasons.join('; ')}`)
  return [...errors, ...doubts.map((doubt) => command('warning', name, doubt))]
}

function command(level: 'error' | 'warning', title: string, message: string): string {
  return `::${level} title=${commandProperty(title)}::${commandMessage(oneLine(message, 1000))}`
}
