import { errorText } from '../../../error.ts'
import { SmtpFailure } from '../../../smtp/failure.ts'
import { foreignText } from '../../../text/foreign-text.ts'
import type { OpenAttachmentsOf } from '../attachments/attachments.ts'
import { AttachmentError } from '../attachments/checked-content.ts'
import { OutOfReach } from '../attachments/reach.ts'
import type { Claimed } from '../store/claim.ts'
import type { Outcome, RecipientDone } from '../store/outcomes.ts'
import { recipientsOf, withLinks } from './compose.ts'
import { RateLimited, type RateLimits } from './rate-limits.ts'
import type { Transports } from './smtp-pool.ts'
import { NobodyAccepted, type RefusedBy, type Transacted } from './smtp-session.ts'
import { UnfitMessage, wireMessage } from './wire-message.ts'

export interface AttemptParts {
  readonly transports: Transports
  readonly rateLimits: Pick<RateLimits, 'watch'>
  readonly openAttachments: OpenAttachmentsOf
  readonly retryDelaysMs: readonly number[]
  /** Records the progress of an attempt; false when the message now belongs to another process. */
  readonly record: (progress: Outcome) => Promise<boolean>
}

/**
 * Tries to send one message; never throws: whatever happens is an outcome.
 *
 * A server may limit a transaction to 100 recipients (RFC 5321 4.5.3.1.8): the rest goes into the next one at
 * once (4.5.3.1.10). The recipients reached are recorded before that, so that nobody gets the message twice
 * after a crash. A transaction in which each recipient is refused for its own reason does not end the attempt:
 * the others still have to be tried.
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
    // The server accepts no more for now, which says nothing about recipients it was not asked about.
    if (full !== undefined) result = { failure: { reason: full.reason, permanent: false }, ...result }
    const rest = result.failure === undefined ? unheardOf(open, result) : []
    const isOver = rest.length === 0 || (one.accepted.length > 0 && !(await recorded(message, result, parts)))
    if (isOver) return conclude(message, open, result, parts.retryDelaysMs)
    // As many as the server has shown to accept.
    next = rest.slice(0, next.length - toNext.length)
  }
}

/** False when it could not be recorded: then nobody else may get the message in this attempt. */
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

/** Combines results, without recipients that go into the next transaction. */
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

/** Messages without a return path of their own bounce to the bounce mailbox, if there is one. */
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

/** Result of one attempt, per recipient. */
interface AttemptResult {
  readonly accepted: readonly string[]
  readonly refused: readonly RefusedRecipient[]
  /** Why recipients in neither list did not get it, when the reason concerns no single recipient. */
  readonly failure?: Failure
}

export interface Failure {
  readonly reason: string
  /** The same attempt would fail again. */
  readonly permanent: boolean
  /** When it may be tried again, if known; it then does not count as an attempt. */
  readonly retryAfterMs?: number
}

interface RefusedRecipient extends Failure {
  readonly address: string
  /** The server accepts no more recipients in this transaction (RFC 5321 4.5.3.1.10), but may in the next. */
  readonly tooMany?: boolean
}

/** The text is stored and reported once per recipient. */
const MAX_REASON_LENGTH = 500

function resultOf({ accepted, refused }: Transacted): AttemptResult {
  return { accepted, refused: refused.map(refusalOf) }
}

function resultOfError(error: unknown): AttemptResult {
  if (error instanceof NobodyAccepted) return { accepted: [], refused: error.refused.map(refusalOf) }
  return { accepted: [], refused: [], failure: failureOf(error) }
}

function refusalOf({ address, failure }: RefusedBy): RefusedRecipient {
  const tooMany = isTooMany(failure)
  // Older servers said 552 instead of 452 (RFC 5321 4.5.3.1.10).
  return { address, ...failureOf(failure), ...(tooMany ? { permanent: false } : {}), tooMany }
}

/**
 * Without an enhanced code (RFC 3463) the reply code decides; with one, 452 may also mean a full mailbox
 * (4.2.2).
 */
function isTooMany({ failure: { code, enhanced } }: SmtpFailure): boolean {
  return enhanced === undefined ? code === 452 || code === 552 : /^[45]\.5\.3$/.test(enhanced)
}

/**
 * By the class of the reply, if any: 5yz is permanent (RFC 5321 4.2.1), except for 503, which concerns the
 * session. Without a reply: bad data stays bad, while trouble on the way may pass.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof RateLimited)
    return { reason: error.message, permanent: error.rejects, retryAfterMs: error.waitMs }
  const reason = foreignText(errorText(error), MAX_REASON_LENGTH) || unnamed(error)
  if (error instanceof AttachmentError) return { reason, permanent: error.final }
  if (error instanceof OutOfReach) return { reason: `SMTP server ${reason}`, permanent: true }
  if (error instanceof UnfitMessage)
    return { reason: `the message cannot be sent: ${reason}`, permanent: true }
  const code = error instanceof SmtpFailure ? error.failure.code : undefined
  return { reason, permanent: code !== undefined && code >= 500 && code !== 503 }
}

function unnamed(error: unknown): string {
  return error instanceof SmtpFailure
    ? `${error.failure.class} (${error.failure.phase})`
    : 'failed without a reason'
}

const MAX_REASONS_SHOWN = 3

/**
 * The outcome of an attempt for the message. Recipients that have it or were refused for good are done; the
 * others are retried as long as there are delays left. An attempt that reached somebody uses up none of them.
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

/** Recipients done before, and those reached now. */
function doneWith(
  { recipientsDone }: Pick<Claimed, 'recipientsDone'>,
  accepted: readonly string[],
): RecipientDone[] {
  return [...recipientsDone, ...accepted.map((address) => ({ address }))]
}

/** Undefined when none is left. */
function delayMs(attempts: number, attempted: boolean, delaysMs: readonly number[]): number | undefined {
  return delaysMs[attempted ? attempts : Math.min(attempts, delaysMs.length - 1)]
}

/** A failure of the whole message counts for every recipient that no reply named. */
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
