import { type Rule, shown } from './rule.ts'

/** A wish not to be disturbed that the proxy did not keep. */
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
      ? 'It calls whoever has a report waiting, whatever next_sync_after said, and each instance knows only the windows that it was told of'
      : 'The proxy does not keep next_sync_after, or its instances do not share it',
    action: isReal
      ? 'Do not count on next_sync_after while mail is on its way, and run one instance'
      : 'Look at how the proxy stores the end of a window',
  }
}
