import { type Rule, shown } from './rule.ts'

/** More often than one answer in eight asks for quiet. */
const MANY_SHARE = 0.125
const LEAST_PERIODS = 3

/** Tenants that mostly do not want to be called: their reports come late, and their messages in gusts. */
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
    cause: 'Clients simulating serverless: they sleep between calls',
    action: 'Reduce DND_PROBABILITY',
  }
}
