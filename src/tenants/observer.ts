import type { HandedOver, ReportReceived } from './books.ts'
import type { SyncRecord } from './syncs.ts'

/** One fetch of an attachment, once it has ended. */
export interface AttachmentServed {
  readonly tenantId: string
  readonly md5: string
  readonly sizeBytes: number
  /** Less than the size when whoever fetched it went away. */
  readonly servedBytes: number
  readonly startedAtEpochMs: number
  readonly endedAtEpochMs: number
}

/** Told of what happens at a tenant, when it happens; must not throw. */
export interface TenantObserver {
  onHandedOver?(message: HandedOver): void
  onReported?(report: ReportReceived): void
  onSync?(sync: SyncRecord): void
  onAttachment?(served: AttachmentServed): void
}
