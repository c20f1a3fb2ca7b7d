import { type Dispatcher, request } from 'undici'
import { errorText } from '../../error.ts'
import { authHeaders } from '../attachments/http-source.ts'
import { checkHost, fencedAgent, type Intercept } from '../attachments/reach.ts'
import type { ProxyConfig } from '../options.ts'
import type { Report } from '../store/reports.ts'
import type { TenantClient } from '../store/tenants.ts'
import { readReply, SyncFailure, type SyncReply } from './reply.ts'

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
