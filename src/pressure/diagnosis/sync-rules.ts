import { type Rule, shown } from './rule.ts'

const SLOW_P95_MS = 1_000

/** Tenants answer slowly: the proxy waits, and gives up at its timeout. */
export const slowSync: Rule = (run) => {
  const slow = run.tenants
    .flatMap(({ tenant_id: id, intake, sync_response_ms: { p95, max } }) =>
      p95 === null ? [] : [{ id, intake, p95, max }],
    )
    .filter(({ p95 }) => p95 > SLOW_P95_MS)
    .toSorted((a, b) => b.p95 - a.p95)
  if (slow.length === 0) return undefined
  const figures = slow.map(({ id, p95, max }) => `${id}: p95 ${shown(p95)} ms, max ${shown(max ?? p95)} ms`)
  const common = {
    rule: 'slow-sync',
    severity: 'warning',
    symptom: 'Slow sync responses',
    evidence: figures.join('; '),
  } as const
  // A tenant that pushes answers only after the proxy has accepted its messages.
  if (slow.every(({ intake }) => intake === 'push'))
    return {
      ...common,
      cause: 'The proxy is slow to accept messages: its clients wait for add-messages before they answer',
      action: 'Check what the proxy and its database are doing, or reduce MSG_RATE_PER_SYNC',
    }
  return { ...common, cause: 'The client is overloaded', action: 'Add clients, or reduce MSG_RATE_PER_SYNC' }
}

/** Tenants should be called every few seconds. */
const LATE_SECONDS = 60

/** Tenants wait for the proxy to call, for the first time or after a DND window. */
export const rareSync: Rule = ({ timeline, metrics, tenants, proxy }) => {
  const found = timeline.findIndex((row) => row.sync_calls > 0)
  const first = found === -1 ? timeline.length : found
  const resumeSeconds = (metrics.dnd_resume_ms.max ?? 0) / 1000
  if (Math.max(first, resumeSeconds) < LATE_SECONDS) return undefined
  const evidence = [
    `${shown(metrics.sync_calls)} calls in ${shown(metrics.duration_seconds)} s to ${shown(tenants.length)} ${tenants.length === 1 ? 'tenant' : 'tenants'}`,
    ...(first < LATE_SECONDS
      ? []
      : [found === -1 ? 'none came at all' : `the first came after ${shown(first)} s`]),
    ...(resumeSeconds < LATE_SECONDS
      ? []
      : [`up to ${shown(resumeSeconds)} s passed between the end of a DND window and the next call`]),
  ]
  const isReal = proxy.implementation === 'genro-mail-proxy'
  return {
    rule: 'rare-sync',
    severity: 'warning',
    symptom: 'Sync calls come late',
    evidence: evidence.join('; '),
    cause: isReal
      ? 'It calls a tenant that has no reports waiting only every 300 s, counted from the end of a DND window; no setting changes that'
      : 'GMP_SYNC_INTERVAL is long, or something held up the sync loop',
    action: isReal
      ? 'Have the clients call run-now with the key of their tenant'
      : 'Lower GMP_SYNC_INTERVAL, and look for tenants that answer slowly',
  }
}

/** The proxy called tenants inside do-not-disturb windows. */
export const dndIgnored: Rule = ({ metrics, tenants, proxy }) => {
  const { dnd_violations: inside, sync_calls: calls, dnd_periods: periods } = metrics
  if (inside === 0) return undefined
  const disturbed = tenants
    .filter((row) => row.dnd_violations > 0)
    .map((row) => `${row.tenant_id}: ${shown(row.dnd_violations)} of ${shown(row.sync_calls)}`)
  const isReal = proxy.implementation === 'genro-mail-proxy'
  return {
    rule: 'dnd-ignored',
    severity: 'warning',
    symptom: 'Tenants called inside DND windows',
    evidence: `${shown(inside)} of ${shown(calls)} sync calls came inside one of ${shown(periods)} windows (${disturbed.join('; ')})`,
    cause: isReal
      ? 'It calls every tenant that has a report waiting, whatever next_sync_after says, and each instance knows only the windows that it was told about'
      : 'The proxy does not keep next_sync_after, or its instances do not share it',
    action: isReal
      ? 'Do not rely on next_sync_after while mail is in flight, and run one instance'
      : 'Check how the proxy stores the end of a window',
  }
}

/** More than one answer in eight asks for quiet. */
const MANY_SHARE = 0.125
const LEAST_PERIODS = 3

/** Tenants that mostly refuse calls: their reports come late, and their messages in bursts. */
export const manyDnd: Rule = (run) => {
  const many = run.tenants
    .filter((row) => row.dnd_periods >= LEAST_PERIODS && row.dnd_periods > row.sync_calls * MANY_SHARE)
    .map(
      (row) => `${row.tenant_id}: ${row.dnd_periods} of ${row.sync_calls} answers asked not to be disturbed`,
    )
  if (many.length === 0) return undefined
  const { p95 } = run.metrics.report_lag_ms
  const lag = p95 === null ? '' : `; reports reached their tenant ${shown(p95)} ms after delivery (p95)`
  return {
    rule: 'many-dnd',
    severity: 'warning',
    symptom: 'Many DND periods',
    evidence: `${many.join('; ')}${lag}`,
    cause: 'The clients behave like serverless functions: they sleep between calls',
    action: 'Reduce DND_PROBABILITY',
  }
}
