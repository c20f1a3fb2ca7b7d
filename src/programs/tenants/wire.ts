import {
  type Content,
  type Draft,
  type DraftAttachment,
  MIN_CONTENT_BYTES,
  recipientsOf,
  subjectOf,
  textOf,
} from './draft.ts'
import type { TenantConfig } from './options.ts'

export interface WireMessage {
  readonly id: string
  readonly [field: string]: unknown
}

/** A message as it is handed to the proxy, in the dialect's field names. */
export function wireMessage(draft: Draft, config: TenantConfig): WireMessage {
  const { id, priority, attachments } = draft
  const { tenantId, dialect } = config
  const from = senderOf(tenantId)
  const recipients = recipientsOf(draft)
  const common = { id, tenant_id: tenantId, subject: subjectOf(draft), priority }
  if (dialect === 'genro') {
    const files = attachments.map((attachment) => wireAttachment(attachment, 'mime_type'))
    return {
      ...common,
      account_id: accountOf(draft, config),
      from,
      to: recipients,
      body: textOf(draft),
      ...listed(files),
    }
  }
  const files = attachments.map((attachment) => wireAttachment(attachment, 'content_type'))
  return {
    ...common,
    // The published clients name none: a tenant with a single account need not name it.
    ...(config.largeAccount === undefined ? {} : { account_id: accountOf(draft, config) }),
    sender: from,
    // The classic field holds one recipient.
    ...(recipients.length === 1 ? { recipient_email: recipients[0] } : { to: recipients }),
    body_text: textOf(draft),
    body_html: `<p>${textOf(draft).replaceAll('\n', '<br>')}</p>`,
    ...listed(files),
  }
}

/** Sender of all messages of a tenant. */
export function senderOf(tenantId: string): string {
  return `noreply@${tenantId.toLowerCase()}.example.com`
}

function accountOf({ attachments }: Draft, { accountId, largeAccount }: TenantConfig): string {
  if (largeAccount === undefined) return accountId
  const isLarge = attachments.some(({ content }) => content.sizeBytes >= largeAccount.fromBytes)
  return isLarge ? largeAccount.id : accountId
}

function listed(attachments: readonly object[]): { attachments?: readonly object[] } {
  return attachments.length === 0 ? {} : { attachments }
}

/** genro-mail-proxy 0.6.10 answers 422 to attachments with unknown keys, such as content_type. */
function wireAttachment({ content, md5, filename, mimeType }: DraftAttachment, typeKey: string): object {
  const dot = filename.lastIndexOf('.')
  return {
    filename: `${filename.slice(0, dot)}_{MD5:${md5}}${filename.slice(dot)}`,
    storage_path: storagePath(content, md5),
    [typeKey]: mimeType,
    fetch_mode: 'endpoint',
  }
}

/** Everything needed to regenerate the bytes, so that any process running this program can serve them. */
function storagePath({ key, sizeBytes }: Content, md5: string): string {
  return `hash=${md5}&size=${sizeBytes}&content=${key}`
}

export interface StoragePath {
  readonly md5: string
  readonly content: Content
}

/** Larger than any of our contents; a path that asks for more is not ours. */
const MAX_CONTENT_BYTES = 50 * 1024 ** 2

export function readStoragePath(path: string): StoragePath | undefined {
  const fields = new URLSearchParams(path)
  const [md5, key, sizeBytes] = [fields.get('hash'), fields.get('content'), Number(fields.get('size'))]
  if (md5 === null || key === null || !/^[\w.-]{1,1000}$/.test(key)) return undefined
  if (!Number.isInteger(sizeBytes) || sizeBytes < MIN_CONTENT_BYTES || sizeBytes > MAX_CONTENT_BYTES)
    return undefined
  return { md5, content: { key, sizeBytes } }
}
