import { z } from 'zod'
import type { StoreContext } from '../../store.ts'
import { HttpApi, REQUESTS_AT_ONCE } from './http-api.ts'
import type { ListedMail, MailCatcher, MailText } from './http-store.ts'

const LIST = z.array(z.object({ mailbox: z.string(), id: z.string(), 'posix-millis': z.number() }))

type Item = z.infer<typeof LIST>[number]

/** INBUCKET_STORAGE_MAILBOXMSGCAP where nothing else is said. */
const DEFAULT_CAP = 500
/** Each answer to a glance is a whole list. */
const GLANCED_AT = 4

/** What is known of one mailbox. */
interface Mailbox {
  /** Recipients of the run whose mail is in it: `name+tag` and `name` have one. */
  readonly owners: Set<string>
  /** The newest id that was listed: in memory they count up from 1. */
  lastId: number
  kept: number
  gone: number
  /** The oldest, where ids tell nothing of how many came before. */
  oldest?: string | undefined
  /** Its oldest has gone, or may have. */
  isShort: boolean
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

  async glance(signal: AbortSignal): Promise<void> {
    for (const recipient of this.#recipients.slice(0, GLANCED_AT)) {
      const items = await this.api.json(`/api/v1/mailbox/${encodeURIComponent(recipient)}`, LIST, signal)
      const [first] = items
      if (first === undefined || Number.isInteger(Number(first.id))) return
      this.#noteOldest(this.#mailboxOf(first.mailbox), items)
    }
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
    const short = [...this.#mailboxes].filter(([, { gone, isShort }]) => gone > 0 || isShort)
    const [name, mailbox] = short[0] ?? []
    if (mailbox === undefined) return undefined
    const { kept, gone } = mailbox
    const others = short.length === 1 ? '' : ` (and others from ${short.length - 1} more mailboxes)`
    const which = gone > 0 ? `${gone} were gone from ${name}` : `the oldest of ${name} may have been gone`
    return `keeps ${kept} messages to a mailbox: ${which} before they were read${others}; INBUCKET_STORAGE_MAILBOXMSGCAP=0 keeps all`
  }

  #mailboxOf(name: string): Mailbox {
    const known = this.#mailboxes.get(name)
    if (known !== undefined) return known
    const mailbox: Mailbox = { owners: new Set(), lastId: 0, kept: 0, gone: 0, isShort: false }
    this.#mailboxes.set(name, mailbox)
    return mailbox
  }

  #own(name: string, recipient: string, items: readonly Item[]): void {
    const mailbox = this.#mailboxOf(name)
    mailbox.owners.add(recipient)
    const [first, last] = [Number(items[0]?.id), Number(items.at(-1)?.id)]
    if (Number.isInteger(first) && Number.isInteger(last)) {
      if (this.#isBegun) mailbox.gone += Math.max(0, first - mailbox.lastId - 1)
      mailbox.lastId = Math.max(mailbox.lastId, last)
    } else this.#noteOldest(mailbox, items)
    mailbox.kept = items.length
  }

  /** Ids of the store in files are times: that the first has gone shows only when it was seen. */
  #noteOldest(mailbox: Mailbox, items: readonly Item[]): void {
    const oldest = items[0]?.id
    const isGone = mailbox.oldest !== undefined && oldest !== mailbox.oldest
    if (isGone || items.length === DEFAULT_CAP) mailbox.isShort = true
    mailbox.oldest = oldest
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
