import { z } from 'zod'
import type { StoreContext } from '../store.ts'
import { HttpApi, REQUESTS_AT_ONCE } from './http-api.ts'
import type { ListedMail, MailCatcher, MailText } from './http-store.ts'

const LIST = z.array(z.object({ mailbox: z.string(), id: z.string(), 'posix-millis': z.number() }))

type Item = z.infer<typeof LIST>[number]

/** What is known of one mailbox. */
interface Mailbox {
  /** Recipients of the run whose mail is in it: `name+tag` and `name` have one. */
  readonly owners: Set<string>
  /** The newest id that was listed: in memory they count up from 1. */
  lastId: number
  kept: number
  gone: number
}

/** inbucket 3 (https://inbucket.org). It has no list of mailboxes, so those of the run's recipients are read. */
export class Inbucket implements MailCatcher {
  readonly api: HttpApi
  readonly timeResolutionMs = 1
  readonly #recipients: readonly string[]
  readonly #mailboxes = new Map<string, Mailbox>()
  /** What was gone before the first look was none of the run's. */
  #isBegun = false

  constructor(url: URL, { allowPublicTargets, recipients = () => [] }: StoreContext) {
    this.api = new HttpApi({ url, product: 'inbucket', start: 'inbucket', allowPublicTargets })
    this.#recipients = [...new Set(recipients())]
  }

  async check(): Promise<void> {
    await this.api.json('/api/v1/mailbox/postmaster', LIST, undefined)
  }

  async *pages(_seen: ReadonlySet<string>, signal: AbortSignal | undefined): AsyncGenerator<ListedMail[]> {
    const lists = new Map<string, readonly Item[]>()
    for (let start = 0; start < this.#recipients.length; start += REQUESTS_AT_ONCE) {
      const some = this.#recipients.slice(start, start + REQUESTS_AT_ONCE)
      await Promise.all(
        some.map(async (recipient) => {
          const items = await this.api.json(`/api/v1/mailbox/${encodeURIComponent(recipient)}`, LIST, signal)
          const name = items[0]?.mailbox
          if (name === undefined) return
          this.#own(name, recipient, items)
          if (!lists.has(name)) lists.set(name, items)
        }),
      )
    }
    // Not before all have been asked: only then it is known who shares a mailbox.
    for (const items of lists.values()) yield items.map((item) => this.#mail(item))
    this.#isBegun = true
  }

  limits(): string | undefined {
    const short = [...this.#mailboxes].filter(([, { gone }]) => gone > 0)
    const [name, { kept, gone }] = short[0] ?? ['', { kept: 0, gone: 0 }]
    if (gone === 0) return undefined
    const others = short.length === 1 ? '' : ` (and others from ${short.length - 1} more mailboxes)`
    return `keeps ${kept} messages to a mailbox: ${gone} were gone from ${name} before they were read${others}; INBUCKET_STORAGE_MAILBOXMSGCAP=0 keeps all`
  }

  #own(name: string, recipient: string, items: readonly Item[]): void {
    const known = this.#mailboxes.get(name)
    const mailbox = known ?? { owners: new Set(), lastId: 0, kept: 0, gone: 0 }
    if (known === undefined) this.#mailboxes.set(name, mailbox)
    mailbox.owners.add(recipient)
    // Ids of the store in files are times, and tell nothing.
    const [first, last] = [Number(items[0]?.id), Number(items.at(-1)?.id)]
    if (!Number.isInteger(first) || !Number.isInteger(last)) return
    if (this.#isBegun) mailbox.gone += Math.max(0, first - mailbox.lastId - 1)
    mailbox.lastId = Math.max(mailbox.lastId, last)
    mailbox.kept = items.length
  }

  #mail({ mailbox, id, 'posix-millis': arrivedAtMs }: Item): ListedMail {
    return {
      key: `${mailbox}/${id}`,
      arrivedAtMs,
      read: async (signal): Promise<MailText | undefined> => {
        const path = `/api/v1/mailbox/${encodeURIComponent(mailbox)}/${encodeURIComponent(id)}/source`
        const octets = await this.api.octets(path, signal)
        const owners = [...(this.#mailboxes.get(mailbox)?.owners ?? [])]
        // Whose copy it was within one mailbox is not written down.
        return octets && { octets, recipients: owners.length === 1 ? owners : undefined }
      },
    }
  }
}
