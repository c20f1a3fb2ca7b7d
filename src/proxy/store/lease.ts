import type { Session } from './database.ts'
import { freeSlots, type Hold } from './rate.ts'

const HELD = `FROM unnest($1::bigint[], $2::uuid[]) AS h(pk, claim)
  WHERE m.pk = h.pk AND m.claim = h.claim AND m.state = 'pending'`

const valuesOf = (holds: readonly Hold[]) => [holds.map(({ pk }) => pk), holds.map(({ claim }) => claim)]

/** Begins the leases anew; gives the messages that are still this process's own. */
export async function extendLeases(
  session: Session,
  holds: readonly Hold[],
  leaseMs: number,
): Promise<Set<string>> {
  const rows = await session.rows<{ pk: string }>({
    text: `UPDATE messages m SET available_at = now() + $3::int * interval '1 ms' ${HELD} RETURNING m.pk`,
    values: [...valuesOf(holds), leaseMs],
    name: 'extend',
  })
  return new Set(rows.map(({ pk }) => pk))
}

/** Gives messages back as if they had never been claimed, and what they have reserved of their accounts' limits. */
export async function releaseClaims(session: Session, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return
  await session.rows({
    text: `WITH hold AS (SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::boolean[]) AS h(pk, claim, mailed)),
      ${freeSlots('hold')}
      UPDATE messages m SET claim = NULL, claims = greatest(m.claims - 1, 0), available_at = now()
      FROM hold h WHERE m.pk = h.pk AND m.claim = h.claim AND m.state = 'pending'`,
    values: [...valuesOf(holds), holds.map(({ mailed = false }) => mailed)],
  })
}
