import type { Claimed } from '../store/claim.ts'
import type { Outcome, RecipientDone } from '../store/outcomes.ts'
import type { AttemptResult, RefusedRecipient } from './verdict.ts'

const MAX_REASONS_SHOWN = 3

/**
 * The outcome of an attempt for the message: recipients refused for good are done with, as are those that have
 * it; for the others it is tried again, as long as there are delays left. An attempt that somebody got the message by
 * uses up none of them.
 */
export function conclude(
  message: Pick<Claimed, 'pk' | 'claim' | 'attempts' | 'recipientsDone'>,
  openRecipients: readonly string[],
  result: AttemptResult,
  retryDelaysMs: readonly number[],
): Outcome {
  const refusals = refusalsOf(openRecipients, result)
  const attempted = result.accepted.length === 0 && result.failure?.retryAfterMs === undefined
  const retryAfterMs = result.failure?.retryAfterMs ?? delayMs(message.attempts, attempted, retryDelaysMs)
  const passing = refusals.filter(({ permanent }) => !permanent)
  const isRetried = passing.length > 0 && retryAfterMs !== undefined
  const final = isRetried ? refusals.filter(({ permanent }) => permanent) : refusals
  const done: RecipientDone[] = [
    ...doneWith(message, result.accepted),
    ...final.map(({ address, reason, permanent }) => ({
      address,
      refused: permanent ? reason : `max retries exceeded: ${reason}`,
    })),
  ]
  const common = { pk: message.pk, claim: message.claim, attempted: attempted || !isRetried }
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

/** Those that were done with before, and those that have it now. */
export function doneWith(
  { recipientsDone }: Pick<Claimed, 'recipientsDone'>,
  accepted: readonly string[],
): RecipientDone[] {
  return [...recipientsDone, ...accepted.map((address) => ({ address }))]
}

/** Undefined when there is none left. */
function delayMs(attempts: number, attempted: boolean, delaysMs: readonly number[]): number | undefined {
  return delaysMs[attempted ? attempts : Math.min(attempts, delaysMs.length - 1)]
}

/** A failure of the whole is one of each recipient that no reply named. */
function refusalsOf(
  openRecipients: readonly string[],
  { accepted, refused, failure = { reason: 'no reply', permanent: false } }: AttemptResult,
): RefusedRecipient[] {
  if (refused.length === 0 && accepted.length === openRecipients.length) return []
  const heardOf = new Set([...accepted, ...refused.map(({ address }) => address)])
  const unheard = openRecipients.filter((address) => !heardOf.has(address))
  return [...refused, ...unheard.map((address) => ({ address, ...failure }))]
}

function shown(reasons: readonly string[]): string {
  const different = [...new Set(reasons)]
  const more = different.length - MAX_REASONS_SHOWN
  return different.slice(0, MAX_REASONS_SHOWN).join('; ') + (more > 0 ? `; and ${more} more` : '')
}
