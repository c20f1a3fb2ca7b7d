import { randomFillSync } from 'node:crypto'

const ID_BYTES = 32
const pool = Buffer.alloc(ID_BYTES * 512)
let used = pool.length

/** An id in MailHog's form: 32 random bytes in base64url with its padding, and the host. */
export function newMessageId(hostname: string): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.toString('base64url', used, used + ID_BYTES)
  used += ID_BYTES
  return `${random}=@${hostname}`
}
