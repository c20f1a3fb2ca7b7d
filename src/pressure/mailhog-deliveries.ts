import { MailstormError } from '../error.ts'
import { MimeDigest } from '../programs/sink/mime/mime-digest.ts'
import { type Delivery, type DeliverySource, ID_HEADER } from './delivery.ts'

/** A page goes through JSON as a whole, with messages of up to 1 MB. */
const PAGE_MESSAGES = 25
const MAILHOG_ANSWERS_WITHIN_MS = 60_000
const FINAL_CRLF = Buffer.from('\r\n')

/** What of MailHog's JSON is needed here. */
interface HogMessage {
  readonly ID: string
  readonly Created: string
  readonly Content: { readonly Headers: Readonly<Record<string, readonly string[]>> }
  readonly Raw: { readonly Data: string; readonly To: readonly string[] }
}

interface HogPage {
  readonly total: number
  readonly items: readonly HogMessage[]
}

/** What a MailHog took, the real one or ours: its messages are fetched whole and digested here. */
export class MailhogDeliveries implements DeliverySource {
  readonly name: string
  readonly #apiUrl: string
  readonly #seen = new Set<string>()

  constructor(name: string, apiUrl: string) {
    this.name = name
    this.#apiUrl = apiUrl
  }

  /** MailHog gives the newest first, so paging ends where all of a page is known. */
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
      // Mail that arrives meanwhile moves the pages, which only shows known messages again.
      if (this.#seen.size >= total || (fresh.length === 0 && page.items.length > 0)) break
    }
    return found.reverse()
  }

  async #page(start: number): Promise<HogPage> {
    const url = `${this.#apiUrl}/api/v2/messages?start=${start}&limit=${PAGE_MESSAGES}`
    const response = await fetch(url, { signal: AbortSignal.timeout(MAILHOG_ANSWERS_WITHIN_MS) })
    if (!response.ok)
      throw new MailstormError('DELIVERIES', `Failed to read deliveries: ${url} answered ${response.status}.`)
    return (await response.json()) as HogPage
  }
}

function mailhogDelivery({ Created, Content, Raw }: HogMessage): Delivery {
  const content = Buffer.concat([Buffer.from(Raw.Data), FINAL_CRLF])
  const digest = new MimeDigest()
  digest.push(content)
  const { text_md5, attachments } = digest.end()
  // Names as they were sent; RFC 5322 1.2.2 has them without case.
  const field = Object.entries(Content.Headers).find(
    ([name]) => name.toLowerCase() === ID_HEADER.toLowerCase(),
  )
  return {
    id: field?.[1][0] ?? '',
    atEpochMs: epochMsOf(Created),
    bytes: content.length,
    recipients: Raw.To,
    textMd5: text_md5,
    attachments,
  }
}

/** RFC 3339 with nanoseconds, of which a Date keeps three digits. */
function epochMsOf(created: string): number {
  const fraction = /\.(\d+)/.exec(created)?.[1] ?? '0'
  return Date.parse(created.replace(/\.\d+/, '')) + Number(`0.${fraction}`) * 1000
}
