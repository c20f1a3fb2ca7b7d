import type { AttachmentFacts } from '../programs/sink/mime/mime-digest.ts'

/** The header field by which a message is known again wherever it arrives. */
export const ID_HEADER = 'X-Genro-Mail-ID'

/** A message as the sink got it, in digests. */
export interface Delivery {
  /** Of ID_HEADER; empty when it has none. */
  readonly id: string
  /** When the sink had all of it. */
  readonly atEpochMs: number
  readonly bytes: number
  /** Of its envelope. */
  readonly recipients: readonly string[]
  /** See textDigest(). */
  readonly textMd5: string | null
  readonly attachments: readonly AttachmentFacts[]
}

/** Where deliveries are read from, again and again. */
export interface DeliverySource {
  readonly name: string
  /** What came since the last call; each delivery once. Throws when it cannot be asked. */
  read(): Promise<readonly Delivery[]>
}
