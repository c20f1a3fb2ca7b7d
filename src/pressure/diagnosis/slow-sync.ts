import { type Rule, shown } from './rule.ts'

const SLOW_P95_MS = 1_000

/** Tenants that take long to answer: the proxy waits, and gives up after its time limit. */
export const slowSync: Rule = (run) => {
  const slow = run.tenants
    .flatMap(({ tenant_id: id, intake, sync_response_ms: { p95, max } }) =>
      p95 === null ? [] : [{ id, intake, p95, max }],
    )
    .filter(({ p95 }) => p95 > SLOW_P95_MS)
    .toSorted((a, b) => b.p95 - a.p95)
  if (slow.length === 0) return undefined
  const figures = slow.map(
    ({ id, p95, max }) => `${id}: p95 ${shown(p95)} ms, at the most ${shown(max ?? p95)} ms`,
  )
  const common = {
    rule: 'slow-sync',
    severity: 'warning',
    symptom: 'Slow sync responses',
    evidence: figures.join('; '),
  } as const
  // A tenant that pushes answers only when the proxy has taken its messages.
  if (slow.every(({ intake }) => intake === 'push'))
    return {
      ...common,
      cause: 'The proxy takes long to accept messages: its clients wait for add-messages before they answer',
      action: 'Look at what the proxy and its database do meanwhile, or reduce MSG_RATE_PER_SYNC',
    }
  return { ...common, cause: 'Client overloaded', action: 'Scale the clients, or reduce MSG_RATE_PER_SYNC' }
}
