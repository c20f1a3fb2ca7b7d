import type { Claimed, RecipientDone } from '../store/claim.ts'
import type { Outcome } from '../store/outcomes.ts'
import type { AttemptResult, RefusedRecipient } from './verdict.ts'

const MAX_REASONS_SHOWN = 3

/**
 * The outcome of an attempt for the message: recipients refused for good are done with, as are those that have
 * it; for the others it is tried again, as long as there are delays left.
 */
export function conclude(
  message: Pick<Claimed, 'pk' | 'claim' | 'attempts' | 'recipientsDone'>,
  openRecipients: readonly string[],
  result: AttemptResult,
  retryDelaysMs: readonly number[],
): Outcome {
  const refusals = refusalsOf(openRecipients, result)
  const retryAfterMs = retryDelaysMs[message.attempts]
  const passing = refusals.filter(({ permanent }) => !permanent)
  const isRetried = passing.length > 0 && retryAfterMs !== undefined
  const final = isRetried ? refusals.filter(({ permanent }) => permanent) : refusals
  const done: RecipientDone[] = [
    ...message.recipientsDone,
    ...result.accepted.map((address) => ({ address })),
    ...final.map(({ address, reason, permanent }) => ({
      address,
      refused: permanent ? reason : `max retries exceeded: ${reason}`,
    })),
  ]
  const common = { pk: message.pk, claim: message.claim, attempted: true }
  const partly = isRetried ? done.length > 0 : done.some(({ refused }) => refused !== undefined)
  const recipientsDone = partly ? { recipientsDone: done } : {}
  if (isRetried)
    return {
      ...common,
      kind: 'deferred',
      retryAfterMs,
      description: shown(passing.map(({ reason }) => reason)),
      ...recipientsDone,
    }
  if (done.some(({ refused }) => refused === undefined)) return { ...common, kind: 'sent', ...recipientsDone }
  return {
    ...common,
    kind: 'error',
    description: shown(done.map(({ refused }) => refused ?? '')),
    ...recipientsDone,
  }
}

/** A failure of the whole is one of each recipient. */
function refusalsOf(
  openRecipients: readonly string[],
  { accepted, refused, failure }: AttemptResult,
): RefusedRecipient[] {
  if (failure !== undefined) return openRecipients.map((address) => ({ address, ...failure }))
  const heardOf = new Set([...accepted, ...refused.map(({ address }) => address)])
  const unheard = openRecipients.filter((address) => !heardOf.has(address))
  // No server's reply names them: not known to be delivered, so tried again.
  return [...refused, ...unheard.map((address) => ({ address, reason: 'no reply', permanent: false }))]
}

function shown(reasons: readonly string[]): string {
  const different = [...new Set(reasons)]
  const more = different.length - MAX_REASONS_SHOWN
  return different.slice(0, MAX_REASONS_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '')
}
