import { z } from 'zod'
import type { StoreContext } from '../../store.ts'
import { HttpApi } from './http-api.ts'
import type { ListedMail, MailCatcher, MailText } from './http-store.ts'

/** Without a limit it answers with everything, bodies included. */
const PAGE_MESSAGES = 200

const PAGE = z.array(
  z.object({
    id: z.string(),
    envelope: z.object({ to: z.array(z.object({ address: z.string() })) }).optional(),
  }),
)
const TOTAL = z.object({ storeTotal: z.number() })

type Item = z.infer<typeof PAGE>[number]

/** MailDev 3 (https://github.com/maildev/maildev). Its times are those of the header Date, so none is taken from it. */
export class Maildev implements MailCatcher {
  readonly api: HttpApi
  readonly timeResolutionMs = undefined
  /** Messages from the oldest on that were listed, and the last of them. */
  #listed = 0
  #last: string | undefined
  #total = 0
  /** The oldest that it had. */
  #oldest: string | undefined
  #hasDropped = false

  constructor(url: URL, { allowPublicTargets }: StoreContext) {
    this.api = new HttpApi({ url, product: 'MailDev', start: 'maildev', allowPublicTargets })
  }

  async check(): Promise<void> {
    await this.#count(undefined)
  }

  async glance(signal: AbortSignal): Promise<void> {
    this.#noteOldest(await this.#page(0, signal, 1))
  }

  /** In order of arrival. Where it drops the oldest (--max-emails), the list begins later: then from its start. */
  async *pages(seen: ReadonlySet<string>, signal: AbortSignal | undefined): AsyncGenerator<ListedMail[]> {
    this.#total = await this.#count(signal)
    if (this.#total === this.#listed && !this.#hasDropped) {
      const [last] = this.#total === 0 ? [] : await this.#page(this.#total - 1, signal)
      if (last?.id === this.#last) return
    }
    let skip = Math.max(0, this.#listed - 1)
    for (let isFirst = true; ; isFirst = false) {
      const items = await this.#page(skip, signal)
      if (skip === 0) this.#noteOldest(items)
      if (isFirst && this.#last !== undefined && items[0]?.id !== this.#last) {
        this.#hasDropped = true
        this.#last = undefined
        skip = 0
        continue
      }
      skip += items.length
      this.#listed = skip
      this.#last = items.at(-1)?.id ?? this.#last
      yield items.filter(({ id }) => !seen.has(id)).map((item) => this.#mail(item))
      if (items.length < PAGE_MESSAGES) return
    }
  }

  limits(): string | undefined {
    return this.#hasDropped
      ? `has dropped its oldest messages and keeps ${this.#total} (start it with --max-emails 0)`
      : undefined
  }

  #page(skip: number, signal: AbortSignal | undefined, limit = PAGE_MESSAGES): Promise<Item[]> {
    return this.api.json(`/api/email?skip=${skip}&limit=${limit}`, PAGE, signal)
  }

  #noteOldest([oldest]: readonly Item[]): void {
    if (this.#oldest !== undefined && oldest?.id !== this.#oldest) this.#hasDropped = true
    this.#oldest = oldest?.id
  }

  async #count(signal: AbortSignal | undefined): Promise<number> {
    return (await this.api.json('/api/email/summary?limit=1', TOTAL, signal)).storeTotal
  }

  #mail({ id, envelope }: Item): ListedMail {
    return {
      key: id,
      arrivedAtMs: undefined,
      // GET of the message itself would mark it as read.
      read: async (signal): Promise<MailText | undefined> => {
        const octets = await this.api.octets(`/api/email/${encodeURIComponent(id)}/source`, signal)
        return octets && { octets, recipients: envelope?.to.map(({ address }) => address) }
      },
    }
  }
}
