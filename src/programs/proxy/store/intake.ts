import { errorText } from '../../../error.ts'
import { foreignText } from '../../../text/foreign-text.ts'
import { idOfRefused, readSubmission, type Submission, type SubmissionDefaults } from '../intake/mail.ts'
import { Unacceptable } from '../intake/mailbox.ts'
import { type Database, mayPass, type Session } from './database.ts'
import { ring } from './doorbell.ts'

export interface IntakeResult {
  readonly queued: number
  readonly rejected: readonly Refusal[]
}

export interface IntakeOptions extends SubmissionDefaults {
  /** The only tenant whose messages are accepted; undefined: any. */
  readonly onlyTenantId?: string | undefined
}

export const ALREADY_SENT = 'already sent'
const BEING_SENT = 'being sent'

/**
 * Accepts messages: each is queued or refused by itself, and the queued ones are committed when this resolves.
 * A message that the database unexpectedly rejects is found by bisection, and refused alone.
 */
export async function takeMessages(
  db: Database,
  messages: readonly unknown[],
  options: IntakeOptions = {},
): Promise<IntakeResult> {
  try {
    return await takeAll(db, messages, options)
  } catch (error) {
    if (mayPass(error)) throw error
    if (messages.length <= 1) {
      const reason = `cannot be stored: ${foreignText(errorText(error), 200)}`
      return { queued: 0, rejected: messages.map((one) => ({ id: idOfRefused(one) ?? null, reason })) }
    }
    const half = Math.ceil(messages.length / 2)
    const first = await takeMessages(db, messages.slice(0, half), options)
    const second = await takeMessages(db, messages.slice(half), options)
    return { queued: first.queued + second.queued, rejected: [...first.rejected, ...second.rejected] }
  }
}

async function takeAll(
  db: Database,
  messages: readonly unknown[],
  options: IntakeOptions,
): Promise<IntakeResult> {
  const read = messages.map((message) => submissionOrRefused(message, options))
  const refused = read.filter((item): item is Refused => 'reason' in item)
  const submissions = lastOfEachId(
    read.filter((item): item is Submission => 'mail' in item),
    refused,
  )
  const queued = await db.transaction(async (session) => {
    const ready = await withAccounts(session, submissions, refused)
    const taken = await insert(session, ready, refused)
    await storeRefused(session, refused)
    if (taken > 0) await ring(session, 'messages')
    return taken
  })
  return { queued, rejected: refused.map(({ id, reason }) => ({ id, reason })) }
}

function submissionOrRefused(given: unknown, options: IntakeOptions): Submission | Refused {
  const refused = (reason: string): Refused => ({
    id: idOfRefused(given) ?? null,
    reason,
    tenantId: options.onlyTenantId ?? options.tenantId ?? tenantIdOf(given),
  })
  try {
    const submission = readSubmission(given, options)
    const { onlyTenantId } = options
    const foreign = onlyTenantId !== undefined && submission.tenantId !== onlyTenantId
    return foreign ? refused('tenant_id is not that of the token') : submission
  } catch (error) {
    if (error instanceof Unacceptable) return refused(error.message)
    throw error
  }
}

function tenantIdOf(given: unknown): string | undefined {
  const id = (given as { tenant_id?: unknown } | null)?.tenant_id
  return typeof id === 'string' ? id : undefined
}

const keyOf = ({ tenantId, id }: Submission) => JSON.stringify([tenantId, id])

/** Sorted by key, so that no two transactions wait for each other's rows. */
function lastOfEachId(submissions: readonly Submission[], refused: Refused[]): Submission[] {
  const byKey = new Map<string, Submission>()
  for (const submission of submissions) {
    const key = keyOf(submission)
    // Not reported: its id is in the queue.
    if (byKey.has(key)) refused.push({ id: submission.id, reason: 'twice in one batch', tenantId: undefined })
    byKey.set(key, submission)
  }
  return [...byKey].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, submission]) => submission)
}

type Ready = Submission & { readonly accountId: string }

/** A message without an account takes its tenant's only one. */
async function withAccounts(
  session: Session,
  submissions: readonly Submission[],
  refused: Refused[],
): Promise<Ready[]> {
  const tenantIds = [...new Set(submissions.map(({ tenantId }) => tenantId))]
  const rows = await session.rows<{ tenant_id: string; accounts: string[] }>({
    text: `SELECT t.id AS tenant_id, array_remove(array_agg(a.id), NULL) AS accounts
      FROM tenants t LEFT JOIN accounts a ON a.tenant_id = t.id WHERE t.id = ANY ($1) GROUP BY t.id`,
    values: [tenantIds],
    name: 'accounts-of-tenants',
  })
  const accountsOf = new Map(rows.map((row) => [row.tenant_id, row.accounts]))
  return submissions.flatMap((submission) => {
    const { id, tenantId } = submission
    const accounts = accountsOf.get(tenantId)
    const refuse = (reason: string, reportTo: string | undefined) => {
      refused.push({ id, reason, tenantId: reportTo })
      return []
    }
    if (accounts === undefined) return refuse('tenant not found', undefined)
    if (submission.accountId !== undefined)
      return accounts.includes(submission.accountId)
        ? [{ ...submission, accountId: submission.accountId }]
        : refuse('account not found for tenant', tenantId)
    const [only, ...others] = accounts
    if (only !== undefined && others.length === 0) return [{ ...submission, accountId: only }]
    return refuse('missing account_id', tenantId)
  })
}

async function insert(session: Session, messages: readonly Ready[], refused: Refused[]): Promise<number> {
  if (messages.length === 0) return 0
  await lockBatches(session, messages)
  const payloads = messages.map(({ mail }) => JSON.stringify(mail))
  const rows = await session.rows<{ tenant_id: string; id: string }>({
    text: INSERT,
    name: 'intake',
    values: [
      messages.map(({ tenantId }) => tenantId),
      messages.map(({ id }) => id),
      messages.map(({ accountId }) => accountId),
      messages.map(({ priority }) => priority),
      messages.map(({ batchCode }) => batchCode ?? null),
      messages.map(({ deferredTs }) => deferredTs ?? null),
      payloads,
      payloads.map((payload) => Buffer.byteLength(payload)),
    ],
  })
  if (rows.length < messages.length) await explain(session, messages, rows, refused)
  return rows.length
}

/** A µs apart, to keep the order of the messages of one call. */
const INSERT = `
  INSERT INTO messages (tenant_id, id, account_id, priority, batch_code, held, available_at, payload, payload_bytes)
  SELECT g.tenant_id, g.id, g.account_id, g.priority, g.batch_code,
    coalesce(g.batch_code = ANY (t.suspended_batches), false),
    greatest(now() + g.n * interval '1 microsecond', to_timestamp(g.deferred_ts)), g.payload, g.payload_bytes
  FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::float8[], $7::text[], $8::int[])
    WITH ORDINALITY AS g(tenant_id, id, account_id, priority, batch_code, deferred_ts, payload, payload_bytes, n)
    JOIN tenants t ON t.id = g.tenant_id
  ORDER BY g.n
  ON CONFLICT (tenant_id, id) DO UPDATE SET account_id = excluded.account_id, priority = excluded.priority,
    batch_code = excluded.batch_code, held = excluded.held, available_at = excluded.available_at,
    payload = excluded.payload, payload_bytes = excluded.payload_bytes, state = 'pending', claim = NULL, claims = 0,
    attempts = 0, recipients_done = NULL, error = NULL, done_at = NULL, updated_at = now()
  -- what is claimed may be on the wire with its old content
  WHERE messages.state = 'refused' OR (messages.state = 'pending' AND messages.claim IS NULL)
  RETURNING tenant_id, id`

/** Against a simultaneous suspension of the batch (tenants.ts): one of the two sees the other. */
async function lockBatches(session: Session, messages: readonly Ready[]): Promise<void> {
  const tenantIds = new Set(
    messages.filter(({ batchCode }) => batchCode !== undefined).map(({ tenantId }) => tenantId),
  )
  for (const tenantId of [...tenantIds].toSorted())
    await session.rows({
      text: 'SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))',
      values: [tenantId],
    })
}

async function explain(
  session: Session,
  messages: readonly Ready[],
  taken: readonly { tenant_id: string; id: string }[],
  refused: Refused[],
): Promise<void> {
  const keys = new Set(taken.map(({ tenant_id, id }) => JSON.stringify([tenant_id, id])))
  const missing = messages.filter((message) => !keys.has(keyOf(message)))
  const rows = await session.rows<{ tenant_id: string; id: string; state: string }>({
    text: 'SELECT tenant_id, id, state FROM messages WHERE (tenant_id, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))',
    values: [missing.map(({ tenantId }) => tenantId), missing.map(({ id }) => id)],
  })
  const states = new Map(rows.map(({ tenant_id, id, state }) => [JSON.stringify([tenant_id, id]), state]))
  for (const message of missing) {
    const reason = states.get(keyOf(message)) === 'pending' ? BEING_SENT : ALREADY_SENT
    refused.push({ id: message.id, reason, tenantId: undefined })
  }
}

/** A message that was not queued, as reported to its sender. */
interface Refusal {
  readonly id: string | null
  readonly reason: string
}

interface Refused extends Refusal {
  /** Whom to report to; undefined: nobody. */
  readonly tenantId: string | undefined
}

/**
 * A refused message is reported like any other, because tenants that hand over messages in a sync response get
 * no answer to that. It never replaces a queued message with the same id.
 */
async function storeRefused(session: Session, refused: readonly Refused[]): Promise<void> {
  const reports = refused.filter(({ id, tenantId }) => id !== null && tenantId !== undefined)
  const unique = [
    ...new Map(reports.map((report) => [JSON.stringify([report.tenantId, report.id]), report])).values(),
  ]
  if (unique.length === 0) return
  await session.rows({
    text: `WITH refused AS (
        INSERT INTO messages (tenant_id, id, account_id, priority, state, payload, payload_bytes, error, done_at)
        SELECT g.tenant_id, g.id, '', 2, 'refused', '', 0, g.reason, now()
        FROM unnest($1::text[], $2::text[], $3::text[]) AS g(tenant_id, id, reason) JOIN tenants t ON t.id = g.tenant_id
        ORDER BY g.tenant_id, g.id
        ON CONFLICT (tenant_id, id) DO UPDATE SET error = excluded.error, done_at = now(), updated_at = now()
        WHERE messages.state = 'refused'
        RETURNING pk, tenant_id, id, error
      )
      INSERT INTO message_events (tenant_id, message_pk, message_id, type, description)
      SELECT tenant_id, pk, id, 'error', error FROM refused`,
    values: [unique.map((r) => r.tenantId), unique.map((r) => r.id), unique.map((r) => r.reason)],
  })
}
