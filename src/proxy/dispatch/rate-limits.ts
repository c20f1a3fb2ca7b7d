import type { Metrics } from '../metrics.ts'
import type { Claimed } from '../store/claim.ts'
import type { Database } from '../store/database.ts'
import type { Outcome } from '../store/outcomes.ts'
import { type Admission, admit } from '../store/rate.ts'

export interface Admitted {
  readonly admitted: readonly Claimed[]
  /** Those that have to wait, or are rejected for it. */
  readonly others: readonly { readonly message: Claimed; readonly outcome: Outcome }[]
}

/** Asks for slots for the messages of accounts that have limits. */
export async function admitLimited(
  db: Database,
  claimed: readonly Claimed[],
  metrics: Metrics,
): Promise<Admitted> {
  const limited = claimed.filter((message) => message.limited)
  const lanes = Map.groupBy(limited, ({ tenantId, accountId }) => JSON.stringify([tenantId, accountId]))
  const admitted = claimed.filter((message) => !message.limited)
  const others: { message: Claimed; outcome: Outcome }[] = []
  for (const messages of lanes.values()) {
    const [first] = messages
    if (first === undefined) continue
    const admission = await admit(
      db,
      first,
      messages.map(({ pk }) => pk),
    )
    admitted.push(...messages.filter(({ pk }) => admission.admitted.has(pk)))
    const late = messages.filter(({ pk }) => !admission.admitted.has(pk))
    for (const message of late) metrics.rateLimited(message)
    others.push(...late.map((message) => ({ message, outcome: outcomeOf(message, admission) })))
  }
  return { admitted, others }
}

function outcomeOf({ pk, claim }: Claimed, { behavior, waitMs }: Admission): Outcome {
  const common = { pk, claim, attempted: false }
  if (behavior === 'reject') return { ...common, kind: 'error', description: 'rate_limit_exceeded' }
  return { ...common, kind: 'deferred', retryAfterMs: waitMs.get(pk) ?? 0, description: 'rate limit' }
}
