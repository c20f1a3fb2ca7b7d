import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { ZodType } from 'zod'
import { inDialOrder } from '../../../dial.ts'
import { connectionText, errorText, MailstormError } from '../../../error.ts'
import { safeAddressesOf, systemLookup } from '../../../smtp/preflight/address.ts'
import { foreignText } from '../../../text/foreign-text.ts'
import { secretMaskFor } from '../../../text/secret-mask.ts'

/** Requests at a time: more are no faster on a server that writes to a database. */
export const REQUESTS_AT_ONCE = 8
const ANSWER_WITHIN_MS = 30_000
/** A message of 50 MB, and a page of a hundred with attachments; more would fill the memory. */
const MOST_ANSWER_BYTES = 256 * 1024 * 1024

/** Where a store's HTTP API is, and what is said when it is not there. */
export interface HttpApiOptions {
  /** As it was given, after the scheme of the store; may hold a login. */
  readonly url: URL
  /** As in `Mailpit`. */
  readonly product: string
  /** How it is started, for when it cannot be reached. */
  readonly start: string
  readonly allowPublicTargets: boolean
}

/** Reads the HTTP API of a mail catcher, on connections that stay open, at checked addresses only. */
export class HttpApi implements Disposable {
  /** Without the password. */
  readonly address: string
  readonly product: string
  readonly #options: HttpApiOptions
  readonly #base: string
  readonly #mask: (text: string) => string
  readonly #agent: HttpAgent | HttpsAgent
  #lookup: LookupFunction | undefined

  constructor(options: HttpApiOptions) {
    const { url, product } = options
    this.#options = options
    this.product = product
    this.address = `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`
    this.#base = url.pathname.replace(/\/$/, '')
    this.#mask = secretMaskFor({
      user: decodeURIComponent(url.username),
      pass: decodeURIComponent(url.password),
    })
    const kept = { keepAlive: true, maxSockets: REQUESTS_AT_ONCE }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(kept) : new HttpAgent(kept)
  }

  /** What is there, if it has the form of that API. */
  async json<T>(path: string, form: ZodType<T>, signal: AbortSignal | undefined): Promise<T> {
    const octets = await this.octets(path, signal)
    if (octets === undefined) throw this.notThisApi(`it answers 404 to ${path.split('?')[0]}`)
    let answer: unknown
    try {
      answer = JSON.parse(octets.toString('utf8'))
    } catch {
      const page = /^\s*</.test(octets.toString('latin1', 0, 200))
      throw this.notThisApi(page ? 'it answers with an HTML page' : 'it does not answer in JSON')
    }
    const { data, error } = form.safeParse(answer)
    if (error === undefined) return data
    const { path: at = [], message } = error.issues[0] ?? { message: 'of another form' }
    throw this.notThisApi(
      `its answer to ${path.split('?')[0]} has another form (${at.join('.') || 'all of it'}: ${message})`,
    )
  }

  /** The octets that are there; undefined for 404. */
  async octets(path: string, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
    this.#lookup ??= await this.#checkedLookup()
    const response = await this.#request(path, signal)
    const { statusCode = 0 } = response
    const octets = await readAll(response).catch((error) => {
      signal?.throwIfAborted()
      throw this.failure(`the answer to ${path.split('?')[0]} broke off: ${errorText(error)}`)
    })
    if (statusCode === 404) return undefined
    if (statusCode === 401 || statusCode === 403) {
      const given = this.#options.url.username === '' ? 'no login was given' : 'the login is wrong'
      throw this.failure(
        `it answered ${statusCode}: ${given}`,
        'Write the login before the host: http://user:password@host:port',
      )
    }
    if (statusCode !== 200) {
      const said = foreignText(octets.toString('utf8', 0, 2000), 120)
      throw this.failure(
        `it answered ${statusCode} to ${path.split('?')[0]}${said === '' ? '' : `: ${said}`}`,
      )
    }
    return octets
  }

  failure(
    why: string,
    hint = `Start it (${this.#options.start}), or correct STRESS_VERIFY.`,
  ): MailstormError {
    return new MailstormError(
      'VERIFY_STORE',
      this.#mask(`Failed to read ${this.product} at ${this.address}: ${why}.`),
      hint,
    )
  }

  notThisApi(why: string): MailstormError {
    return this.failure(
      `that is not ${this.product}'s API: ${why}`,
      `Give the address of its web page in STRESS_VERIFY; ${this.#options.start}`,
    )
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }

  /** Only the addresses that were checked: a name that leads elsewhere later gains nothing (DNS rebinding). */
  async #checkedLookup(): Promise<LookupFunction> {
    const { url, allowPublicTargets: allowPublic } = this.#options
    // A literal IPv6 address stands in brackets (RFC 3986 3.2.2).
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const found = await safeAddressesOf({
      host,
      allowPublic,
      lookup: systemLookup,
      variable: 'STRESS_VERIFY',
    })
    const addresses = inDialOrder(found.map(({ address }) => address)).map((address) => ({
      address,
      family: isIP(address),
    }))
    return (_host, { all }, answer) => {
      const [first] = addresses
      if (all === true) answer(null, addresses)
      else answer(null, first?.address ?? '', first?.family)
    }
  }

  #request(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const { url } = this.#options
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const login =
      url.username === ''
        ? {}
        : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const request = send(
      {
        protocol: url.protocol,
        hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        ...(url.port === '' ? {} : { port: Number(url.port) }),
        path: `${this.#base}${path}`,
        headers: { accept: 'application/json, */*' },
        agent: this.#agent,
        timeout: ANSWER_WITHIN_MS,
        ...login,
        ...(this.#lookup === undefined ? {} : { lookup: this.#lookup }),
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    )
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)))
    request.on('error', (error) => {
      reject(signal?.aborted === true ? signal.reason : this.failure(connectionText(error)))
    })
    request.end()
    return promise
  }
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MOST_ANSWER_BYTES) throw new Error(`more than ${MOST_ANSWER_BYTES / 1024 / 1024} MB`)
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}
