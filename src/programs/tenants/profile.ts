const KILOBYTE = 1024
const MEGABYTE = 1024 ** 2

/** Attachment sizes and the share of each, as published with genro-mail-proxy's pressure test. */
export const SIZE_CLASSES = [
  { name: 'small', sizeBytes: 10 * KILOBYTE, share: 0.4 },
  { name: 'medium', sizeBytes: 500 * KILOBYTE, share: 0.3 },
  { name: 'large', sizeBytes: 2 * MEGABYTE, share: 0.15 },
  { name: 'xlarge', sizeBytes: 10 * MEGABYTE, share: 0.1 },
  { name: 'huge', sizeBytes: 50 * MEGABYTE, share: 0.05 },
] as const

/** From this size on a file counts as "large", as in the table of genro-mail-proxy's pressure test. */
export const LARGE_FILE_BYTES = 10 * MEGABYTE

export const PROFILE_NAMES = ['high-volume', 'standard', 'newsletter', 'documents'] as const
/** Name of a profile: what a simulated tenant is like. */
export type ProfileName = (typeof PROFILE_NAMES)[number]

/** Behaviour of a tenant. Shares are from 0 to 1; how the published table was read: docs/decisions/009. */
export interface Profile {
  /** Mean; the actual number is normally distributed, from none to twice as many. */
  readonly messagesPerSync: number
  /** Share of messages with an attachment. */
  readonly attachmentShare: number
  /** Share of attachments that repeat an earlier one. */
  readonly cachedShare: number
  /** Share of attachments of 10 MB or more. */
  readonly largeShare: number
  /** Share of answers to sync calls that ask not to be disturbed for a while. */
  readonly dndShare: number
}

/** The published client uses this in every profile; its table gives a share only for high-volume. */
const MOST = 0.6

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  'high-volume': {
    messagesPerSync: 20,
    attachmentShare: 0.05,
    cachedShare: 0.1,
    largeShare: 0.05,
    dndShare: 0.02,
  },
  standard: {
    messagesPerSync: 5,
    attachmentShare: MOST,
    cachedShare: 0.3,
    largeShare: 0.1,
    dndShare: 0.05,
  },
  newsletter: {
    messagesPerSync: 50,
    attachmentShare: MOST,
    cachedShare: 0.5,
    largeShare: 0.15,
    dndShare: 0.1,
  },
  documents: {
    messagesPerSync: 2,
    attachmentShare: MOST,
    cachedShare: 0.2,
    largeShare: 0.5,
    dndShare: 0.05,
  },
}

/** Default port of each profile. */
export const PROFILE_PORTS: Readonly<Record<ProfileName, number>> = {
  'high-volume': 8081,
  standard: 8082,
  newsletter: 8084,
  documents: 8085,
}

/**
 * The share of each size class when `largeShare` of all are large; in published proportions within both groups.
 */
export function sizeShares(largeShare: number): number[] {
  const isLarge = ({ sizeBytes }: { readonly sizeBytes: number }) => sizeBytes >= LARGE_FILE_BYTES
  const seedLarge = SIZE_CLASSES.filter(isLarge).reduce((sum, { share }) => sum + share, 0)
  return SIZE_CLASSES.map((sizeClass) =>
    isLarge(sizeClass)
      ? (sizeClass.share / seedLarge) * largeShare
      : (sizeClass.share / (1 - seedLarge)) * (1 - largeShare),
  )
}
