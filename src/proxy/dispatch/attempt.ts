import type { OpenAttachmentsOf } from '../attachments/open-attachments.ts'
import type { Claimed } from '../store/claim.ts'
import type { Outcome } from '../store/outcomes.ts'
import { recipientsOf, withLinks } from './compose.ts'
import { conclude, doneWith } from './conclude.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Transports } from './transports.ts'
import { type AttemptResult, type RefusedRecipient, resultOf, resultOfError } from './verdict.ts'
import { wireMessage } from './wire-message.ts'

export interface AttemptParts {
  readonly transports: Transports
  readonly rateLimits: Pick<RateLimits, 'watch'>
  readonly openAttachments: OpenAttachmentsOf
  readonly retryDelaysMs: readonly number[]
  /** Writes how far an attempt is; false when the message is another's by now. */
  readonly record: (progress: Outcome) => Promise<boolean>
}

/**
 * Tries to send one message; never throws: whatever happens is an outcome.
 *
 * A server need not take more than 100 recipients in a transaction (RFC 5321 4.5.3.1.8): the rest goes at once in the
 * next one (4.5.3.1.10). Who has it is written down before that, so that nobody gets it twice after a crash. A
 * transaction in which each is refused for a reason of its own ends nothing: the others are still to be asked about.
 */
export async function attempt(message: Claimed, parts: AttemptParts, signal: AbortSignal): Promise<Outcome> {
  const open = openRecipientsOf(message)
  let result: AttemptResult = { accepted: [], refused: [] }
  let next: readonly string[] = open
  for (;;) {
    const one = await send(message, next, parts, signal)
    const toNext = one.accepted.length === 0 ? [] : one.refused.filter(({ tooMany }) => tooMany === true)
    result = joined(result, one, toNext)
    const full = one.accepted.length > 0 ? undefined : one.refused.find(({ tooMany }) => tooMany === true)
    // It takes nobody any more for now, which says nothing about those that it was not asked about.
    if (full !== undefined) result = { failure: { reason: full.reason, permanent: false }, ...result }
    const rest = result.failure === undefined ? unheardOf(open, result) : []
    const isOver = rest.length === 0 || (one.accepted.length > 0 && !(await recorded(message, result, parts)))
    if (isOver) return conclude(message, open, result, parts.retryDelaysMs)
    // As many as the server has shown that it takes.
    next = rest.slice(0, next.length - toNext.length)
  }
}

/** False when it could not be written down: then nobody else is to get it in this attempt. */
function recorded(message: Claimed, { accepted }: AttemptResult, { record }: AttemptParts): Promise<boolean> {
  const { pk, claim } = message
  const recipientsDone = doneWith(message, accepted)
  return record({ pk, claim, kind: 'progress', attempted: false, recipientsDone }).catch(() => false)
}

function openRecipientsOf({ mail, recipientsDone }: Claimed): string[] {
  const all = recipientsOf(mail)
  if (recipientsDone.length === 0) return all
  const done = new Set(recipientsDone.map(({ address }) => address))
  return all.filter((address) => !done.has(address))
}

function unheardOf(open: readonly string[], { accepted, refused }: AttemptResult): string[] {
  if (accepted.length === open.length) return []
  const heardOf = new Set([...accepted, ...refused.map(({ address }) => address)])
  return open.filter((address) => !heardOf.has(address))
}

/** Without those of now that go into the next transaction. */
function joined(
  before: AttemptResult,
  now: AttemptResult,
  toNext: readonly RefusedRecipient[],
): AttemptResult {
  if (before.accepted.length === 0 && toNext.length === 0) return now
  return {
    accepted: [...before.accepted, ...now.accepted],
    refused: [...before.refused, ...now.refused.filter((refusal) => !toNext.includes(refusal))],
    ...(now.failure === undefined ? {} : { failure: now.failure }),
  }
}

/** What names no return path of its own comes back to the mailbox of bounces, where there is one. */
function envelopeFromOf({ mail: { envelopeFrom, from }, bounceReturnPath }: Claimed): string {
  return envelopeFrom === from.address ? (bounceReturnPath ?? envelopeFrom) : envelopeFrom
}

async function send(
  message: Claimed,
  recipients: readonly string[],
  { transports, openAttachments, rateLimits }: AttemptParts,
  signal: AbortSignal,
): Promise<AttemptResult> {
  try {
    using attachments = await openAttachments(message, signal)
    const content = await wireMessage(withLinks(message, attachments.links), attachments.items)
    const envelope = { from: envelopeFromOf(message), to: recipients }
    const pool = transports.for(message.server)
    const { tenantId } = message
    const watch = rateLimits.watch(message)
    return resultOf(await pool.send(envelope, content, { signal, tenantId, watch }))
  } catch (error) {
    return resultOfError(error)
  }
}
