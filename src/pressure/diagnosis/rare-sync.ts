import { type Rule, shown } from './rule.ts'

/** The seed's clients want to be called every few seconds. */
const LATE_SECONDS = 60

/** Tenants that wait for the proxy to call: for the first time, or after a DND window. */
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
      ? 'It calls a tenant without news every 300 s, which no setting changes, and counts them from the end of a DND window'
      : 'GMP_SYNC_INTERVAL is long, or the sync loop was held up',
    action: isReal
      ? 'Have the clients call run-now with the key of their tenant'
      : 'Lower GMP_SYNC_INTERVAL, and look for tenants that are slow to answer',
  }
}
