import { dueMessages, type Result, type ThresholdResult, type Unit } from '../engine/result.ts'
import { isMissed, unitOfThreshold } from '../figures/threshold.ts'
import type { PressureResult, PressureVerification, TenantRow } from '../pressure/result.ts'
import { oneLine } from './escape.ts'
import { count, counted, figureText, MISSING, shortMilliseconds } from './format.ts'
import type { Style } from './terminal.ts'

/** A threshold's value and limit with the unit of its metric; never so rounded that they look equal. */
export function thresholdFigures(threshold: ThresholdResult): { value: string; limit: string } {
  const { value, limit } = threshold
  const unit = unitOfThreshold(threshold)
  const shown = (number: number | null) => figureText(number, unit)
  const figures = { value: shown(value), limit: shown(limit) }
  if (figures.value !== figures.limit || value === limit) return figures
  return { value: exactText(value, unit), limit: exactText(limit, unit) }
}

/** With all its digits. */
function exactText(value: number | null, unit: Unit): string {
  if (value === null) return MISSING
  const digits = (amount: number) => amount.toLocaleString('en-US', { maximumSignificantDigits: 15 })
  // Through toPrecision, for 0.07 · 100 is 7.000000000000001 in binary.
  if (unit === 'share') return `${digits(Number((value * 100).toPrecision(15)))} %`
  if (unit === 'bytes') return `${digits(value)} bytes`
  if (unit === 'megabytes') return `${digits(value)} MB`
  return figureText(value, unit).replace(/-?[\d.,]+/, digits(value))
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
  if (refused > 0) reasons.push(`${counted(refused, 'recipient')} refused in accepted messages`)
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
    ['bounced', ledger.account?.bounced ?? null],
    ['misrouted', ledger.account?.misrouted ?? null],
  ]
  return faults.filter((fault): fault is [string, number] => fault[1] !== null && fault[1] > 0)
}

export const VERDICT_STYLE: Readonly<Record<Result['verdict'], Style>> = {
  PASSED: 'green',
  WARNING: 'yellow',
  FAILED: 'red',
}

/** Where there are no colours. */
export const VERDICT_SIGNS = { PASSED: '✅', WARNING: '⚠️', FAILED: '❌' } as const

/** `mixed / xlarge`: what a run is called wherever runs stand beside each other. */
export function runName(run: { readonly scenario: string; readonly part: string | null }): string {
  return run.part === null ? run.scenario : `${run.scenario} / ${run.part}`
}

const KINDS = ['lost', 'duplicated', 'corrupted', 'unreported', 'misreported'] as const
type Kind = (typeof KINDS)[number]

const MOST_IDS = 5

/** `600 messages, 594 delivered, 6 still queued; p95 1,203 ms`. */
export function tenantSentence({ verification, end_to_end_ms }: TenantRow): string {
  const { p95 } = end_to_end_ms
  return `${verificationSentence(verification)}${p95 === null ? '' : `; p95 ${shortMilliseconds(p95)}`}`
}

export function whyNotVerified({ why_not: why }: PressureVerification): string {
  return oneLine(why ?? 'no reason given', 300)
}

/** What became of the messages; `not verified` is never dressed up as `nothing lost`. */
export function verificationSentence(verification: PressureVerification): string {
  const { handed_over, delivered, errors, still_queued, lost, why_not } = verification
  const messages = counted(handed_over, 'message')
  if (!verification.verified) return `${messages}, not verified: ${whyNotVerified(verification)}`
  const parts = [messages, `${count(delivered)} delivered`]
  if (errors !== null && errors > 0) parts.push(`${count(errors)} reported as errors`)
  if (still_queued !== null && still_queued > 0) parts.push(`${count(still_queued)} still queued`)
  if (lost === null) parts.push(oneLine(why_not ?? 'what was lost is not known', 300))
  for (const kind of KINDS) {
    const found = verification[kind]
    if (found !== null && found > 0) parts.push(`${count(found)} ${kind}`)
  }
  return parts.join(', ')
}

/** The first ids of each kind of fault, or of one kind: `lost: tenant-standard-ab12, …`. */
export function faultsOf(verification: PressureVerification, metric?: string): string[] {
  const facts = faultFacts(verification, metric)
  return facts.map(([kind, text]) => (kind === REMARK ? text : `${kind}: ${text}`))
}

const REMARK = 'remark'

/** The same as names with values. */
export function faultFacts(
  verification: PressureVerification,
  metric?: string,
): (readonly [kind: string, text: string])[] {
  const kinds = metric === undefined ? KINDS : KINDS.filter((kind) => kind === metric)
  const remarks = kinds.includes('corrupted') ? verification.remarks.slice(0, MOST_IDS) : []
  return [
    ...kinds.flatMap((kind) => idsOf(verification, kind)),
    ...remarks.map((remark) => [REMARK, remark] as const),
  ]
}

function idsOf(verification: PressureVerification, kind: Kind): (readonly [Kind, string])[] {
  const ids = verification[`${kind}_ids`]
  const found = verification[kind]
  if (ids.length === 0 || found === 0) return []
  const more = ids.length > MOST_IDS ? `, … (${count(found ?? ids.length)})` : ''
  return [[kind, `${ids.slice(0, MOST_IDS).join(', ')}${more}`]]
}

/** A threshold that was missed, with what is known of the culprits: ids of messages, or tenants. */
export function missedThreshold(result: PressureResult, threshold: ThresholdResult): string {
  const { verification, tenants } = result
  const disturbed = tenants
    .filter(({ dnd_violations }) => threshold.metric === 'disturbances' && dnd_violations > 0)
    .map(
      ({ tenant_id, dnd_violations }) =>
        `${tenant_id}: ${counted(dnd_violations, 'call')} inside a DND window`,
    )
  return [thresholdSentence(threshold), ...faultsOf(verification, threshold.metric), ...disturbed].join('\n')
}

/** Why the run has the verdict that it has, in one line. */
export function pressureReason(result: PressureResult): string {
  const { status, partial_reason, thresholds, verification, metrics } = result
  const reasons: string[] = []
  if (status === 'partial') reasons.push(`stopped early: ${partial_reason ?? 'unknown reason'}`)
  for (const threshold of thresholds.filter(isMissed)) reasons.push(thresholdSentence(threshold))
  if (!verification.verified) reasons.push(`not verified: ${whyNotVerified(verification)}`)
  const { failed_messages: failed, total_messages: total } = metrics
  if (failed > 0)
    reasons.push(`${count(failed)} of ${counted(total, 'message')} not delivered exactly once and intact`)
  if (reasons.length > 0) return reasons.join('; ')
  return total === 0 ? 'nothing was handed over' : 'every message delivered once, intact and reported'
}
