import { createHash } from 'node:crypto'

/** Names a content of one tenant; also the name of its file. */
export type ContentKey = `${string}-${string}`

/**
 * A content is the tenant's that fetched it: whoever names the MD5 of somebody else's document has not shown that the
 * document is theirs.
 */
export function contentKey(tenantId: string, md5: string): ContentKey {
  return `${md5}-${createHash('sha256').update(tenantId).digest('hex').slice(0, 32)}`
}

export function md5OfKey(key: ContentKey): string {
  return key.slice(0, 32)
}
