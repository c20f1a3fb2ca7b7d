import { z } from 'zod'
import type { StoreContext } from '../../store.ts'
import { HttpApi } from './http-api.ts'
import type { ListedMail, MailCatcher, MailText } from './http-store.ts'

const PAGE_MESSAGES = 200

const LIST = z.object({
  rowCount: z.number(),
  results: z.array(
    z.object({ id: z.string(), receivedDate: z.string(), to: z.union([z.string(), z.array(z.string())]) }),
  ),
})
const SERVER = z.object({ isRunning: z.boolean(), numberOfMessagesToKeep: z.number().optional() })

type Item = z.infer<typeof LIST>['results'][number]

/** smtp4dev 3 (https://github.com/rnwood/smtp4dev), its first mailbox. */
export class Smtp4dev implements MailCatcher {
  readonly api: HttpApi
  readonly timeResolutionMs = 1
  readonly #note: (line: string) => void
  #keeps: number | undefined
  #most = 0

  constructor(url: URL, { allowPublicTargets, note }: StoreContext) {
    this.api = new HttpApi({
      url,
      product: 'smtp4dev',
      start: 'smtp4dev --messagestokeep=100000',
      allowPublicTargets,
    })
    this.#note = note
  }

  async check(): Promise<void> {
    const { numberOfMessagesToKeep } = await this.api.json('/api/Server', SERVER, undefined)
    this.#keeps = numberOfMessagesToKeep
    if (numberOfMessagesToKeep !== undefined)
      this.#note(`smtp4dev keeps ${numberOfMessagesToKeep} messages; --messagestokeep=100000 keeps more.`)
  }

  /** Newest first: what comes meanwhile moves the pages on, so messages are repeated and none is left out. */
  async *pages(seen: ReadonlySet<string>, signal: AbortSignal | undefined): AsyncGenerator<ListedMail[]> {
    const listed = new Set<string>()
    for (let page = 1; ; page++) {
      const query = `sortColumn=receivedDate&sortIsDescending=true&page=${page}&pageSize=${PAGE_MESSAGES}`
      const { rowCount, results } = await this.api.json(`/api/Messages?${query}`, LIST, signal)
      this.#most = Math.max(this.#most, rowCount)
      const fresh = results.filter(({ id }) => !seen.has(id) && !listed.has(id))
      for (const { id } of fresh) listed.add(id)
      yield fresh.map((item) => this.#mail(item))
      if (results.length < PAGE_MESSAGES || (fresh.length === 0 && seen.size >= rowCount)) return
    }
  }

  limits(): string | undefined {
    return this.#keeps !== undefined && this.#most >= this.#keeps
      ? `keeps ${this.#keeps} messages (start it with --messagestokeep=100000)`
      : undefined
  }

  #mail({ id, receivedDate, to }: Item): ListedMail {
    return {
      key: id,
      arrivedAtMs: timeOf(receivedDate),
      read: async (signal): Promise<MailText | undefined> => {
        const octets = await this.api.octets(`/api/Messages/${encodeURIComponent(id)}/download`, signal)
        return octets && { octets, recipients: addressesIn(to) }
      },
    }
  }
}

/** Older versions give one text, newer ones a list; both part a text at commas. */
function addressesIn(to: string | readonly string[]): string[] {
  const texts = typeof to === 'string' ? to.split(',') : to
  return texts.map((text) => text.trim()).filter((text) => text !== '')
}

/** Local time of its machine, with an offset or without; the latter is that of this machine only by chance. */
function timeOf(text: string): number | undefined {
  const at = /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
