import { type Rule, shown, thirdsOf, windowOf } from './rule.ts'

/** A queue this short is the batch that just came. */
const LEAST_QUEUE_GROWTH = 50
const LEAST_QUEUE_FACTOR = 1.5

/** More comes than goes: the queue grows from third to third of the window. */
export const pendingGrowing: Rule = (run) => {
  const rows = windowOf(run)
  const thirds = thirdsOf(rows.map(({ pending }) => pending))
  if (thirds === undefined) return undefined
  const { first, middle, last } = thirds
  const grows = last > middle && middle > first
  if (!grows || last - first < LEAST_QUEUE_GROWTH || last < first * LEAST_QUEUE_FACTOR) return undefined
  const perSecond = (last - first) / ((rows.length * 2) / 3)
  const { drain_seconds: drainSeconds, peak_pending: peak } = run.metrics
  const left = run.verification.still_queued ?? 0
  const end = left > 0 ? `${shown(left)} never left it` : `it took ${shown(drainSeconds)} s to empty`
  return {
    rule: 'pending-growing',
    severity: left > 0 ? 'critical' : 'warning',
    symptom: 'Pending messages growing',
    evidence: `on average ${shown(first)} pending in the first third of the window, ${shown(last)} in the last (${shown(perSecond)} more each second), ${shown(peak ?? last)} at the most; ${end}`,
    cause: 'SMTP or dispatch bottleneck: messages come faster than the server takes them',
    action:
      'Raise GMP_BATCH_SIZE_PER_ACCOUNT and GMP_POOL_SIZE, add proxies, and look at how fast the SMTP server answers',
  }
}
