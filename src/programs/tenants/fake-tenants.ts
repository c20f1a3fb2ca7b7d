import { setImmediate as nextTurn } from 'node:timers/promises'
import { getResponse, HttpResponse, http, type RequestHandler } from 'msw'
import type { Dispatcher } from 'undici'
import { answer, type TenantResponse } from './route.ts'
import type { Tenant } from './tenant.ts'

export interface TenantHost {
  readonly tenant: Tenant
  /** Such as `http://tenant-standard.test`; need not exist. */
  readonly baseUrl: string
}

export interface FakeTenants {
  readonly handlers: readonly RequestHandler[]
  /**
   * For undici's `dispatcher.compose()`: answers requests to these tenants, passes all others to the network.
   */
  readonly intercept: Dispatcher.DispatcherComposeInterceptor
}

/**
 * Tenants inside this process, through msw, for callers that use undici. Not through msw's `setupServer`, which
 * does not see undici's `request`, also patches sockets to SMTP servers and databases, and pushes a body into
 * the socket however little of it is read (docs/decisions/009-tenants.md).
 */
export function fakeTenants(hosts: readonly TenantHost[]): FakeTenants {
  const handlers = hosts.flatMap(({ tenant, baseUrl }) => tenantHandlers(tenant, baseUrl))
  const origins = new Set(hosts.map(({ baseUrl }) => new URL(baseUrl).origin))
  const intercept: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    if (!origins.has(new URL(String(options.origin)).origin)) return dispatch(options, handler)
    void new Exchange(handler).run(handlers, options)
    return true
  }
  return { handlers, intercept }
}

/** Bytes passed per turn of the event loop, so that others get theirs. */
const BYTES_PER_TURN = 1024 ** 2

/** One undici request, answered by msw. undici's own time limits (headersTimeout, …) do not apply. */
class Exchange implements Dispatcher.DispatchController {
  readonly #handler: Dispatcher.DispatchHandler
  readonly #abort = new AbortController()
  #resumed: PromiseWithResolvers<void> | undefined
  /** Whether the caller was told that it ended. */
  #over = false

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler
  }

  get aborted(): boolean {
    return this.#abort.signal.aborted
  }

  get paused(): boolean {
    return this.#resumed !== undefined
  }

  get reason(): Error | null {
    return (this.#abort.signal.reason as Error | undefined) ?? null
  }

  /** The caller is told at once; the tenant finds out when it answers. */
  abort(reason: Error): void {
    if (this.aborted || this.#over) return
    this.#abort.abort(reason)
    this.#fail(reason)
    this.resume()
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#resumed?.resolve()
    this.#resumed = undefined
  }

  async run(handlers: readonly RequestHandler[], options: Dispatcher.DispatchOptions): Promise<void> {
    try {
      // Never in the same turn as the call, as over a network.
      await nextTurn()
      this.#handler.onRequestStart?.(this, undefined)
      const request = requestOf(options, this.#abort.signal)
      const response = await getResponse([...handlers], request)
      if (response === undefined) throw new Error(`no tenant answers ${request.method} ${request.url}`)
      await this.#pass(response)
    } catch (error) {
      this.#fail(error as Error)
    }
  }

  async #pass({ status, statusText, headers, body }: Response): Promise<void> {
    const reader = body?.getReader()
    const cancel = () => reader?.cancel(this.reason).catch(ignore)
    if (this.aborted) return cancel()
    this.#abort.signal.addEventListener('abort', cancel, { once: true })
    this.#handler.onResponseStart?.(this, status, Object.fromEntries(headers), statusText)
    for (let sinceTurn = 0, next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      // Read before the caller gave up.
      if (this.aborted) return
      const { value } = next
      this.#handler.onResponseData?.(this, Buffer.from(value.buffer, value.byteOffset, value.length))
      sinceTurn += value.length
      if (sinceTurn >= BYTES_PER_TURN) sinceTurn = await nextTurn(0)
      await this.#resumed?.promise
    }
    if (this.aborted) return
    this.#over = true
    this.#handler.onResponseEnd?.(this, {})
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#handler.onResponseError?.(this, error)
  }
}

function requestOf(
  { origin, path, method, headers, body }: Dispatcher.DispatchOptions,
  signal: AbortSignal,
): Request {
  if (body !== undefined && body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))
    throw new TypeError('a faked tenant takes requests whose body is text or bytes, not a stream')
  const url = new URL(path, String(origin))
  return new Request(url, { method, headers: headersOf(headers), body: body ?? null, signal })
}

/** undici accepts an object, an iterable of pairs, or a flat list of names and values. */
function headersOf(given: Dispatcher.DispatchOptions['headers']): Headers {
  if (given === undefined || given === null) return new Headers()
  const pairs = Array.isArray(given)
    ? Array.from({ length: given.length / 2 }, (_, index) => [given[2 * index], given[2 * index + 1]])
    : Symbol.iterator in given
      ? [...(given as Iterable<[string, string]>)]
      : Object.entries(given)
  const known = pairs.filter(([, value]) => value !== undefined && value !== null)
  return new Headers(known.map(([name, value]) => [String(name), String(value)]))
}

/** The reader had already ended. */
function ignore(): void {}

/** A tenant as msw handlers: a virtual host such as `http://tenant-standard.test`, only inside this process. */
export function tenantHandlers(tenant: Tenant, baseUrl: string): RequestHandler[] {
  const base = baseUrl.replace(/\/+$/, '')
  return [
    http.all(`${base}/*`, async ({ request }) => {
      const response = await answer(tenant, {
        method: request.method,
        path: new URL(request.url).pathname.slice(new URL(base).pathname.replace(/\/$/, '').length),
        authorization: request.headers.get('authorization'),
        text: () => request.text(),
      })
      return new HttpResponse(bodyOf(response), { status: response.status, headers: { ...response.headers } })
    }),
  ]
}

/** Produces blocks on request: unread data is never generated, and nothing is buffered. */
function bodyOf({ blocks, settle }: TenantResponse): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await blocks.next()
        if (next.done !== true) return controller.enqueue(next.value)
        controller.close()
        settle(true)
      },
      async cancel() {
        await blocks.return?.()
        settle(false)
      },
    },
    { highWaterMark: 0 },
  )
}
