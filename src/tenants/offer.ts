import type { Draft } from './draft.ts'
import type { TenantParts } from './parts.ts'
import type { Pusher } from './push.ts'
import { wireMessage } from './wire.ts'

export interface Offer {
  readonly drafts: readonly Draft[]
  /** Those that were offered before. */
  readonly repeated: ReadonlySet<string>
  readonly offeredAtEpochMs: number
}

export interface Offered {
  /** Of the answer. */
  readonly fields: object
  readonly endedAtEpochMs: number
  settle(taken: boolean): void
}

/** In the answer itself: they are taken when it is. */
export function inAnswer({ drafts, offeredAtEpochMs }: Offer, parts: TenantParts): Offered {
  const { config, clock, outbox } = parts
  const messages = drafts.map((draft) => wireMessage(draft, config))
  return {
    fields: messages.length === 0 ? {} : { messages },
    endedAtEpochMs: clock.epochMs(),
    settle(taken) {
      if (!taken) return outbox.putBack(drafts)
      noteTaken(
        drafts.map(({ id }) => id),
        parts,
      )
      outbox.awaitReport(drafts, offeredAtEpochMs)
    },
  }
}

/** By add-messages, before the answer. */
export async function pushed(
  { drafts, repeated, offeredAtEpochMs }: Offer,
  pusher: Pusher,
  parts: TenantParts,
): Promise<Offered> {
  const { config, clock, outbox, books, counters } = parts
  const messages = drafts.map((draft) => wireMessage(draft, config))
  const { taken, refused, unknown, error } = await pusher.push(messages, repeated)
  if (error !== undefined) counters.errors += 1
  noteTaken(taken, parts)
  for (const { id, reason } of refused) books.refusedBy(id, reason)
  outbox.awaitReport(among(drafts, taken), offeredAtEpochMs)
  outbox.putBack(among(drafts, unknown))
  // As clients of the real proxy say it: what was just pushed. Ours takes it at its word, and calls again for what is left.
  const queued = config.dialect === 'genro' ? taken.length : outbox.length
  return { fields: { queued }, endedAtEpochMs: clock.epochMs(), settle: () => {} }
}

function among(drafts: readonly Draft[], ids: readonly string[]): Draft[] {
  const wanted = new Set(ids)
  return drafts.filter(({ id }) => wanted.has(id))
}

/** The proxy has them, as one way or another got known. */
export function noteTaken(
  ids: readonly string[],
  { config, books }: Pick<TenantParts, 'config' | 'books'>,
): void {
  for (const id of ids) {
    const handedOver = books.taken(id)
    if (handedOver !== undefined) config.observer.onHandedOver?.(handedOver)
  }
}
