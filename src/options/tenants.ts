import { decimal, wholeNumber } from './kind.ts'
import { unset, type ValuesOf } from './variable.ts'

const share = decimal({ min: 0, max: 1, example: 0.3 })

/** The seed's names for what a simulated tenant does; they hold for all tenants of a run. */
export const TENANTS = {
  MSG_RATE_PER_SYNC: unset(
    wholeNumber({ min: 0, max: 10_000, example: 5 }),
    "the profile's: 20, 5, 50 or 2",
    'Messages per sync call, on average.',
  ),
  ATTACHMENT_CACHE_HIT_RATE: unset(
    share,
    "the profile's: 0.1, 0.3, 0.5 or 0.2",
    'Share of the attachments that repeat an earlier one.',
  ),
  DND_PROBABILITY: unset(
    share,
    "the profile's: 0.02, 0.05, 0.1 or 0.05",
    'Share of the sync calls that are answered with next_sync_after.',
  ),
  LARGE_ATTACHMENT_RATE: unset(
    share,
    "the profile's: 0.05, 0.1, 0.15 or 0.5",
    'Share of the attachments that have 10 MB or more.',
  ),
}

/** What overrides the profile of every simulated tenant; only what was given. */
export interface TenantOverrides {
  readonly messagesPerSync?: number
  readonly cachedShare?: number
  readonly dndShare?: number
  readonly largeShare?: number
}

export function tenantOverrides(values: ValuesOf<typeof TENANTS>): TenantOverrides {
  const { MSG_RATE_PER_SYNC: messagesPerSync, ATTACHMENT_CACHE_HIT_RATE: cachedShare } = values
  const { DND_PROBABILITY: dndShare, LARGE_ATTACHMENT_RATE: largeShare } = values
  return Object.freeze({
    ...(messagesPerSync !== undefined && { messagesPerSync }),
    ...(cachedShare !== undefined && { cachedShare }),
    ...(dndShare !== undefined && { dndShare }),
    ...(largeShare !== undefined && { largeShare }),
  })
}
