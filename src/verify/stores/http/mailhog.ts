import { z } from 'zod'
import type { StoreContext } from '../../store.ts'
import { HttpApi } from './http-api.ts'
import type { ListedMail, MailCatcher, MailText } from './http-store.ts'

/** Its cap on a page. */
const MOST_PAGE_MESSAGES = 250
/** A page has whole messages, each two or three times over: it is kept to about so much. */
const PAGE_BYTES = 16 * 1024 * 1024
/** Until it is known how large they are. */
const FIRST_PAGE_MESSAGES = 10

const LIST = z.object({
  total: z.number(),
  count: z.number(),
  items: z.array(
    z.object({
      ID: z.string(),
      Created: z.string(),
      Raw: z.object({ To: z.array(z.string()).nullable(), Data: z.string() }),
    }),
  ),
})

type Item = z.infer<typeof LIST>['items'][number]

/**
 * MailHog 1.0.1, the real one or ours. Its list is paged here, and not by mailhog-awesome, which sees only the newest
 * 250 messages (docs/decisions/023).
 */
export class Mailhog implements MailCatcher {
  readonly api: HttpApi
  readonly timeResolutionMs = 1
  #total = 0
  #shrunk = 0

  constructor(url: URL, { allowPublicTargets }: StoreContext) {
    this.api = new HttpApi({ url, product: 'MailHog', start: 'MailHog', allowPublicTargets })
  }

  async check(): Promise<void> {
    await this.#glance(undefined)
  }

  glance(signal: AbortSignal): Promise<void> {
    return this.#glance(signal)
  }

  async #glance(signal: AbortSignal | undefined): Promise<void> {
    this.#noteTotal(await this.api.json('/api/v2/messages?limit=1', LIST, signal))
  }

  #noteTotal({ total }: Pick<z.infer<typeof LIST>, 'total'>): void {
    this.#shrunk += Math.max(0, this.#total - total)
    this.#total = total
  }

  /**
   * Newest first, up to the total that it tells: beyond the end it shows the oldest message again. What comes
   * meanwhile moves the pages on, so messages are repeated and none is left out.
   */
  async *pages(seen: ReadonlySet<string>, signal: AbortSignal | undefined): AsyncGenerator<ListedMail[]> {
    const listed = new Set<string>()
    let limit = FIRST_PAGE_MESSAGES
    for (let start = 0, total = 1; start < total; ) {
      const page = await this.api.json(`/api/v2/messages?start=${start}&limit=${limit}`, LIST, signal)
      total = page.total
      this.#noteTotal(page)
      const fresh = page.items.filter(({ ID }) => !seen.has(ID) && !listed.has(ID))
      for (const { ID } of fresh) listed.add(ID)
      yield fresh.map((item) => this.#mail(item))
      if (page.items.length === 0 || (fresh.length === 0 && seen.size >= total)) break
      start += page.items.length
      limit = pageFor(page.items)
    }
  }

  /** It has no limit of its own. */
  limits(): string | undefined {
    return this.#shrunk === 0
      ? undefined
      : `had ${this.#shrunk} messages fewer from one look to the next: somebody deleted them`
  }

  #mail({ ID, Created, Raw }: Item): ListedMail {
    return { key: ID, arrivedAtMs: Date.parse(Created), read: async () => textOf(Raw) }
  }
}

function textOf({ Data, To }: Item['Raw']): MailText {
  return {
    // It keeps all but the last line's end.
    octets: Buffer.from(`${Data}\r\n`, 'utf8'),
    recipients: To ?? undefined,
    // Octets that are not UTF-8 become U+FFFD in JSON.
    isInexact: Data.includes('\uFFFD'),
  }
}

function pageFor(items: readonly Item[]): number {
  const bytes = items.reduce((sum, { Raw }) => sum + Raw.Data.length * 3, 0) / items.length
  return Math.max(1, Math.min(MOST_PAGE_MESSAGES, Math.floor(PAGE_BYTES / bytes)))
}
