import type { RunVerdict, ThresholdResult } from '../engine/result.ts'

/**
 * Held by every run whose own thresholds say nothing of success: thresholds on latency alone are met by a
 * server that refuses everything quickly.
 */
const TOO_FEW = 0.95
export const LEAST_SUCCESS = `success_rate>${TOO_FEW}`

/** Whether thresholds name a success rate themselves; error_rate is the same figure from the other side. */
export function nameSuccess(thresholds: readonly { readonly metric: string }[]): boolean {
  return thresholds.some(({ metric }) => metric === 'success_rate' || metric === 'error_rate')
}

/** A threshold whose figure was never measured is missed as well: a gate that saw nothing must not open. */
export function isMissed({ verdict }: Pick<ThresholdResult, 'verdict'>): boolean {
  return verdict === 'fail' || verdict === 'no-data'
}

/** What decides about a run, of whichever kind. */
export interface Judged {
  readonly status: 'complete' | 'partial'
  readonly thresholds: readonly Pick<ThresholdResult, 'metric' | 'verdict'>[]
  /** Of the messages that were due. */
  readonly successRate: number
  /** False when what was delivered could not be checked although it has to be (pressure). */
  readonly verified?: boolean
}

/**
 * The one definition of a run that failed: it did not come to its end, missed a threshold, could not be
 * verified, or had not more than 95 % accepted while no threshold of its own says how many are enough.
 * A warning is a run that met its thresholds with some messages not accepted.
 */
export function verdictOf({ status, thresholds, successRate, verified = true }: Judged): RunVerdict {
  if (status === 'partial' || !verified || thresholds.some(isMissed)) return 'FAILED'
  if (successRate <= TOO_FEW && !nameSuccess(thresholds)) return 'FAILED'
  return successRate === 1 ? 'PASSED' : 'WARNING'
}
