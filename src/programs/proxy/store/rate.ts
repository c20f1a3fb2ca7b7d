import type { Database, Session } from './database.ts'

/*
 * Rate limits of accounts and tenants, kept as slots. A slot is reserved before a message is prepared. From then on it
 * counts as a transaction at a time in the future, `reserveMs` from now, later than its MAIL can be sent; once MAIL was
 * sent, it counts at that moment. So a slot's time is never before its MAIL, and no sliding window over the server's own
 * log has more transactions than the limit, whatever happens between reservation and MAIL. A reservation that leads to
 * no MAIL is freed by the outcome (outcomes.ts) or the release (claim.ts) of its message; that of a killed process
 * expires.
 */

/** A message held by a process, under a claim. */
export interface Hold {
  readonly pk: string
  readonly claim: string
  /** Whether its account has rate limits, and it may hold a slot. */
  readonly limited?: boolean
  /** Whether MAIL was sent for it, so that its slot is used up. */
  readonly mailed?: boolean
}

/** A message that needs a slot. */
export interface Wanting extends Hold {
  readonly tenantId: string
  readonly accountId: string
}

export type Admitted =
  /** It has a slot. */
  | { readonly kind: 'admitted' }
  /** A slot will be free after this time. */
  | { readonly kind: 'waits'; readonly ms: number; readonly rejects: boolean }
  /** All slots are taken, some by messages that may not be sent after all: ask again after HOLD_BACK_MS. */
  | { readonly kind: 'undecided' }

interface Limits {
  readonly minute: number | null
  readonly hour: number | null
  readonly day: number | null
  /** The account's behaviour; a tenant's limit always defers. */
  readonly behavior: 'defer' | 'reject'
}

/** Limits, and the slots that count towards them, latest first. */
export interface Limited {
  readonly limits: Limits
  readonly slots: readonly Slot[]
}

export interface Slot {
  readonly ageMs: number
  readonly reserved: boolean
}

const WINDOWS = [
  { limit: 'minute', ms: 60_000 },
  { limit: 'hour', ms: 3_600_000 },
  { limit: 'day', ms: 86_400_000 },
] as const

/** How long messages of an account wait for the outcome of its reservations. */
export const HOLD_BACK_MS = 500

/**
 * Reserves slots for messages of one account, in order. Locks the row of the account, and of its tenant if that
 * has limits, so that any number of proxies together keep the limits exactly. A message keeps what it has
 * already reserved.
 */
export async function reserveSlots(
  db: Database,
  messages: readonly [Wanting, ...Wanting[]],
  reserveMs: number,
): Promise<readonly Admitted[]> {
  const [{ tenantId, accountId }] = messages
  const key = [tenantId, accountId]
  return db.transaction(async (session) => {
    const ofTenant = await tenantLimits(session, tenantId)
    const [limits] = await session.rows<Limits & { [column: string]: unknown }>({
      text: `SELECT limit_per_minute AS minute, limit_per_hour AS hour, limit_per_day AS day, limit_behavior AS behavior
        FROM accounts WHERE tenant_id = $1 AND id = $2 FOR UPDATE`,
      values: key,
    })
    // Deleted meanwhile: messages in hand are sent.
    if (limits === undefined) return messages.map(() => ({ kind: 'admitted' as const }))
    const kept = await keepReserved(session, messages, reserveMs)
    const limited: Limited[] = [{ limits, slots: await slotsOf(session, limits, tenantId, accountId) }]
    if (ofTenant !== undefined)
      limited.push({ limits: ofTenant, slots: await slotsOf(session, ofTenant, tenantId) })
    const wanting = messages.filter(({ pk }) => !kept.has(pk))
    const decided = decide(limited, wanting.length)
    await insertSlots(
      session,
      wanting.filter((_, index) => decided[index]?.kind === 'admitted'),
      reserveMs,
    )
    await blockUntilKnown(session, key, decided)
    const byPk = new Map(wanting.map(({ pk }, index) => [pk, decided[index]]))
    return messages.map(({ pk }) => byPk.get(pk) ?? { kind: 'admitted' as const })
  })
}

/** MAIL of this message was sent: its slot counts from now on. */
export async function slotMailed(session: Session, { pk, claim }: Hold): Promise<void> {
  await session.rows({
    text: 'UPDATE rate_slots SET mailed = true, taken_at = now() WHERE message_pk = $1 AND claim = $2 AND NOT mailed',
    values: [pk, claim],
    name: 'slot-mailed',
  })
}

/**
 * Statement parts that free the reserved but unused slots of `holds`, a relation with pk, claim and mailed.
 * Their accounts can be claimed from again at once. Once MAIL was sent nothing is freed, whether or not that
 * has been recorded yet.
 */
export function freeSlots(holds: string): string {
  return `freed AS (
    DELETE FROM rate_slots s USING ${holds} o WHERE s.message_pk = o.pk AND s.claim = o.claim AND NOT s.mailed AND NOT o.mailed
    RETURNING s.tenant_id, s.account_id
  ),
  unblocked AS (
    UPDATE accounts a SET blocked_until = NULL FROM (SELECT DISTINCT tenant_id, account_id FROM freed) f
    WHERE a.tenant_id = f.tenant_id AND a.id = f.account_id AND a.blocked_until IS NOT NULL
  )`
}

/** A reservation whose time has passed is no longer valid: others were admitted past it. */
async function keepReserved(
  session: Session,
  messages: readonly Wanting[],
  reserveMs: number,
): Promise<Set<string>> {
  const rows = await session.rows<{ pk: string }>({
    text: `UPDATE rate_slots s SET taken_at = now() + $3::float8 * interval '1 ms'
      FROM unnest($1::bigint[], $2::uuid[]) AS h(pk, claim)
      WHERE s.message_pk = h.pk AND s.claim = h.claim AND NOT s.mailed AND s.taken_at > now() RETURNING s.message_pk AS pk`,
    values: [messages.map(({ pk }) => pk), messages.map(({ claim }) => claim), reserveMs],
  })
  return new Set(rows.map(({ pk }) => pk))
}

/** Undefined when the tenant has none. */
async function tenantLimits(session: Session, tenantId: string): Promise<Limits | undefined> {
  const text = `SELECT limit_per_hour AS hour, limit_per_day AS day FROM tenants
    WHERE id = $1 AND coalesce(limit_per_hour, limit_per_day) IS NOT NULL`
  const values = [tenantId]
  const [found] = await session.rows({ text, values, name: 'tenant-limits' })
  if (found === undefined) return undefined
  // This blocks neither claims of the tenant's messages nor rows that refer to the tenant.
  const locked = `${text} FOR NO KEY UPDATE`
  const [limits] = await session.rows<Pick<Limits, 'hour' | 'day'>>({ text: locked, values })
  return limits === undefined ? undefined : { ...limits, minute: null, behavior: 'defer' }
}

/** Slots of an account or a tenant within the longest window that has a limit, latest first. */
async function slotsOf(
  session: Session,
  limits: Limits,
  tenantId: string,
  accountId?: string,
): Promise<Slot[]> {
  const longest = WINDOWS.findLast(({ limit }) => limits[limit] !== null)
  return session.rows<Slot & { [column: string]: unknown }>({
    text: `SELECT extract(epoch FROM now() - taken_at)::float8 * 1000 AS "ageMs", NOT mailed AND taken_at > now() AS reserved
      FROM rate_slots WHERE tenant_id = $1 AND ($2::text IS NULL OR account_id = $2)
        AND taken_at > now() - $3::float8 * interval '1 ms'
      ORDER BY taken_at DESC`,
    values: [tenantId, accountId ?? null, longest?.ms ?? 0],
  })
}

/** Decides for `count` messages that ask in a row. */
export function decide(limited: readonly Limited[], count: number): Admitted[] {
  const decided: Admitted[] = []
  for (let index = 0; index < count; index++) {
    const each = limited.flatMap(({ limits, slots }) =>
      WINDOWS.map(({ limit, ms }): Admitted => {
        const one = inWindow(slots, decided, { most: limits[limit], windowMs: ms })
        return one.kind === 'waits' ? { ...one, rejects: limits.behavior === 'reject' } : one
      }),
    )
    const waits = each.filter((one) => one.kind === 'waits')
    const ms = Math.max(...waits.map((wait) => wait.ms))
    if (waits.length > 0) decided.push({ kind: 'waits', ms, rejects: waits.some(({ rejects }) => rejects) })
    else decided.push(each.find(({ kind }) => kind === 'undecided') ?? { kind: 'admitted' })
  }
  return decided
}

/**
 * With a limit of L a message waits until the L-th transaction before it has left the window. That is one of
 * the same call (`before`) or a slot.
 */
function inWindow(
  slots: readonly Slot[],
  before: readonly Admitted[],
  { most, windowMs }: { readonly most: number | null; readonly windowMs: number },
): Admitted {
  const index = before.length
  if (most === null || most <= 0) return { kind: 'admitted' }
  if (index >= most) {
    const ahead = before[index - most]
    // Its MAIL was not sent, so it is unknown when its window ends, or whether it begins.
    if (ahead?.kind !== 'waits') return { kind: 'undecided' }
    return { ...ahead, ms: ahead.ms + windowMs }
  }
  const slot = slots[most - 1 - index]
  if (slot === undefined || slot.ageMs >= windowMs) return { kind: 'admitted' }
  return slot.reserved ? { kind: 'undecided' } : { kind: 'waits', ms: windowMs - slot.ageMs, rejects: false }
}

async function insertSlots(session: Session, messages: readonly Wanting[], reserveMs: number): Promise<void> {
  const [first] = messages
  if (first === undefined) return
  await session.rows({
    text: `INSERT INTO rate_slots (message_pk, claim, tenant_id, account_id, mailed, taken_at)
      SELECT g.pk, g.claim, $3, $4, false, now() + $5::float8 * interval '1 ms'
      FROM unnest($1::bigint[], $2::uuid[]) AS g(pk, claim)`,
    values: [
      messages.map(({ pk }) => pk),
      messages.map(({ claim }) => claim),
      first.tenantId,
      first.accountId,
      reserveMs,
    ],
  })
}

/** Claims nothing of the account until a slot is free, or until it is known when one will be. */
async function blockUntilKnown(
  session: Session,
  key: readonly string[],
  decided: readonly Admitted[],
): Promise<void> {
  // Messages to be rejected are claimed for that.
  const waits = decided.flatMap((one) => (one.kind === 'waits' && !one.rejects ? [one.ms] : []))
  const undecided = decided.some(({ kind }) => kind === 'undecided')
  const ms = undecided ? HOLD_BACK_MS : waits.length > 0 ? Math.min(...waits) : 0
  if (ms === 0) return
  await session.rows({
    text: `UPDATE accounts SET blocked_until = now() + $3::float8 * interval '1 ms' WHERE tenant_id = $1 AND id = $2`,
    values: [...key, ms],
  })
}
