import type { OpenAttachmentsOf } from '../attachments/open-attachments.ts'
import type { Claimed } from '../store/claim.ts'
import type { Outcome } from '../store/outcomes.ts'
import { compose, recipientsOf } from './compose.ts'
import { conclude } from './conclude.ts'
import type { Transports } from './transports.ts'
import { type AttemptResult, resultOf, resultOfError } from './verdict.ts'
import { wireMessage } from './wire-message.ts'

export interface AttemptParts {
  readonly transports: Transports
  readonly openAttachments: OpenAttachmentsOf
  readonly retryDelaysMs: readonly number[]
}

/** Tries to send one message; never throws: whatever happens is an outcome. */
export async function attempt(message: Claimed, parts: AttemptParts, signal: AbortSignal): Promise<Outcome> {
  const done = new Set(message.recipientsDone.map(({ address }) => address))
  const open = recipientsOf(message.mail).filter((address) => !done.has(address))
  const result = await send(message, open, parts, signal)
  return conclude(message, open, result, parts.retryDelaysMs)
}

async function send(
  message: Claimed,
  recipients: readonly string[],
  { transports, openAttachments }: AttemptParts,
  signal: AbortSignal,
): Promise<AttemptResult> {
  try {
    using attachments = await openAttachments(message, signal)
    const content = wireMessage(compose(message, attachments.items))
    const envelope = { from: message.mail.envelopeFrom, to: recipients }
    const pool = transports.for(message.server)
    return resultOf(await pool.send(envelope, content, signal, message.tenantId))
  } catch (error) {
    return resultOfError(error)
  }
}
