import { errorText } from '../../../error.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Claimed } from '../store/claim.ts'
import type { Database } from '../store/database.ts'
import type { Outcome } from '../store/outcomes.ts'
import { type Admitted, HOLD_BACK_MS, reserveSlots, slotMailed } from '../store/rate.ts'
import type { TransactionWatch } from './smtp-session.ts'

export const LIMIT_REJECTED = 'rate_limit_exceeded'
const LIMIT_DEFERRED = 'rate limit'
/** Added to the time limit of MAIL, for a process that is held up meanwhile. */
const RESERVE_MARGIN_MS = 5_000

/** MAIL may not be sent now. */
export class RateLimited extends Error {
  readonly waitMs: number
  readonly rejects: boolean

  constructor(waitMs: number, rejects: boolean) {
    super(rejects ? LIMIT_REJECTED : LIMIT_DEFERRED)
    this.waitMs = waitMs
    this.rejects = rejects
  }
}

export interface RateLimitsParts {
  readonly db: Database
  readonly metrics: Metrics
  readonly log: Log
  readonly config: { readonly sendTimeoutMs: number }
}

export interface AdmittedMessages {
  readonly admitted: readonly Claimed[]
  /** Those that wait for a known time, or are rejected. */
  readonly others: readonly { readonly message: Claimed; readonly outcome: Outcome }[]
  /** To be released: the outcome of other messages decides about them. */
  readonly heldBack: readonly Claimed[]
}

/** Rate limits of accounts, kept as slots in the database (store/rate.ts). */
export class RateLimits {
  readonly #parts: RateLimitsParts
  readonly #mailed = new WeakSet<Claimed>()

  constructor(parts: RateLimitsParts) {
    this.#parts = parts
  }

  get #reserveMs(): number {
    return this.#parts.config.sendTimeoutMs + RESERVE_MARGIN_MS
  }

  /** Reserves slots for messages of accounts with limits, before anything is done for them. */
  async admit(claimed: readonly Claimed[]): Promise<AdmittedMessages> {
    const limited = claimed.filter((message) => message.limited)
    if (limited.length === 0) return { admitted: claimed, others: [], heldBack: [] }
    const lanes = Map.groupBy(limited, ({ tenantId, accountId }) => JSON.stringify([tenantId, accountId]))
    const admitted = claimed.filter((message) => !message.limited)
    const others: { message: Claimed; outcome: Outcome }[] = []
    const heldBack: Claimed[] = []
    for (const [first, ...more] of lanes.values()) {
      if (first === undefined) continue
      const all = [first, ...more] as const
      const decided = await reserveSlots(this.#parts.db, all, this.#reserveMs)
      for (const [index, message] of all.entries()) {
        const outcome = outcomeOf(message, decided[index])
        if (outcome === 'admitted') admitted.push(message)
        else if (outcome === 'undecided') heldBack.push(message)
        else {
          this.#parts.metrics.rateLimited(message)
          others.push({ message, outcome })
        }
      }
    }
    return { admitted, others, heldBack }
  }

  /** MAIL has been sent for it: its slot must not be given back. */
  hasMailed(message: Claimed): boolean {
    return this.#mailed.has(message)
  }

  /** Called by the session around MAIL; undefined for accounts without a limit. */
  watch(message: Claimed): TransactionWatch | undefined {
    if (!message.limited) return undefined
    const { db, metrics, log } = this.#parts
    return {
      beforeMail: async () => {
        const [decided] = await reserveSlots(db, [message], this.#reserveMs).catch((error) => {
          // Not the message's fault: it does not count as an attempt, and waits for the database like all
          // others.
          log.warning('a rate limit could not be read', { error: errorText(error) })
          return []
        })
        if (decided?.kind === 'admitted') return
        metrics.rateLimited(message)
        throw decided?.kind === 'waits'
          ? new RateLimited(decided.ms, decided.rejects)
          : new RateLimited(HOLD_BACK_MS, false)
      },
      mailed: () => {
        this.#mailed.add(message)
        // If this is not recorded, the slot counts for longer than necessary.
        slotMailed(db, message).catch((error) =>
          log.warning('a slot of a rate limit is held too long', { error: errorText(error) }),
        )
      },
    }
  }
}

function outcomeOf(
  { pk, claim }: Claimed,
  decided: Admitted | undefined,
): Outcome | 'admitted' | 'undecided' {
  if (decided === undefined || decided.kind !== 'waits') return decided?.kind ?? 'undecided'
  const common = { pk, claim, attempted: false }
  if (decided.rejects) return { ...common, kind: 'error', description: LIMIT_REJECTED }
  return { ...common, kind: 'deferred', retryAfterMs: decided.ms, description: LIMIT_DEFERRED }
}
