import { setTimeout as delay } from 'node:timers/promises'
import { errorText, MailstormError } from '../src/error.ts'

/** A message in the JSON of MailHog's API. */
export interface MailhogMessage {
  readonly ID: string
  readonly From: MailhogPath
  readonly To: readonly MailhogPath[] | null
  readonly Content: MailhogContent
  readonly Created: string
  readonly MIME: MailhogMime | null
  /** `Data` lacks the final CRLF; `To` is the envelope, including Bcc. */
  readonly Raw: {
    readonly From: string
    readonly To: readonly string[] | null
    readonly Data: string
    readonly Helo: string
  }
}

export interface MailhogPath {
  readonly Relays: readonly string[] | null
  readonly Mailbox: string
  readonly Domain: string
  readonly Params: string
}

export interface MailhogContent {
  readonly Headers: Readonly<Record<string, readonly string[]>>
  readonly Body: string
  readonly Size: number
  readonly MIME: MailhogMime | null
}

export interface MailhogMime {
  readonly Parts: readonly MailhogContent[] | null
}

export interface MailhogPage {
  readonly total: number
  readonly count: number
  readonly start: number
  readonly items: readonly MailhogMessage[]
}

/** MailHog's cap on a page. */
const PAGE_MESSAGES = 250
/** More simultaneous requests are no faster. */
const PAGES_AT_ONCE = 4
const ANSWER_WITHIN_MS = 30_000
const FIRST_POLL_MS = 5
const LAST_POLL_MS = 250

/** Reads any number of messages from a MailHog, the real one or ours. */
export class MailhogClient {
  readonly #apiUrl: string
  readonly #headers: Readonly<Record<string, string>>

  /** `apiUrl` such as `http://127.0.0.1:8025`, with the web path if there is one. */
  constructor(apiUrl: string, login?: { readonly user: string; readonly pass: string }) {
    this.#apiUrl = apiUrl.replace(/\/$/, '')
    this.#headers =
      login === undefined
        ? {}
        : { Authorization: `Basic ${Buffer.from(`${login.user}:${login.pass}`).toString('base64')}` }
  }

  async count(): Promise<number> {
    return (await this.#page('/api/v2/messages?limit=1')).total
  }

  /** Resolves with the count once it reaches `expected`; rejects with the current count after `withinMs`. */
  async waitForCount(expected: number, withinMs: number): Promise<number> {
    const endMs = performance.now() + withinMs
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(LAST_POLL_MS, pollMs * 2)) {
      const count = await this.count()
      if (count >= expected) return count
      const leftMs = endMs - performance.now()
      if (leftMs <= 0)
        throw new MailstormError(
          'MAILHOG_COUNT',
          `Failed to see ${expected} messages in MailHog within ${withinMs} ms: it has ${count}.`,
        )
      await delay(Math.min(pollMs, leftMs))
    }
  }

  /** Every message once, mostly newest first, even while mail arrives. */
  messages(): AsyncGenerator<MailhogMessage> {
    return this.#all('/api/v2/messages?')
  }

  /** Messages with exactly this envelope recipient. */
  async byEnvelopeTo(address: string): Promise<MailhogMessage[]> {
    const found: MailhogMessage[] = []
    // MailHog's search also matches parts of addresses and header fields.
    for await (const message of this.#all(`/api/v2/search?kind=to&query=${encodeURIComponent(address)}&`)) {
      if (message.Raw.To?.includes(address)) found.push(message)
    }
    return found
  }

  async deleteAll(): Promise<void> {
    await this.#request('/api/v1/messages', 'DELETE')
  }

  /**
   * Reads pages up to the total that MailHog reports. An empty page would never come: beyond the end it repeats
   * the oldest message. Mail that arrives meanwhile shifts the pages, so the latest total counts and repeated
   * messages are dropped.
   */
  async *#all(path: string): AsyncGenerator<MailhogMessage> {
    const seen = new Set<string>()
    for (let start = 0, total = 1; start < total; ) {
      const wanted = start === 0 ? 1 : Math.min(PAGES_AT_ONCE, Math.ceil((total - start) / PAGE_MESSAGES))
      const pages = await Promise.all(
        Array.from({ length: wanted }, (_, i) =>
          this.#page(`${path}start=${start + i * PAGE_MESSAGES}&limit=${PAGE_MESSAGES}`),
        ),
      )
      total = Math.max(...pages.map((page) => page.total))
      start += wanted * PAGE_MESSAGES
      for (const message of pages.flatMap(({ items }) => items)) {
        if (seen.has(message.ID)) continue
        seen.add(message.ID)
        yield message
      }
    }
  }

  async #page(path: string): Promise<MailhogPage> {
    const response = await this.#request(path, 'GET')
    try {
      return (await response.json()) as MailhogPage
    } catch (error) {
      throw this.#failure('GET', path, `its answer cannot be read (${errorText(error)})`)
    }
  }

  async #request(path: string, method: 'GET' | 'DELETE'): Promise<Response> {
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const how = { method, headers: this.#headers, signal }
    const response = await fetch(`${this.#apiUrl}${path}`, how).catch((error: Error) => {
      throw this.#failure(method, path, errorText(error.cause ?? error))
    })
    if (response.ok) return response
    await response.body?.cancel()
    throw this.#failure(method, path, `it answered ${response.status}`)
  }

  #failure(method: string, path: string, why: string): MailstormError {
    const url = `${this.#apiUrl}${path}`
    return new MailstormError('MAILHOG_API', `Failed to ask MailHog for ${method} ${url}: ${why}.`)
  }
}
