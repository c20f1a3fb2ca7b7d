import type { Readable } from 'node:stream'
import type { Claimed } from '../store/claim.ts'
import type { FileLink } from './large-files.ts'

/** An attachment that was found: its content, or where it comes from. */
export interface OpenAttachment {
  readonly filename: string
  readonly contentType: string | undefined
  readonly contentId?: string | undefined
  readonly content: Readable | Buffer
}

export interface OpenAttachments extends Disposable {
  readonly items: readonly OpenAttachment[]
  /** Of those that are too large to be attached. */
  readonly links: readonly FileLink[]
}

export type AttachmentsOwner = Pick<Claimed, 'pk' | 'id' | 'mail' | 'client' | 'tenantId' | 'largeFiles'>

/** Opens the attachments of a message; throws an AttachmentError. Dispose of the result, read or not. */
export type OpenAttachmentsOf = (message: AttachmentsOwner, signal: AbortSignal) => Promise<OpenAttachments>
