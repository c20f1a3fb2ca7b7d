import type { Readable } from 'node:stream'
import { type Dispatcher, errors, request } from 'undici'
import type { AttachmentAuth, AttachmentSpec } from '../intake/attachment-spec.ts'
import { messageOf } from '../log.ts'
import type { ClientAuth, TenantClient } from '../store/tenants.ts'
import { AttachmentError } from './attachment-error.ts'
import { checkHost, fencedAgent, type Intercept, OutOfReach } from './reach.ts'

export interface HttpSourceOptions {
  /** Until the connection stands, until the answer begins, and between two parts of it. */
  readonly timeoutMs: number
  readonly httpUrlPrivate: boolean
  readonly intercept?: Intercept | undefined
}

const DEFAULT_PATH = '/mail-proxy/attachments'
/** Statuses that may be another next time (RFC 9110 15.5.9, RFC 6585 4); and all of 5xx. */
const PASSING = new Set([408, 425, 429])

/** Attachments from the tenant's own server, or from any URL. */
export class HttpSource {
  readonly #options: HttpSourceOptions
  /** The tenant's URL was given by whoever runs the proxy or the tenant, and may be in their network. */
  readonly #own: Dispatcher
  readonly #others: Dispatcher

  constructor(options: HttpSourceOptions) {
    this.#options = options
    const { timeoutMs: connectTimeoutMs, httpUrlPrivate, intercept } = options
    this.#own = fencedAgent({ allowPrivate: true, connectTimeoutMs, intercept })
    this.#others = fencedAgent({ allowPrivate: httpUrlPrivate, connectTimeoutMs, intercept })
  }

  async close(): Promise<void> {
    await Promise.all([this.#own.destroy(), this.#others.destroy()])
  }

  /** As the tenant's endpoint has it: the path in a POST, the content in the answer. */
  fromEndpoint(spec: AttachmentSpec, client: TenantClient, signal: AbortSignal): Promise<Readable> {
    if (client.baseUrl === null)
      throw new AttachmentError(spec.filename, 'the tenant has no client_base_url', true)
    return this.#fetch(spec, `${client.baseUrl}${client.attachmentPath ?? DEFAULT_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authHeaders(spec.auth ?? client.auth) },
      body: JSON.stringify({ storage_path: spec.source }),
      allowPrivate: true,
      signal,
    })
  }

  /** The tenant's own credentials are not for third parties. */
  fromUrl(spec: AttachmentSpec, signal: AbortSignal): Promise<Readable> {
    return this.#fetch(spec, spec.source, {
      method: 'GET',
      headers: authHeaders(spec.auth ?? null),
      allowPrivate: this.#options.httpUrlPrivate,
      signal,
    })
  }

  async #fetch(spec: AttachmentSpec, url: string, how: HowToFetch): Promise<Readable> {
    const { timeoutMs } = this.#options
    const { allowPrivate, ...rest } = how
    try {
      checkHost(new URL(url).hostname, allowPrivate)
    } catch (error) {
      throw new AttachmentError(spec.filename, messageOf(error), true)
    }
    const dispatcher = allowPrivate ? this.#own : this.#others
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
    const { statusCode, body } = await request(url, { ...rest, ...limits, dispatcher }).catch((error) => {
      throw new AttachmentError(spec.filename, messageOf(error), isFinal(error))
    })
    if (statusCode >= 200 && statusCode < 300) return body
    // Its bytes have to go somewhere, or the connection is lost; large ones are not worth it.
    await body.dump({ limit: 65_536, signal: how.signal }).catch(ignore)
    const final = statusCode < 500 && !PASSING.has(statusCode)
    throw new AttachmentError(spec.filename, `HTTP ${statusCode}`, final)
  }
}

interface HowToFetch {
  readonly method: 'GET' | 'POST'
  readonly headers: Record<string, string>
  readonly body?: string
  readonly allowPrivate: boolean
  readonly signal: AbortSignal
}

export function authHeaders(auth: AttachmentAuth | ClientAuth | null): Record<string, string> {
  if (auth?.method === 'bearer') return { authorization: `Bearer ${auth.token ?? ''}` }
  if (auth?.method !== 'basic') return {}
  const credentials = Buffer.from(`${auth.user ?? ''}:${auth.password ?? ''}`).toString('base64')
  return { authorization: `Basic ${credentials}` }
}

function isFinal(error: unknown): boolean {
  return error instanceof OutOfReach || error instanceof errors.InvalidArgumentError
}

/** Nobody waits for what is thrown away. */
function ignore(): void {}
