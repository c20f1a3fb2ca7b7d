import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { type Duplex, pipeline, type Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { type Dispatcher, errors, request } from 'undici'
import { errorText } from '../../../error.ts'
import { foreignText } from '../../../text/foreign-text.ts'
import type { AttachmentAuth, AttachmentSpec } from '../intake/attachment-spec.ts'
import type { ClientAuth, TenantClient } from '../store/tenants.ts'
import { AttachmentError } from './checked-content.ts'
import { checkHost, fencedAgent, type Intercept, OutOfReach } from './reach.ts'

export interface HttpSourceOptions {
  /** Applies to connecting, to the start of the answer, and to each gap in it. */
  readonly timeoutMs: number
  readonly httpUrlPrivate: boolean
  readonly intercept?: Intercept | undefined
}

const DEFAULT_PATH = '/mail-proxy/attachments'
/** Statuses that may differ at the next attempt (RFC 9110 15.5.9, RFC 6585 4), in addition to all of 5xx. */
const PASSING_STATUSES = new Set([408, 425, 429])

/** Treated as a loop beyond this; browsers and `fetch` stop at 20 (WHATWG Fetch 4.4). */
const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** Attachments from the tenant's own server, or from any URL. */
export class HttpSource {
  readonly #options: HttpSourceOptions
  readonly #open: Dispatcher
  readonly #fenced: Dispatcher

  constructor(options: HttpSourceOptions) {
    this.#options = options
    const { timeoutMs: connectTimeoutMs, intercept } = options
    this.#open = fencedAgent({ allowPrivate: true, connectTimeoutMs, intercept })
    this.#fenced = fencedAgent({ allowPrivate: false, connectTimeoutMs, intercept })
  }

  async close(): Promise<void> {
    await Promise.all([this.#open.destroy(), this.#fenced.destroy()])
  }

  /**
   * From the tenant's endpoint: POSTs the path, and the answer is the content. The endpoint may be in the
   * private network of the proxy's operator, unless the tenant set it itself.
   */
  async fromEndpoint(spec: AttachmentSpec, client: TenantClient, signal: AbortSignal): Promise<Readable> {
    if (client.baseUrl === null)
      throw new AttachmentError(spec.filename, 'the tenant has no client_base_url', true)
    const answer = await this.#ask(spec, `${client.baseUrl}${client.attachmentPath ?? DEFAULT_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authHeaders(spec.auth ?? client.auth) },
      body: JSON.stringify({ storage_path: spec.source }),
      allowPrivate: !client.fenced || this.#options.httpUrlPrivate,
      signal,
    })
    return this.#contentOf(spec, answer, signal)
  }

  /**
   * Without the tenant's credentials, which are not for third parties; redirects do not get those in the URL
   * either.
   */
  async fromUrl(spec: AttachmentSpec, signal: AbortSignal): Promise<Readable> {
    let headers = authHeaders(spec.auth ?? null)
    for (let url = spec.source, hops = 0; ; hops++) {
      const allowPrivate = this.#options.httpUrlPrivate
      const answer = await this.#ask(spec, url, { method: 'GET', headers, allowPrivate, signal })
      const { location } = answer.headers
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string')
        return this.#contentOf(spec, answer, signal)
      await discard(answer, signal)
      if (hops === MAX_REDIRECTS)
        throw new AttachmentError(spec.filename, `more than ${MAX_REDIRECTS} redirects`, true)
      const next = URL.parse(location, url)
      if (next === null || !/^https?:$/.test(next.protocol))
        throw new AttachmentError(
          spec.filename,
          'it redirects to something that is not an http or https URL',
          true,
        )
      if (next.origin !== new URL(url).origin) headers = {}
      url = next.href
    }
  }

  async #ask(spec: AttachmentSpec, url: string, how: HowToFetch): Promise<Dispatcher.ResponseData> {
    const { timeoutMs } = this.#options
    const { allowPrivate, ...rest } = how
    try {
      checkHost(new URL(url).hostname, allowPrivate)
    } catch (error) {
      throw new AttachmentError(spec.filename, errorText(error), true)
    }
    const dispatcher = allowPrivate ? this.#open : this.#fenced
    const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
    return request(url, { ...rest, ...limits, dispatcher }).catch((error) => {
      throw new AttachmentError(spec.filename, errorText(error), isFinal(error))
    })
  }

  /** The content with the server's content encoding removed (RFC 9110 8.4). */
  async #contentOf(
    { filename }: AttachmentSpec,
    answer: Dispatcher.ResponseData,
    signal: AbortSignal,
  ): Promise<Readable> {
    const { statusCode, body, headers } = answer
    if (statusCode < 200 || statusCode > 299) {
      await discard(answer, signal)
      const final = statusCode < 500 && !PASSING_STATUSES.has(statusCode)
      throw new AttachmentError(filename, `HTTP ${statusCode}`, final)
    }
    const codings = String(headers['content-encoding'] ?? '')
      .toLowerCase()
      .split(',')
      .map((coding) => coding.trim())
      .filter((coding) => coding !== '' && coding !== 'identity')
    const unknown = codings.find((coding) => !DECODERS.has(coding))
    if (unknown !== undefined || codings.length > MAX_CODINGS) {
      await discard(answer, signal)
      const why = `its content encoding is ${JSON.stringify(foreignText(codings.join(', '), 100))}`
      throw new AttachmentError(filename, `${why}, not gzip, deflate, br or zstd`, true)
    }
    // An error anywhere in the chain fails the reader at its end.
    return codings.toReversed().reduce<Readable>((source, coding) => {
      const decoder = (DECODERS.get(coding) as () => Duplex)()
      return pipeline(source, decoder, ignore)
    }, body)
  }
}

/** Supported content codings (RFC 9110 8.4.1, RFC 7932, RFC 8878). */
const DECODERS: ReadonlyMap<string, () => Duplex> = new Map<string, () => Duplex>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
  ['zstd', createZstdDecompress],
])
const MAX_CODINGS = 2

/** The bytes must be consumed, or the connection is lost; large bodies are not worth it. */
async function discard({ body }: Dispatcher.ResponseData, signal: AbortSignal): Promise<void> {
  await body.dump({ limit: 65_536, signal }).catch(ignore)
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

/** What is thrown away may fail. */
function ignore(): void {}

/** Errors of this process, not of the file. */
const PASSING_CODES = new Set(['EMFILE', 'ENFILE', 'EIO', 'EBUSY', 'EAGAIN', 'ENOMEM'])

/** A file below the configured directory, with symbolic links resolved. */
export async function fromFile(spec: AttachmentSpec, directory: string | undefined): Promise<Readable> {
  const refused = (why: string) => new AttachmentError(spec.filename, why, true)
  if (directory === undefined) throw refused('attachments by path are switched off (GMP_FILES_DIR)')
  try {
    const root = await realpath(directory)
    const path = await realpath(resolve(root, spec.source))
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep))
      throw refused('its path leads out of GMP_FILES_DIR')
    // NONBLOCK: opening a named pipe would wait for a writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file.createReadStream()
    await file.close()
    throw refused('it is not a file')
  } catch (error) {
    if (error instanceof AttachmentError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw new AttachmentError(spec.filename, code, !PASSING_CODES.has(code))
  }
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** Content inside the message. Folded or unpadded base64 is accepted (RFC 4648 3.2). */
export function fromBase64(spec: AttachmentSpec): Buffer {
  const text = spec.source.replace(/\s+/g, '')
  const digits = text.replace(/=+$/, '')
  if (!BASE64.test(text) || digits.length % 4 === 1 || (digits === '' && text !== ''))
    throw new AttachmentError(spec.filename, 'its content is not base64', true)
  return Buffer.from(digits, 'base64')
}
