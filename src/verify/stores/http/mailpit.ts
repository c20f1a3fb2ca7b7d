import { z } from 'zod'
import type { StoreContext } from '../../store.ts'
import { HttpApi } from './http-api.ts'
import type { ListedMail, MailCatcher, MailText } from './http-store.ts'

/** It has no limit of its own; a page of so many takes it some milliseconds. */
const PAGE_MESSAGES = 500
/** Most looks find few new messages. */
const FIRST_PAGE_MESSAGES = 50
/** Its information also asks for the newest version, on a machine without a network until that fails. */
const INFO_WITHIN_MS = 3_000

const addresses = z.array(z.object({ Address: z.string() })).nullish()

const LIST = z.object({
  total: z.number(),
  messages: z.array(z.object({ ID: z.string(), Created: z.iso.datetime({ offset: true }), Bcc: addresses })),
})

const SETTINGS = z.object({ DuplicatesIgnored: z.boolean() })
const INFO = z.object({ RuntimeStats: z.object({ MessagesDeleted: z.number() }) })

type Summary = z.infer<typeof LIST>['messages'][number]

/** Mailpit, 1.20 and newer (https://mailpit.axllent.org/docs/api-v1/). */
export class Mailpit implements MailCatcher {
  readonly api: HttpApi
  readonly timeResolutionMs = 1
  readonly #note: (line: string) => void
  #total = 0
  #deletedBefore: number | undefined
  #deleted = 0
  /** How many it had less from one look to the next. */
  #shrunk = 0

  constructor(url: URL, { allowPublicTargets, note }: StoreContext) {
    this.api = new HttpApi({ url, product: 'Mailpit', start: 'mailpit --max 0', allowPublicTargets })
    this.#note = note
  }

  async check(): Promise<void> {
    const { DuplicatesIgnored } = await this.api.json('/api/v1/webui', SETTINGS, undefined)
    if (DuplicatesIgnored)
      this.#note(
        `${this.api.product} drops a second message of the same Message-ID (--ignore-duplicate-ids): none is seen as doubled.`,
      )
    this.#deletedBefore = await this.#deletions()
  }

  async glance(signal: AbortSignal): Promise<void> {
    this.#noteTotal(await this.api.json('/api/v1/messages?limit=1', LIST, signal))
  }

  /** Newest first: what comes meanwhile moves the pages on, so messages are repeated and none is left out. */
  async *pages(seen: ReadonlySet<string>, signal: AbortSignal | undefined): AsyncGenerator<ListedMail[]> {
    const listed = new Set<string>()
    for (let start = 0, limit = FIRST_PAGE_MESSAGES; ; start += limit, limit = PAGE_MESSAGES) {
      const page = await this.api.json(`/api/v1/messages?start=${start}&limit=${limit}`, LIST, signal)
      this.#noteTotal(page)
      const fresh = page.messages.filter(({ ID }) => !seen.has(ID) && !listed.has(ID))
      for (const { ID } of fresh) listed.add(ID)
      yield fresh.map((summary) => this.#mail(summary))
      if (page.messages.length < limit) break
      // It can be told to sort by the header Date: what is new then stands anywhere.
      if (fresh.length === 0 && seen.size >= page.total) break
    }
    // Unknown once, it stays unknown: each question would wait for the network.
    if (this.#deletedBefore !== undefined) this.#deleted = (await this.#deletions()) ?? this.#deleted
  }

  limits(): string | undefined {
    const counted = this.#deletedBefore === undefined ? 0 : this.#deleted - this.#deletedBefore
    const deleted = Math.max(counted, this.#shrunk)
    return deleted > 0
      ? `has deleted ${deleted} messages since the run began and keeps ${this.#total} (its default is --max 500; start it with --max 0)`
      : undefined
  }

  #noteTotal({ total }: Pick<z.infer<typeof LIST>, 'total'>): void {
    this.#shrunk += Math.max(0, this.#total - total)
    this.#total = total
  }

  #mail({ ID, Created, Bcc }: Summary): ListedMail {
    return {
      key: ID,
      arrivedAtMs: Date.parse(Created),
      read: async (signal): Promise<MailText | undefined> => {
        const octets = await this.api.octets(`/api/v1/message/${encodeURIComponent(ID)}/raw`, signal)
        if (octets === undefined) return undefined
        return {
          octets,
          recipients: recipientsOf(
            octets,
            (Bcc ?? []).map(({ Address }) => Address),
          ),
        }
      },
    }
  }

  async #deletions(): Promise<number | undefined> {
    try {
      const info = await this.api.json('/api/v1/info', INFO, AbortSignal.timeout(INFO_WITHIN_MS))
      return info.RuntimeStats.MessagesDeleted
    } catch {
      return undefined
    }
  }
}

/**
 * One message has all its recipients: the first stands in the Received that Mailpit adds, and those that are in
 * neither To nor Cc in the Bcc that it adds. (To and Cc are the author's: they need not be of the envelope.)
 */
export function recipientsOf(octets: Buffer, bcc: readonly string[]): string[] {
  const received =
    /^Received: [^\r\n]*\r\n[ \t]+by [^\r\n]*\(Mailpit\b[^\r\n]*\r\n[ \t]+for <([^\r\n]*)>;/m.exec(
      octets.toString('latin1', 0, 64 * 1024),
    )
  const [, first] = received ?? []
  return [...new Set(first === undefined ? bcc : [first, ...bcc])]
}
