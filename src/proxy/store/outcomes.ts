import type { RecipientDone } from './claim.ts'
import type { Session } from './database.ts'

/** How an attempt ended. */
export interface Outcome {
  readonly pk: string
  readonly claim: string
  readonly kind: 'sent' | 'error' | 'deferred'
  readonly description?: string
  /** Of a deferral. */
  readonly retryAfterMs?: number
  /** Whether it was an attempt to send; waiting for a rate limit is none. */
  readonly attempted: boolean
  /** When some recipients were refused: all that are done with. */
  readonly recipientsDone?: readonly RecipientDone[]
}

/**
 * State and event of every outcome, in one statement: all or nothing of it is there after a crash.
 *
 * An outcome counts for the claim that led to it only, but for `sent`: that cannot be taken back, so it wins
 * over a claim that came after this one's lease had ended.
 */
const RECORD = `
  WITH outcome AS (
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::boolean[], $7::jsonb[])
      AS o(pk, claim, kind, description, retry_after_ms, attempted, recipients_done)
  ),
  changed AS (
    UPDATE messages m SET
      state = CASE o.kind WHEN 'deferred' THEN 'pending' ELSE o.kind END,
      available_at = CASE o.kind WHEN 'deferred' THEN now() + o.retry_after_ms * interval '1 ms' ELSE m.available_at END,
      done_at = CASE o.kind WHEN 'deferred' THEN NULL ELSE now() END,
      claim = NULL, claims = 0, attempts = m.attempts + o.attempted::int, error = o.description,
      recipients_done = coalesce(o.recipients_done, m.recipients_done), updated_at = now()
    FROM outcome o
    WHERE m.pk = o.pk AND m.state = 'pending' AND (m.claim = o.claim OR o.kind = 'sent')
    RETURNING m.pk, m.tenant_id, m.id, m.available_at, o.kind, o.description, o.recipients_done
  ),
  told AS (
    INSERT INTO message_events (tenant_id, message_pk, message_id, type, until, description, recipients)
    SELECT tenant_id, pk, id, kind, CASE kind WHEN 'deferred' THEN available_at END, description,
      CASE kind WHEN 'deferred' THEN NULL ELSE recipients_done END
    FROM changed
  ),
  freed AS (
    DELETE FROM rate_slots s USING outcome o WHERE s.message_pk = o.pk AND o.kind <> 'sent'
  )
  SELECT pk FROM changed`

/** Gives the messages whose state was changed; the others belong to somebody else by now, or are gone. */
export async function recordOutcomes(session: Session, outcomes: readonly Outcome[]): Promise<Set<string>> {
  const rows = await session.rows<{ pk: string }>({
    text: RECORD,
    name: 'record',
    values: [
      outcomes.map(({ pk }) => pk),
      outcomes.map(({ claim }) => claim),
      outcomes.map(({ kind }) => kind),
      outcomes.map(({ description }) => (description === undefined ? null : clean(description))),
      outcomes.map(({ retryAfterMs }) => retryAfterMs ?? null),
      outcomes.map(({ attempted }) => attempted),
      outcomes.map(({ recipientsDone }) =>
        recipientsDone === undefined ? null : JSON.stringify(recipientsDone),
      ),
    ],
  })
  return new Set(rows.map(({ pk }) => pk))
}

const MAX_DESCRIPTION_LENGTH = 1_000

/** A server's reply may have anything in it; PostgreSQL takes no NUL. */
function clean(description: string): string {
  return description.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_DESCRIPTION_LENGTH)
}
