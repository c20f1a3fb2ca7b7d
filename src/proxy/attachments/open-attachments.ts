import type { Readable } from 'node:stream'
import type { Claimed } from '../store/claim.ts'

/** An attachment that was found: its content, or where it comes from. */
export interface OpenAttachment {
  readonly filename: string
  readonly contentType: string | undefined
  readonly contentId?: string | undefined
  readonly content: Readable | Buffer
}

export interface OpenAttachments extends Disposable {
  readonly items: readonly OpenAttachment[]
}

/** Opens the attachments of a message; throws an AttachmentError. Dispose of the result, read or not. */
export type OpenAttachmentsOf = (
  message: Pick<Claimed, 'mail' | 'client' | 'tenantId'>,
  signal: AbortSignal,
) => Promise<OpenAttachments>
