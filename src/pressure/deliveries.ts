import type { MailhogMessage, MailhogPage } from '../../containers/mailhog-client.ts'
import { MailstormError } from '../error.ts'
import type { DeliveryLine } from '../programs/sink/http/own-routes.ts'
import { type AttachmentFacts, MimeDigest } from '../programs/sink/mime/mime-digest.ts'

/** Header field that identifies a message wherever it arrives. */
export const ID_HEADER = 'X-Genro-Mail-ID'

/** A message as the sink received it, in digests. */
export interface Delivery {
  /** Value of ID_HEADER; empty when absent. */
  readonly id: string
  /** When the sink had received it completely. */
  readonly atEpochMs: number
  readonly bytes: number
  /** Envelope recipients. */
  readonly recipients: readonly string[]
  /** See textDigest(). */
  readonly textMd5: string | null
  readonly attachments: readonly AttachmentFacts[]
}

/** Where deliveries are read from, repeatedly. */
export interface DeliverySource {
  readonly name: string
  /** Deliveries since the last call, each once. Throws when they cannot be read. */
  read(): Promise<readonly Delivery[]>
}

/** All deliveries of a run, by message. */
export class DeliveryBook {
  readonly #byId = new Map<string, Delivery | Delivery[]>()
  #count = 0

  /** Number of deliveries, repeated ones included. */
  get count(): number {
    return this.#count
  }

  /** Returns true for the first delivery of its message. */
  add(delivery: Delivery): boolean {
    this.#count += 1
    const known = this.#byId.get(delivery.id)
    // A list only for repeated deliveries: a run may have 100,000 messages.
    if (known === undefined) this.#byId.set(delivery.id, delivery)
    else if (Array.isArray(known)) known.push(delivery)
    else this.#byId.set(delivery.id, [known, delivery])
    return known === undefined
  }

  /** In the order in which they were read. */
  of(id: string): readonly Delivery[] {
    const known = this.#byId.get(id)
    if (known === undefined) return []
    return Array.isArray(known) ? known : [known]
  }

  firstAtEpochMs(id: string): number | undefined {
    const deliveries = this.of(id)
    if (deliveries.length === 0) return undefined
    return deliveries.reduce((first, { atEpochMs }) => Math.min(first, atEpochMs), Number.POSITIVE_INFINITY)
  }

  ids(): IterableIterator<string> {
    return this.#byId.keys()
  }

  *all(): Generator<Delivery> {
    for (const known of this.#byId.values()) {
      if (Array.isArray(known)) yield* known
      else yield known
    }
  }
}

const SINK_ANSWERS_WITHIN_MS = 30_000

/** Reads deliveries from our own sink, which digests messages while it receives them. */
export class SinkDeliveries implements DeliverySource {
  readonly name: string
  readonly #apiUrl: string
  #read = 0

  constructor(name: string, apiUrl: string) {
    this.name = name
    this.#apiUrl = apiUrl
  }

  async read(): Promise<readonly Delivery[]> {
    const url = `${this.#apiUrl}/sink/deliveries?from=${this.#read}`
    const response = await fetch(url, { signal: AbortSignal.timeout(SINK_ANSWERS_WITHIN_MS) })
    if (!response.ok)
      throw new MailstormError('DELIVERIES', `Failed to read deliveries: ${url} answered ${response.status}.`)
    const lines = (await response.text()).split('\n').filter((line) => line !== '')
    this.#read += lines.length
    return lines.map((line) => sinkDelivery(JSON.parse(line) as DeliveryLine))
  }
}

function sinkDelivery(line: DeliveryLine): Delivery {
  const { headers, at_epoch_ms: atEpochMs, bytes, recipients, text_md5: textMd5, attachments } = line
  return { id: headers[ID_HEADER] ?? '', atEpochMs, bytes, recipients, textMd5, attachments }
}

/** A page is one JSON document, with messages of up to 1 MB. */
const PAGE_MESSAGES = 25
const MAILHOG_ANSWERS_WITHIN_MS = 60_000
const FINAL_CRLF = Buffer.from('\r\n')

/** Reads deliveries from a MailHog, the real one or ours: messages are fetched whole and digested here. */
export class MailhogDeliveries implements DeliverySource {
  readonly name: string
  readonly #apiUrl: string
  readonly #seen = new Set<string>()

  constructor(name: string, apiUrl: string) {
    this.name = name
    this.#apiUrl = apiUrl
  }

  /** MailHog lists the newest first, so stop at a page without new messages. */
  async read(): Promise<readonly Delivery[]> {
    const found: Delivery[] = []
    for (let start = 0, total = 1; start < total; start += PAGE_MESSAGES) {
      const page = await this.#page(start)
      total = page.total
      const fresh = page.items.filter(({ ID }) => !this.#seen.has(ID))
      for (const message of fresh) {
        this.#seen.add(message.ID)
        found.push(mailhogDelivery(message))
      }
      // Mail that arrives meanwhile shifts the pages, which only repeats known messages.
      if (this.#seen.size >= total || (fresh.length === 0 && page.items.length > 0)) break
    }
    return found.reverse()
  }

  async #page(start: number): Promise<MailhogPage> {
    const url = `${this.#apiUrl}/api/v2/messages?start=${start}&limit=${PAGE_MESSAGES}`
    const response = await fetch(url, { signal: AbortSignal.timeout(MAILHOG_ANSWERS_WITHIN_MS) })
    if (!response.ok)
      throw new MailstormError('DELIVERIES', `Failed to read deliveries: ${url} answered ${response.status}.`)
    return (await response.json()) as MailhogPage
  }
}

function mailhogDelivery({ Created, Content, Raw }: MailhogMessage): Delivery {
  const content = Buffer.concat([Buffer.from(Raw.Data), FINAL_CRLF])
  const digest = new MimeDigest()
  digest.push(content)
  const { text_md5, attachments } = digest.end()
  // Field names as sent; they are case-insensitive (RFC 5322 1.2.2).
  const field = Object.entries(Content.Headers).find(
    ([name]) => name.toLowerCase() === ID_HEADER.toLowerCase(),
  )
  return {
    id: field?.[1][0] ?? '',
    atEpochMs: epochMsOf(Created),
    bytes: content.length,
    recipients: Raw.To ?? [],
    textMd5: text_md5,
    attachments,
  }
}

/** RFC 3339 with nanoseconds, of which Date keeps three digits. */
function epochMsOf(created: string): number {
  const fraction = /\.(\d+)/.exec(created)?.[1] ?? '0'
  return Date.parse(created.replace(/\.\d+/, '')) + Number(`0.${fraction}`) * 1000
}
