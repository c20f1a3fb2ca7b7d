import type { Result } from '../src/engine/result.ts'
import { isMissed } from '../src/figures/verdict.ts'
import type { PressureResult } from '../src/pressure/result.ts'
import { reasonOf } from '../src/report/any.ts'
import { commandMessage, commandProperty, oneLine } from '../src/report/escape.ts'
import { runName, thresholdFigures, thresholdSentence } from '../src/report/verdict.ts'
import { type FailedRow, groupFailedRows, groupTitle, saysItAll } from './rows.ts'

/**
 * Workflow commands for one run: an error for each threshold that was missed, with value and limit; a
 * warning for what makes the figures doubtful; a notice for a threshold that could not be looked at.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function annotationsOf(result: Result | PressureResult): string[] {
  const name = oneLine(runName(result))
  const missedOnes = result.thresholds.filter(isMissed).map(missed)
  const errors = result.verdict === 'FAILED' && missedOnes.length === 0 ? [reasonOf(result)] : missedOnes
  const notices = result.thresholds
    .filter(({ verdict }) => verdict === 'skipped')
    .map((threshold) => command('notice', name, thresholdSentence(threshold)))
  return [
    ...errors.map((error) => command('error', name, error)),
    ...doubts(result, missedOnes).map((doubt) => command('warning', name, doubt)),
    ...notices,
  ]
}

/** `p(99)<1000 — was 1,412.30 ms, limit 1,000.00 ms`. */
function missed(threshold: Result['thresholds'][number]): string {
  const sentence = thresholdSentence(threshold)
  return threshold.verdict === 'fail' ? `${sentence}, limit ${thresholdFigures(threshold).limit}` : sentence
}

function doubts(result: Result | PressureResult, failedBy: readonly string[]): string[] {
  const found: string[] = []
  if (result.verdict === 'WARNING') found.push(reasonOf(result))
  else if (result.status === 'partial' && failedBy.length > 0)
    found.push(`stopped early: ${result.partial_reason ?? 'unknown reason'}`)
  if ('generator' in result && result.generator.bound)
    found.push(`generator-bound: ${result.generator.bound_reasons.join('; ')}`)
  return found
}

/**
 * Errors of rows of a scenario that has no result, so that no threshold tells of them. Those with a place
 * in a file are Vitest's own reporter's.
 */
export function rowAnnotations(scenario: string, rows: readonly FailedRow[]): string[] {
  const own = rows.map(({ name, errors }) => ({ name, errors: errors.filter(saysItAll) }))
  return groupFailedRows(own.filter(({ errors }) => errors.length > 0)).map((group) => {
    const message = group.errors.map((error) => error.message).join(' ')
    return command('error', oneLine(`${scenario} > ${groupTitle(group)}`), message)
  })
}

function command(level: 'error' | 'warning' | 'notice', title: string, message: string): string {
  return `::${level} title=${commandProperty(title)}::${commandMessage(oneLine(message, 1000))}`
}
