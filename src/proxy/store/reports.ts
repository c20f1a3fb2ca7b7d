import type { Bounce } from '../bounces/bounce-report.ts'
import type { Database, Session } from './database.ts'
import type { RecipientDone } from './outcomes.ts'

/** One item of a delivery report, as tenants read it. Times are seconds since 1970. */
export interface Report {
  readonly id: string
  readonly sent_ts?: number
  readonly error_ts?: number
  readonly error?: string
  readonly deferred_ts?: number
  readonly deferred_reason?: string
  /** A message that was sent has come back, for one of its recipients. */
  readonly bounce_ts?: number
  readonly bounce_type?: 'hard' | 'soft'
  /** RFC 3463, as 5.1.1. */
  readonly bounce_code?: string
  readonly bounce_reason?: string
  readonly bounce_recipient?: string
  /** Of a message that was sent: who did not get it, and why. */
  readonly refused_recipients?: readonly { readonly address: string; readonly reason: string }[]
}

export interface Reports {
  readonly items: readonly Report[]
  /** Of the events behind the items, for acknowledge(). */
  readonly eventIds: readonly string[]
  /** Whether more wait. */
  readonly more: boolean
}

interface Row {
  readonly [column: string]: unknown
  readonly event_id: string
  readonly id: string
  readonly type: 'sent' | 'error' | 'deferred' | 'bounce'
  readonly bounce: Bounce | null
  readonly at: number
  readonly until: number | null
  readonly description: string | null
  readonly recipients: readonly RecipientDone[] | null
}

/** What a tenant has not acknowledged, oldest first. */
export async function unreported(db: Database, tenantId: string, limit: number): Promise<Reports> {
  const rows = await db.rows<Row>({
    text: `SELECT id AS event_id, message_id AS id, type, extract(epoch FROM at)::float8 AS at,
        extract(epoch FROM until)::float8 AS until, description, recipients, bounce
      FROM message_events WHERE tenant_id = $1 AND reported_at IS NULL ORDER BY id LIMIT $2`,
    values: [tenantId, limit + 1],
    name: 'unreported',
  })
  const page = rows.slice(0, limit)
  return { items: page.map(reportOf), eventIds: page.map((row) => row.event_id), more: rows.length > limit }
}

function reportOf({ id, type, at, until, description, recipients, bounce }: Row): Report {
  const reason = description ?? ''
  if (type === 'bounce' && bounce !== null)
    return {
      id,
      bounce_ts: at,
      bounce_type: bounce.type,
      ...(bounce.code === undefined ? {} : { bounce_code: bounce.code }),
      bounce_reason: bounce.reason,
      bounce_recipient: bounce.recipient,
    }
  // As the real one's: deferred_ts is when it is tried again.
  if (type === 'deferred') return { id, deferred_ts: until ?? at, deferred_reason: reason }
  if (type === 'error') return { id, error_ts: at, error: reason }
  const refused = (recipients ?? []).flatMap(({ address, refused: why }) =>
    why === undefined ? [] : [{ address, reason: why }],
  )
  return { id, sent_ts: at, ...(refused.length === 0 ? {} : { refused_recipients: refused }) }
}

export async function acknowledge(session: Session, eventIds: readonly string[]): Promise<void> {
  if (eventIds.length === 0) return
  await session.rows({
    text: 'UPDATE message_events SET reported_at = now() WHERE id = ANY ($1::bigint[]) AND reported_at IS NULL',
    values: [eventIds],
    name: 'acknowledge',
  })
}
