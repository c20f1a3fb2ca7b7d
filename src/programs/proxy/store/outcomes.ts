import { foreignText } from '../../../foreign-text.ts'
import type { Session } from './database.ts'
import { freeSlots, type Hold } from './rate.ts'

/** A recipient that needs no further attempt. */
export interface RecipientDone {
  readonly address: string
  /** Why it was refused; undefined = it was accepted. */
  readonly refused?: string
}

/** How an attempt ended, or how far it is. */
export interface Outcome extends Hold {
  /** `progress`: some recipients have it, the attempt goes on under the same claim; there is no event for that. */
  readonly kind: 'sent' | 'error' | 'deferred' | 'progress'
  readonly description?: string
  /** Of a deferral. */
  readonly retryAfterMs?: number
  /** Whether it was an attempt to send; waiting for a rate limit is not one. */
  readonly attempted: boolean
  /** When some recipients were refused: all that are done with. */
  readonly recipientsDone?: readonly RecipientDone[]
}

/** Of a message that cannot be retried, because its account was deleted. */
export const ACCOUNT_DELETED = 'account deleted'

/** Asked of deferrals only. */
const HAS_ACCOUNT =
  'EXISTS (SELECT 1 FROM accounts a WHERE a.tenant_id = m.tenant_id AND a.id = m.account_id)'
/**
 * State and event of every outcome, in one statement: all or nothing of it is there after a crash.
 *
 * An outcome counts for the claim that led to it only, but for `sent`: that cannot be taken back, so it wins
 * over a claim that came after this one's lease had ended. An account may have been deleted during the attempt: what
 * was sent then was sent, and what would have to be tried again is an error.
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

/** Most accounts have no limits, and nothing to give back. */
const RECORD = { text: record(''), name: 'record' }
const RECORD_LIMITED = { text: record(`,\n  ${freeSlots('outcome')}`), name: 'record-limited' }

/** Gives the messages whose state was changed; the others belong to somebody else by now, or are gone. */
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
/** Of each recipient's: a message may have a thousand of them. */
const MAX_REASON_LENGTH = 500

/** What a server said was cleaned where it came in (attempt.ts); what else comes here is, too: PostgreSQL takes no NUL. */
function storable({ address, refused }: RecipientDone): RecipientDone {
  return refused === undefined ? { address } : { address, refused: foreignText(refused, MAX_REASON_LENGTH) }
}

/** The same outcome without any text of the other side, for when that could not be stored: the outcome must be. */
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
