import { createCipheriv, createHash, type Hash, hash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** A generated message; everything about it follows from this. */
export interface Draft {
  readonly id: string
  readonly priority: number
  /** 1 to 10,000. */
  readonly recipientNumber: number
  /** Number of recipients, numbered on from the first. */
  readonly recipientCount: number
  readonly attachments: readonly DraftAttachment[]
}

export interface DraftAttachment {
  readonly content: Content
  readonly md5: string
  /** As recipients see it, without the marker. */
  readonly filename: string
  readonly mimeType: string
  /** Whether an earlier message of the tenant had it. */
  readonly repeated: boolean
}

/** Recipient numbers start again after this one. */
export const MOST_RECIPIENTS = 10_000

export function recipientsOf({ recipientNumber, recipientCount }: Draft): string[] {
  return Array.from(
    { length: recipientCount },
    (_, index) => `user-${((recipientNumber - 1 + index) % MOST_RECIPIENTS) + 1}@example.com`,
  )
}

export const subjectOf = ({ id }: Draft) => `Pressure test ${id}`

/** Five lines, no line break at the end. */
export function textOf({ id }: Draft): string {
  return Array.from({ length: 5 }, (_, line) => `Line ${line + 1} of 5 of message ${id}.`).join('\n')
}

/** Of the text in UTF-8, lines separated by LF. */
export const textMd5Of = (draft: Draft) => hash('md5', textOf(draft), 'hex')

/**
 * Contents of attachments, generated on request and stored nowhere. A content is a body shared with others of
 * its family, and a tail of its own:
 *
 *   content = body(family)[0 … size − 64) ‖ SHA-512(key)
 *
 * so that the MD5 of a new 50 MB attachment costs a microsecond: the hash state after the body is kept and
 * copied. Families differ in every block, so that mixed-up blocks of two attachments are noticed in three of
 * four cases, not only mixed-up tails.
 */
export interface Content {
  /** Such as `<seed>.<tenant>.<number>`; determines every byte. */
  readonly key: string
  readonly sizeBytes: number
}

const TAIL_BYTES = 64
export const MIN_CONTENT_BYTES = 2 * TAIL_BYTES
const BLOCK_BYTES = 65_536
export const FAMILIES = 4
/** Odd, so that a family's blocks repeat only after 16,384 (1 GB) and no two families are ever equal. */
const STEP = 40_503

/** Two blocks of noise (AES in counter mode over zeros): a window of one block's length can begin anywhere in the first. */
const NOISE = createCipheriv('aes-128-ctr', Buffer.alloc(16, 'mailstorm'), Buffer.alloc(16)).update(
  Buffer.alloc(2 * BLOCK_BYTES),
)

/** Hash states after the bodies, by family and length; a process has a handful. */
const states = new Map<string, Promise<Hash>>()

/** Bytes hashed per turn of the event loop: about 2 ms. */
const BYTES_PER_TURN = 1024 ** 2

export async function md5Of(content: Content): Promise<string> {
  const { key, sizeBytes } = content
  const state = await stateBehind(familyOf(content), sizeBytes - TAIL_BYTES)
  return state.copy().update(tailOf(key)).digest('hex')
}

/** Its bytes, in order. The blocks are views of shared memory and must not be written to. */
export function* bytesOf(content: Content): Generator<Buffer> {
  yield* body(familyOf(content), content.sizeBytes - TAIL_BYTES)
  yield tailOf(content.key)
}

/** Precomputes the hash that contents of this size share, so that the first message does not wait for it. */
export async function prepare(sizeBytes: number): Promise<void> {
  for (let family = 0; family < FAMILIES; family++) await stateBehind(family, sizeBytes - TAIL_BYTES)
}

function tailOf(key: string): Buffer {
  return hash('sha512', key, 'buffer')
}

function familyOf({ key }: Content): number {
  return (hash('md5', key, 'buffer')[0] ?? 0) % FAMILIES
}

function* body(family: number, sizeBytes: number): Generator<Buffer> {
  for (let at = 0, block = 1; at < sizeBytes; at += BLOCK_BYTES, block++) {
    const from = (STEP * (block * FAMILIES + family)) % BLOCK_BYTES
    yield NOISE.subarray(from, from + Math.min(BLOCK_BYTES, sizeBytes - at))
  }
}

function stateBehind(family: number, sizeBytes: number): Promise<Hash> {
  const key = `${family}:${sizeBytes}`
  const known = states.get(key)
  if (known !== undefined) return known
  const state = hashed(family, sizeBytes)
  states.set(key, state)
  return state
}

/** In slices: hashing 50 MB at once would block this process for 100 ms. */
async function hashed(family: number, sizeBytes: number): Promise<Hash> {
  const state = createHash('md5')
  let inThisTurn = 0
  for (const block of body(family, sizeBytes)) {
    state.update(block)
    inThisTurn += block.length
    if (inThisTurn < BYTES_PER_TURN) continue
    inThisTurn = 0
    await nextTurn()
  }
  return state
}
