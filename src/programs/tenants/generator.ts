import { hash } from 'node:crypto'
import { Random } from '../../random.ts'
import { type Content, type Draft, type DraftAttachment, MOST_RECIPIENTS, md5Of, prepare } from './draft.ts'
import type { TenantConfig } from './options.ts'
import { SIZE_CLASSES, sizeShares } from './profile.ts'

/**
 * Priorities 0 (immediate) to 3 (low), with the distribution of the clients in genro-mail-proxy's pressure
 * test.
 */
const PRIORITY_WEIGHTS = [5, 15, 50, 30]
/** A repeated attachment is one of the last ten of its size, so that a bounded cache has a chance. */
const REMEMBERED_PER_SIZE = 10

/** What people send in these sizes. */
const KINDS = [
  { stem: 'note', extension: 'txt', mimeType: 'text/plain' },
  { stem: 'image', extension: 'png', mimeType: 'image/png' },
  { stem: 'report', extension: 'pdf', mimeType: 'application/pdf' },
  { stem: 'archive', extension: 'zip', mimeType: 'application/zip' },
  { stem: 'video', extension: 'mp4', mimeType: 'video/mp4' },
] as const

interface Sketch extends Omit<Draft, 'attachments'> {
  readonly attachments: readonly {
    readonly kind: number
    readonly content: Content
    readonly repeated: boolean
  }[]
}

/** Generates messages: the same configuration gives the same messages in the same order. */
export class MessageGenerator {
  readonly #config: TenantConfig
  readonly #random: Random
  readonly #sizeShares: readonly number[]
  /** First half of an id's digits; differs between clients, seeds and runs. */
  readonly #idPrefix: string
  readonly #remembered: Content[][] = SIZE_CLASSES.map(() => [])
  #messages = 0
  #contents = 0

  constructor(config: TenantConfig) {
    const { seed, runId, tenantId, clientId } = config
    this.#config = config
    this.#random = new Random(`messages of ${[seed, tenantId, clientId].join('.')}`)
    this.#sizeShares = sizeShares(config.largeShare)
    this.#idPrefix = hash('md5', [seed, runId, tenantId, clientId].join('.')).slice(0, 6)
  }

  /** The messages of one sync call. Everything is drawn at once; only the MD5s may take a while. */
  next(): Promise<Draft[]> {
    const sketches = Array.from({ length: this.#count() }, () => this.#sketch())
    return Promise.all(sketches.map(drafted))
  }

  /** Does the slowest part in advance: a quarter of a second for 50 MB, once for all tenants of a process. */
  async prepare(): Promise<void> {
    if (this.#config.attachmentShare === 0) return
    for (const [kind, share] of this.#sizeShares.entries()) if (share > 0) await prepare(this.#sizeOf(kind))
  }

  /** Contents that may be repeated, and their greatest total size. */
  repeatable(): { readonly remembered: readonly Content[]; readonly mostBytes: number } {
    const mostBytes = SIZE_CLASSES.reduce((sum, _, kind) => sum + REMEMBERED_PER_SIZE * this.#sizeOf(kind), 0)
    return { remembered: this.#remembered.flat(), mostBytes }
  }

  /** Clipped symmetrically, so that the mean is as requested. */
  #count(): number {
    const { messagesPerSync: mean, maxMessages = Number.POSITIVE_INFINITY } = this.#config
    const drawn = Math.round(this.#random.gauss(mean, mean / 2))
    return Math.min(Math.max(0, drawn), 2 * mean, maxMessages - this.#messages)
  }

  #sketch(): Sketch {
    this.#messages += 1
    const id = `${this.#config.tenantId}-${this.#idPrefix}${this.#messages.toString(16).padStart(6, '0')}`
    const priority = this.#random.weighted(PRIORITY_WEIGHTS)
    const recipientNumber = this.#random.whole(1, MOST_RECIPIENTS)
    const attachments = this.#random.chance(this.#config.attachmentShare) ? [this.#attachment()] : NONE
    const { recipientsPerMessage: recipientCount } = this.#config
    return { id, priority, recipientNumber, recipientCount, attachments }
  }

  #attachment(): Sketch['attachments'][number] {
    const kind = this.#random.weighted(this.#sizeShares)
    const remembered = this.#remembered[kind] ?? []
    const again = this.#random.chance(this.#config.cachedShare)
    const earlier = again ? remembered[this.#random.whole(0, remembered.length - 1)] : undefined
    if (earlier !== undefined) return { kind, content: earlier, repeated: true }
    const content = this.#content(kind)
    remembered.push(content)
    if (remembered.length > REMEMBERED_PER_SIZE) remembered.shift()
    return { kind, content, repeated: false }
  }

  #content(kind: number): Content {
    const { seed, runId, tenantId, clientId } = this.#config
    this.#contents += 1
    return { key: [seed, runId, tenantId, clientId, this.#contents].join('.'), sizeBytes: this.#sizeOf(kind) }
  }

  #sizeOf(kind: number): number {
    const { maxAttachmentBytes = Number.POSITIVE_INFINITY } = this.#config
    return Math.min(SIZE_CLASSES[kind]?.sizeBytes ?? 0, maxAttachmentBytes)
  }
}

/** Shared by all messages without attachments, which are most. */
const NONE: readonly never[] = Object.freeze([])

async function drafted({ attachments, ...rest }: Sketch): Promise<Draft> {
  if (attachments.length === 0) return { ...rest, attachments: NONE }
  return { ...rest, attachments: await Promise.all(attachments.map(named)) }
}

async function named({ kind, content, repeated }: Sketch['attachments'][number]): Promise<DraftAttachment> {
  const { stem, extension, mimeType } = KINDS[kind] ?? KINDS[0]
  const number = content.key.slice(content.key.lastIndexOf('.') + 1)
  return {
    content,
    md5: await md5Of(content),
    filename: `${stem}-${number}.${extension}`,
    mimeType,
    repeated,
  }
}
