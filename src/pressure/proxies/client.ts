import { errorText, MailstormError } from '../../error.ts'
import { foreignText } from '../../text/foreign-text.ts'
import { tokenMaskFor } from '../../text/secret-mask.ts'
import { type ProxyReading, readingOf } from './reading.ts'

const READING_WITHIN_MS = 5_000
const ANSWER_WITHIN_MS = 30_000
/** Our proxy returns at most this many; genro-mail-proxy has no limit and returns all. */
const PAGE_MESSAGES = 1_000

export interface ProxyAddress {
  /** Such as `proxy-1`. */
  readonly name: string
  readonly url: string
  /** The admin token. */
  readonly token: string | undefined
}

/** The requests that a run makes to a mail proxy, ours or genro-mail-proxy. */
export class ProxyClient {
  readonly name: string
  readonly url: string
  readonly #token: string | undefined

  constructor({ name, url, token }: ProxyAddress) {
    this.name = name
    this.url = url
    this.#token = token
  }

  /** Undefined when it does not answer. */
  async reading(): Promise<ProxyReading | undefined> {
    try {
      const response = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(READING_WITHIN_MS) })
      return response.ok ? readingOf(await response.text()) : undefined
    } catch {
      return undefined
    }
  }

  /**
   * Has the proxy call a tenant now, even inside a DND window. genro-mail-proxy ignores the body and identifies
   * the tenant by its own key; ours accepts either.
   */
  async runNow(tenantId: string, apiKey: string | undefined): Promise<void> {
    await this.#request('/commands/run-now', {
      method: 'POST',
      token: apiKey ?? this.#token,
      body: JSON.stringify({ tenant_id: tenantId }),
    })
  }

  /** Issues a new key for a tenant: the proxy shows a key only once, when it creates the tenant. */
  async newKey(tenantId: string): Promise<string | undefined> {
    const path = `/tenant/${encodeURIComponent(tenantId)}/api-key`
    const { api_key: key } = (await this.#request(path, {
      method: 'POST',
      token: this.#token,
      body: '{}',
    })) as {
      readonly api_key?: string
    }
    return key
  }

  /** Ids of a tenant's messages that are waiting to be sent. Throws when unknown. */
  async queuedIds(tenantId: string): Promise<Set<string>> {
    const ids = new Set<string>()
    for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
      const query = new URLSearchParams({
        tenant_id: tenantId,
        active_only: 'true',
        limit: `${PAGE_MESSAGES}`,
      })
      if (after !== undefined) query.set('after', after)
      const page = (await this.#request(`/messages?${query}`, { token: this.#token })) as QueuePage
      const known = ids.size
      for (const { id } of page.messages) ids.add(id)
      after = page.next
      if (after === undefined || ids.size > known) continue
      const why = 'it names a next page, but this one has no new message'
      throw new MailstormError('PROXY_API', `Failed to read the queue of ${this.name}: ${why}.`)
    }
    return ids
  }

  async #request(
    path: string,
    { token, ...how }: RequestInit & { token: string | undefined },
  ): Promise<unknown> {
    const headers = {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { 'x-api-token': token }),
    }
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS)
    const failed = `Failed to ask ${this.name} for ${path}`
    const failure = (why: string) => new MailstormError('PROXY_API', `${failed}: ${why}.`)
    try {
      const response = await fetch(`${this.url}${path}`, { ...how, headers, signal })
      const text = await response.text()
      const said = () => `HTTP ${response.status} ${foreignText(tokenMaskFor(token)(text), 300)}`
      if (response.status >= 500) throw failure(said())
      if (!response.ok) throw new MailstormError('PROXY_REFUSED', `${failed}: ${said()}.`)
      return parsed(text, () => failure(`not JSON, but ${said()}`))
    } catch (error) {
      if (error instanceof MailstormError) throw error
      throw failure(errorText((error as Error).cause ?? error))
    }
  }
}

function parsed(text: string, failure: () => Error): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw failure()
  }
}

interface QueuePage {
  readonly messages: readonly { readonly id: string }[]
  readonly next?: string
}
