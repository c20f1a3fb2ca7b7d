import { parseThreshold, type Threshold } from '../figures/threshold.ts'
import { LEAST_SUCCESS, nameSuccess } from '../figures/verdict.ts'
import { checkBaseline } from './baseline.ts'
import type { Workload } from './spec/spec.ts'

/** Wherever the servers keep a ledger. */
const LEDGER_THRESHOLDS = ['lost==0', 'duplicated==0', 'corrupted==0'] as const

/** The thresholds of a workload, and those that every run has. */
export function thresholdsOf({
  thresholds,
  metrics,
  baseline,
}: Pick<Workload, 'thresholds' | 'metrics'> & { readonly baseline?: string | undefined }): Threshold[] {
  const own = thresholds.map((text) => parseThreshold(text, metrics))
  checkBaseline(own, baseline)
  const everyRuns = nameSuccess(own) ? LEDGER_THRESHOLDS : [LEAST_SUCCESS, ...LEDGER_THRESHOLDS]
  const added = everyRuns.map((text) => parseThreshold(text))
  return [...own, ...added.filter(({ expression }) => own.every((one) => one.expression !== expression))]
}
