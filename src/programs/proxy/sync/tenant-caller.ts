import { type Dispatcher, request } from 'undici'
import { errorText } from '../../../error.ts'
import { foreignText } from '../../../text/foreign-text.ts'
import { checkHost, fencedAgent, type Intercept } from '../attachments/reach.ts'
import { authHeaders } from '../attachments/sources.ts'
import type { ProxyConfig } from '../options.ts'
import type { Report } from '../store/sync.ts'
import type { TenantClient } from '../store/tenants.ts'

const DEFAULT_PATH = '/mail-proxy/sync'

export type TenantCallerOptions = Pick<
  ProxyConfig,
  'syncTimeoutMs' | 'reportKey' | 'maxBodyBytes' | 'httpUrlPrivate'
> & {
  readonly intercept?: Intercept | undefined
}

/** Calls tenants: one POST, with a time limit for all of it. */
export class TenantCaller {
  readonly #options: TenantCallerOptions
  readonly #open: Dispatcher
  readonly #fenced: Dispatcher

  constructor(options: TenantCallerOptions) {
    this.#options = options
    const { syncTimeoutMs: connectTimeoutMs, intercept } = options
    this.#open = fencedAgent({ allowPrivate: true, connectTimeoutMs, intercept })
    this.#fenced = fencedAgent({ allowPrivate: false, connectTimeoutMs, intercept })
  }

  /** Throws a SyncFailure. */
  async call(client: TenantClient, reports: readonly Report[], stop: AbortSignal): Promise<SyncReply> {
    const { syncTimeoutMs } = this.#options
    const timeout = AbortSignal.timeout(syncTimeoutMs)
    try {
      const { statusCode, body } = await this.#post(client, reports, AbortSignal.any([timeout, stop]))
      const text = await this.#read(body)
      if (statusCode < 200 || statusCode > 299)
        throw new SyncFailure('status', `it answered HTTP ${statusCode}`)
      return readReply(text)
    } catch (error) {
      if (error instanceof SyncFailure) throw error
      if (timeout.aborted) throw new SyncFailure('timeout', `it did not answer within ${syncTimeoutMs} ms`)
      throw new SyncFailure('network', errorText(error))
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#open.destroy(), this.#fenced.destroy()])
  }

  #post(
    client: TenantClient,
    reports: readonly Report[],
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const url = new URL(`${client.baseUrl}${client.syncPath ?? DEFAULT_PATH}`)
    const allowPrivate = !client.fenced || this.#options.httpUrlPrivate
    checkHost(url.hostname, allowPrivate)
    return request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authHeaders(client.auth) },
      body: JSON.stringify(this.#body(reports)),
      dispatcher: allowPrivate ? this.#open : this.#fenced,
      signal,
    })
  }

  #body(reports: readonly Report[]): object {
    const { reportKey } = this.#options
    return reportKey === 'both' ? { delivery_report: reports, reports } : { [reportKey]: reports }
  }

  async #read(body: Dispatcher.ResponseData['body']): Promise<string> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > this.#options.maxBodyBytes)
        throw new SyncFailure('too_large', `its answer has more than ${this.#options.maxBodyBytes} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString()
  }
}

/** What a tenant answered to a sync call. */
export interface SyncReply {
  /** Messages that it still has for us. */
  readonly queued: number
  /** In seconds since 1970; undefined: call as usual. */
  readonly nextSyncAfterTs: number | undefined
  /** Messages in the reply. */
  readonly messages: readonly unknown[]
  /** Parts of the reply that make no sense and were ignored. */
  readonly oddities: readonly string[]
}

export const SYNC_FAILURES = ['network', 'timeout', 'status', 'too_large', 'not_json', 'not_ok'] as const
export type SyncFailureReason = (typeof SYNC_FAILURES)[number]

/** The call failed: its reports count as not received. */
export class SyncFailure extends Error {
  readonly reason: SyncFailureReason

  constructor(reason: SyncFailureReason, message: string) {
    super(message)
    this.reason = reason
  }
}

/** A larger value was meant in milliseconds; as seconds it would mean silence for millennia. */
const LONGEST_DND_S = 366 * 86_400

/** Only an object without ok: false acknowledges the reports. */
export function readReply(text: string, nowTs = Date.now() / 1000): SyncReply {
  const json = parsed(text)
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new SyncFailure('not_json', 'its answer is not a JSON object')
  const { ok, queued, next_sync_after: next, messages, error } = json as Record<string, unknown>
  if (ok === false)
    throw new SyncFailure(
      'not_ok',
      `it answered ok: false (${foreignText(JSON.stringify(error ?? ''), 200)})`,
    )
  const oddities: string[] = []
  const take = <T>(name: string, given: unknown, fits: (value: unknown) => value is T, absent: T): T => {
    if (given === undefined || given === null) return absent
    if (fits(given)) return given
    oddities.push(`${name} is ${foreignText(JSON.stringify(given), 100)}`)
    return absent
  }
  const isTime = (value: unknown): value is number => isCount(value) && value <= nowTs + LONGEST_DND_S
  const nextTs = take('next_sync_after', next, isTime, 0)
  return {
    queued: take('queued', queued, isCount, 0),
    // Some tenants send 0 for "no".
    nextSyncAfterTs: nextTs === 0 ? undefined : nextTs,
    messages: take('messages', messages, isList, []),
    oddities,
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SyncFailure('not_json', `its answer is not JSON: ${JSON.stringify(foreignText(text, 100))}`)
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value)
}
