import { dueMessages, type Result, type ThresholdResult, type Unit } from '../engine/result.ts'
import { isMissed } from '../figures/verdict.ts'
import { count, counted, figure, milliseconds, percent, perSecond } from './format.ts'
import type { Style } from './paint.ts'

/** A threshold's value and limit with the unit of its metric; never so rounded that they look equal. */
export function thresholdFigures(threshold: ThresholdResult): { value: string; limit: string } {
  const { value, limit } = threshold
  const shown = (number: number | null) => WITH_UNIT[unitOfThreshold(threshold)](number)
  const figures = { value: shown(value), limit: shown(limit) }
  if (figures.value !== figures.limit || value === limit) return figures
  return { value: String(value), limit: String(limit) }
}

const WITH_UNIT: Readonly<Record<Unit, (value: number | null) => string>> = {
  ms: milliseconds,
  share: percent,
  per_second: perSecond,
  count,
  number: figure,
}

export function unitOfThreshold({ metric, unit }: ThresholdResult): Unit {
  if (unit !== undefined) return unit
  if (/(?:^|\.)(?:p\([\d.]+\)|avg|min|max|med)$/.test(metric)) return 'ms'
  if (/^(?:success_rate|error_rate|rate_error|regression)$/.test(metric)) return 'share'
  return /^(?:rate|throughput|messages_per_second)$/.test(metric) ? 'per_second' : 'count'
}

/** `p(99)<1000 — was 1,412.30 ms`. */
export function thresholdSentence(threshold: ThresholdResult): string {
  const { expression, verdict, reason } = threshold
  if (verdict === 'pass' || verdict === 'fail')
    return `${expression} — was ${thresholdFigures(threshold).value}${reason === undefined ? '' : ` (${reason})`}`
  return `${expression} — ${verdict === 'no-data' ? 'no data' : 'skipped'}${reason === undefined ? '' : `: ${reason}`}`
}

/** Why the run has the verdict that it has, in one line. */
export function verdictReason(result: Result): string {
  const reasons: string[] = []
  if (result.status === 'partial') reasons.push(`stopped early: ${result.partial_reason ?? 'unknown reason'}`)
  const missed = result.thresholds.filter(isMissed)
  for (const threshold of missed) reasons.push(thresholdSentence(threshold))
  const { failed_messages: failed, outcomes } = result.metrics
  if (failed > 0)
    reasons.push(`${count(failed)} of ${counted(dueMessages(result.metrics), 'message')} not accepted`)
  if (outcomes.not_reached > 0) reasons.push(`${count(outcomes.not_reached)} not reached`)
  const refused = result.metrics.recipients_refused
  if (refused > 0) reasons.push(`${counted(refused, 'recipient')} refused of messages that were taken`)
  for (const [name, value] of ledgerFaults(result)) {
    if (!missed.some(({ metric }) => metric === name)) reasons.push(`${count(value)} ${name}`)
  }
  if (reasons.length > 0) return reasons.join('; ')
  return result.metrics.total_messages === 0 ? 'nothing was sent' : 'no errors'
}

function ledgerFaults({ ledger }: Result): [name: string, value: number][] {
  const faults: [string, number | null][] = [
    ['lost', ledger.lost],
    ['duplicated', ledger.duplicated],
    ['corrupted', ledger.corrupted],
  ]
  return faults.filter((fault): fault is [string, number] => fault[1] !== null && fault[1] > 0)
}

export const VERDICT_STYLE: Readonly<Record<Result['verdict'], Style>> = {
  PASSED: 'green',
  WARNING: 'yellow',
  FAILED: 'red',
}

/** `mixed / xlarge`: what a run is called wherever runs stand beside each other. */
export function runName(run: { readonly scenario: string; readonly part: string | null }): string {
  return run.part === null ? run.scenario : `${run.scenario} / ${run.part}`
}
