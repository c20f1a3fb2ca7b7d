import { foreignText } from '../../../text/foreign-text.ts'
import type { Session } from './database.ts'
import { freeSlots, type Hold } from './rate.ts'

/** A recipient that needs no further attempt. */
export interface RecipientDone {
  readonly address: string
  /** Why it was refused; undefined: it was accepted. */
  readonly refused?: string
}

/** How an attempt ended, or how far it has come. */
export interface Outcome extends Hold {
  /**
   * `progress`: some recipients have it, and the attempt continues under the same claim; this causes no event.
   */
  readonly kind: 'sent' | 'error' | 'deferred' | 'progress'
  readonly description?: string
  /** Set for a deferral. */
  readonly retryAfterMs?: number
  /** Whether there was an attempt to send; waiting for a rate limit is none. */
  readonly attempted: boolean
  /** When some recipients were refused: all recipients that are done. */
  readonly recipientsDone?: readonly RecipientDone[]
}

/** The reason of messages that cannot be retried because their account was deleted. */
export const ACCOUNT_DELETED = 'account deleted'

/** Needed for deferrals only. */
const HAS_ACCOUNT =
  'EXISTS (SELECT 1 FROM accounts a WHERE a.tenant_id = m.tenant_id AND a.id = m.account_id)'
/**
 * State and event of every outcome, in one statement: after a crash either all of it is there or nothing.
 *
 * An outcome counts only for the claim that led to it, except for `sent`: that cannot be undone, so it
 * overrides a claim made after the lease had ended. The account may have been deleted during the attempt: a
 * sent message stays sent, and one that would be retried becomes an error.
 */
function record(slots: string): string {
  return `
  WITH outcome AS (
    SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::float8[], $6::boolean[], $7::jsonb[],
        $8::boolean[])
      AS o(pk, claim, kind, description, retry_after_ms, attempted, recipients_done, mailed)
  ),
  changed AS (
    UPDATE messages m SET
      state = CASE WHEN o.kind = 'progress' THEN 'pending' WHEN o.kind <> 'deferred' THEN o.kind
        WHEN ${HAS_ACCOUNT} THEN 'pending' ELSE 'error' END,
      available_at = CASE o.kind WHEN 'deferred' THEN now() + o.retry_after_ms * interval '1 ms' ELSE m.available_at END,
      done_at = CASE WHEN o.kind = 'progress' OR o.kind = 'deferred' AND ${HAS_ACCOUNT} THEN NULL ELSE now() END,
      claim = CASE o.kind WHEN 'progress' THEN m.claim END, claims = CASE o.kind WHEN 'progress' THEN 1 ELSE 0 END,
      attempts = m.attempts + o.attempted::int,
      error = CASE WHEN o.kind <> 'deferred' OR ${HAS_ACCOUNT} THEN o.description
        ELSE concat_ws(': ', '${ACCOUNT_DELETED}', o.description) END,
      recipients_done = coalesce(o.recipients_done, m.recipients_done), updated_at = now()
    FROM outcome o
    WHERE m.pk = o.pk AND m.state = 'pending' AND (m.claim = o.claim OR o.kind = 'sent')
    RETURNING m.pk, m.tenant_id, m.id, m.available_at, m.error,
      CASE WHEN o.kind = 'deferred' AND m.state = 'error' THEN 'error' ELSE o.kind END AS kind, o.recipients_done
  ),
  told AS (
    INSERT INTO message_events (tenant_id, message_pk, message_id, type, until, description, recipients)
    SELECT tenant_id, pk, id, kind, CASE kind WHEN 'deferred' THEN available_at END, error,
      CASE kind WHEN 'deferred' THEN NULL ELSE recipients_done END
    FROM changed WHERE kind <> 'progress'
  )${slots}
  SELECT pk FROM changed`
}

/** Most accounts have no limits, so there are no slots to free. */
const RECORD = { text: record(''), name: 'record' }
const RECORD_LIMITED = { text: record(`,\n  ${freeSlots('outcome')}`), name: 'record-limited' }

/** Returns the messages whose state was changed; the others belong to another process by now, or are gone. */
export async function recordOutcomes(session: Session, outcomes: readonly Outcome[]): Promise<Set<string>> {
  const rows = await session.rows<{ pk: string }>({
    ...(outcomes.some(({ limited }) => limited) ? RECORD_LIMITED : RECORD),
    values: [
      outcomes.map(({ pk }) => pk),
      outcomes.map(({ claim }) => claim),
      outcomes.map(({ kind }) => kind),
      outcomes.map(({ description }) =>
        description === undefined ? null : foreignText(description, MAX_DESCRIPTION_LENGTH),
      ),
      outcomes.map(({ retryAfterMs }) => retryAfterMs ?? null),
      outcomes.map(({ attempted }) => attempted),
      outcomes.map(({ recipientsDone }) =>
        recipientsDone === undefined ? null : JSON.stringify(recipientsDone.map(storable)),
      ),
      outcomes.map(({ mailed = false }) => mailed),
    ],
  })
  return new Set(rows.map(({ pk }) => pk))
}

const MAX_DESCRIPTION_LENGTH = 1_000
/** Per recipient: a message may have a thousand of them. */
const MAX_REASON_LENGTH = 500

/**
 * Server replies were cleaned on arrival (attempt.ts); clean everything else here, since PostgreSQL rejects
 * NUL.
 */
function storable({ address, refused }: RecipientDone): RecipientDone {
  return refused === undefined ? { address } : { address, refused: foreignText(refused, MAX_REASON_LENGTH) }
}

/** The outcome without foreign text, for when that could not be stored: the outcome itself must be. */
export function withoutTexts(outcome: Outcome): Outcome {
  const { description, recipientsDone, ...bare } = outcome
  const lost = 'its text could not be stored'
  return {
    ...bare,
    ...(description === undefined ? {} : { description: lost }),
    ...(recipientsDone === undefined
      ? {}
      : {
          recipientsDone: recipientsDone.map(({ address, refused }) => ({
            address,
            ...(refused === undefined ? {} : { refused: lost }),
          })),
        }),
  }
}
