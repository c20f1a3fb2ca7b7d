import type { Database } from './database.ts'
import { ring } from './doorbell.ts'

export interface Suspension {
  readonly suspendedBatches: readonly string[]
  readonly pendingMessages: number
}

/** All batches of a tenant, and messages without one. */
export const ALL_BATCHES = '*'

/** Suspends or activates a batch, or all that a tenant has; undefined when there is no such tenant. */
export async function setSuspended(
  db: Database,
  tenantId: string,
  batchCode: string,
  suspended: boolean,
): Promise<Suspension | undefined> {
  return db.transaction(async (session) => {
    // Against messages of the batch that are queued at the same moment (intake.ts).
    await session.rows({ text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', values: [tenantId] })
    const [tenant] = await session.rows<{ batches: string[] }>({
      text: `UPDATE tenants SET suspended_batches = ${suspended ? ADDED : REMOVED} WHERE id = $1
        RETURNING suspended_batches AS batches`,
      values: [tenantId, batchCode],
    })
    if (tenant === undefined) return undefined
    await hold(session, tenantId, batchCode, suspended)
    if (!suspended) await ring(session, 'messages')
    const [count] = await session.rows<{ pending: number }>({
      text: `SELECT count(*)::int AS pending FROM messages WHERE tenant_id = $1 AND state = 'pending'
        AND ($2 = '${ALL_BATCHES}' OR batch_code = $2)`,
      values: [tenantId, batchCode],
    })
    return { suspendedBatches: tenant.batches, pendingMessages: count?.pending ?? 0 }
  })
}

const ADDED = `CASE WHEN $2 = ANY (suspended_batches) THEN suspended_batches ELSE suspended_batches || $2::text END`
/** Activating all activates each batch too. */
const REMOVED = `CASE WHEN $2 = '${ALL_BATCHES}' THEN '{}' ELSE array_remove(suspended_batches, $2) END`

/** A suspension of all is asked of the tenant by each claim: no row of a long queue has to be touched. */
async function hold(
  session: Pick<Database, 'rows'>,
  tenantId: string,
  batchCode: string,
  suspended: boolean,
): Promise<void> {
  if (suspended && batchCode === ALL_BATCHES) return
  await session.rows({
    text: `UPDATE messages SET held = $3 WHERE tenant_id = $1 AND state = 'pending' AND held <> $3
      AND batch_code IS NOT NULL AND ($2 = '${ALL_BATCHES}' OR batch_code = $2)`,
    values: [tenantId, batchCode, suspended],
  })
}
