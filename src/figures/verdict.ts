import type { RunVerdict, ThresholdResult } from '../engine/result.ts'

/**
 * Applied when a run's own thresholds do not mention success: a server that quickly refuses everything would
 * meet thresholds on latency alone.
 */
const TOO_FEW = 0.95
export const LEAST_SUCCESS = `success_rate>${TOO_FEW}`

/** Whether the thresholds mention the success rate; error_rate is its complement. */
export function nameSuccess(thresholds: readonly { readonly metric: string }[]): boolean {
  return thresholds.some(({ metric }) => metric === 'success_rate' || metric === 'error_rate')
}

/** A threshold without data counts as missed: a gate that measured nothing must not pass. */
export function isMissed({ verdict }: Pick<ThresholdResult, 'verdict'>): boolean {
  return verdict === 'fail' || verdict === 'no-data'
}

/** What decides the verdict of a run of any kind. */
export interface Judged {
  readonly status: 'complete' | 'partial'
  readonly thresholds: readonly Pick<ThresholdResult, 'metric' | 'verdict'>[]
  /** Share of the messages that were due. */
  readonly successRate: number
  /** Pressure: false when deliveries could not be checked. */
  readonly verified?: boolean
}

/**
 * The only definition of a failed run: it did not finish, missed a threshold, could not be verified, or had at
 * most 95 % accepted while none of its thresholds mentions success. A warning: all thresholds were met, but
 * some messages were not accepted.
 */
export function verdictOf({ status, thresholds, successRate, verified = true }: Judged): RunVerdict {
  if (status === 'partial' || !verified || thresholds.some(isMissed)) return 'FAILED'
  if (successRate <= TOO_FEW && !nameSuccess(thresholds)) return 'FAILED'
  return successRate === 1 ? 'PASSED' : 'WARNING'
}

/** How a run ended: `reason` is why it is not complete, null when it is. */
export function endOf(
  reason: string | null,
  judged: Omit<Judged, 'status'>,
): {
  readonly status: Judged['status']
  readonly partial_reason: string | null
  readonly verdict: RunVerdict
} {
  const status = reason === null ? 'complete' : 'partial'
  return { status, partial_reason: reason, verdict: verdictOf({ ...judged, status }) }
}

/** Without data, a threshold that mailstorm added is skipped; one that the user asked for keeps `no-data`, and fails. */
export function skipUnasked(judged: ThresholdResult, isAsked: boolean): ThresholdResult {
  return judged.verdict === 'no-data' && !isAsked ? { ...judged, verdict: 'skipped' } : judged
}
