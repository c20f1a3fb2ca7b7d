import type { Database, Session } from './database.ts'

export interface Admission {
  /** May be sent now; each has a slot. */
  readonly admitted: ReadonlySet<string>
  /** Of the others: when a slot is free for each, or that they are to be rejected. */
  readonly waitMs: ReadonlyMap<string, number>
  readonly behavior: 'defer' | 'reject'
}

interface Limits {
  readonly minute: number | null
  readonly hour: number | null
  readonly day: number | null
  readonly behavior: 'defer' | 'reject'
}

const WINDOWS = [
  { limit: 'minute', ms: 60_000 },
  { limit: 'hour', ms: 3_600_000 },
  { limit: 'day', ms: 86_400_000 },
] as const

/**
 * Gives slots of an account's limits to messages, in order. The windows slide, and the account's row is locked
 * meanwhile, so that any number of proxies together stay within them exactly. A message keeps its slot until the
 * window has passed, unless the attempt ends without being accepted (outcomes.ts).
 */
export async function admit(
  db: Database,
  account: { readonly tenantId: string; readonly accountId: string },
  pks: readonly string[],
): Promise<Admission> {
  const key = [account.tenantId, account.accountId]
  return db.transaction(async (session) => {
    const [limits] = await session.rows<Limits & { [column: string]: unknown }>({
      text: `SELECT limit_per_minute AS minute, limit_per_hour AS hour, limit_per_day AS day, limit_behavior AS behavior
        FROM accounts WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
      values: key,
    })
    if (limits === undefined) return { admitted: new Set(pks), waitMs: new Map(), behavior: 'defer' }
    const ages = await slotAges(session, key, limits, pks)
    const waits = pks.map((_, index) => waitFor(ages, index, limits))
    const admitted = pks.filter((_, index) => waits[index] === 0)
    await takeSlots(session, key, admitted)
    const waitMs = new Map(
      pks.map((pk, index) => [pk, waits[index] ?? 0] as const).filter(([, ms]) => ms > 0),
    )
    const first = Math.min(...waitMs.values())
    if (waitMs.size > 0 && limits.behavior === 'defer') await block(session, key, first)
    return { admitted: new Set(admitted), waitMs, behavior: limits.behavior }
  })
}

/** Ages of the slots taken in the longest window that has a limit, newest first, in ms. */
async function slotAges(
  session: Session,
  key: readonly string[],
  limits: Limits,
  pks: readonly string[],
): Promise<number[]> {
  const longest = WINDOWS.findLast(({ limit }) => limits[limit] !== null)
  const rows = await session.rows<{ age: number }>({
    text: `SELECT extract(epoch FROM now() - taken_at)::float8 * 1000 AS age FROM rate_slots
      WHERE tenant_id = $1 AND account_id = $2 AND taken_at > now() - $3::float8 * interval '1 ms'
        AND message_pk <> ALL ($4::bigint[])
      ORDER BY taken_at DESC`,
    values: [...key, longest?.ms ?? 0, pks],
  })
  return rows.map(({ age }) => age)
}

function waitFor(agesMs: readonly number[], index: number, limits: Limits): number {
  const waits = WINDOWS.map(({ limit, ms }) =>
    waitInWindow(agesMs, index, { most: limits[limit], windowMs: ms }),
  )
  return Math.max(...waits)
}

/**
 * How long the message at `index` of a call has to wait: with a limit of L, until the one sent L messages before
 * it has left the window. That is one of the same call, or the slot at L - 1 - index, counted from the newest.
 */
export function waitInWindow(
  agesMs: readonly number[],
  index: number,
  window: { readonly most: number | null; readonly windowMs: number },
): number {
  const { most, windowMs } = window
  if (most === null || most <= 0) return 0
  if (index >= most) return waitInWindow(agesMs, index - most, window) + windowMs
  const ageMs = agesMs[most - 1 - index]
  return ageMs === undefined ? 0 : Math.max(0, windowMs - ageMs)
}

async function takeSlots(session: Session, key: readonly string[], pks: readonly string[]): Promise<void> {
  if (pks.length === 0) return
  await session.rows({
    text: `INSERT INTO rate_slots (message_pk, tenant_id, account_id, taken_at)
      SELECT pk, $1, $2, now() FROM unnest($3::bigint[]) AS g(pk)
      ON CONFLICT (message_pk) DO UPDATE SET taken_at = now(), account_id = excluded.account_id`,
    values: [...key, pks],
  })
}

/** Nothing of the account is claimed until then: what would come of it is known. */
async function block(session: Session, key: readonly string[], ms: number): Promise<void> {
  await session.rows({
    text: `UPDATE accounts SET blocked_until = now() + $3::float8 * interval '1 ms' WHERE tenant_id = $1 AND id = $2`,
    values: [...key, ms],
  })
}
