import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { AttachmentSpec } from '../intake/attachment-spec.ts'
import { messageOf } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import type { Claimed } from '../store/claim.ts'
import type { TenantClient } from '../store/tenants.ts'
import { AttachmentError } from './attachment-error.ts'
import { AttachmentCache } from './cache.ts'
import { checkedBuffer, checkedContent, checkedStream, type Expected } from './checked-content.ts'
import { DiskTier } from './disk-tier.ts'
import { fromFile } from './file-source.ts'
import { HttpSource } from './http-source.ts'
import { fromBase64 } from './inline-source.ts'
import { MemoryTier } from './memory-tier.ts'
import type { OpenAttachment, OpenAttachments } from './open-attachments.ts'
import type { Intercept } from './reach.ts'

interface Storage {
  readonly http: HttpSource
  readonly disk: DiskTier
  /** Of this process's own. */
  readonly folder: string | undefined
}

/**
 * Attachments of messages. Content with an MD5 comes through the cache; the rest goes from where it is to the
 * SMTP connection as it comes. What is found to be missing is found before the SMTP dialogue begins.
 */
export class Attachments {
  readonly #config: ProxyConfig
  readonly #metrics: Metrics
  readonly #http: HttpSource
  readonly #cache: AttachmentCache
  /** Of this process's own. */
  readonly #folder: string | undefined
  readonly #closing = new AbortController()

  static async open(config: ProxyConfig, metrics: Metrics, intercept?: Intercept): Promise<Attachments> {
    const own = config.cacheDiskDir === undefined ? await ownFolder() : undefined
    const disk = await DiskTier.open(config.cacheDiskDir ?? own ?? '', {
      maxBytes: config.cacheDiskMaxBytes,
      ttlMs: config.cacheDiskTtlMs,
      abandonedMs: config.attachmentTotalTimeoutMs,
      onTrouble: () => metrics.cacheLookup('trouble'),
    })
    const { attachmentTimeoutMs: timeoutMs, httpUrlPrivate } = config
    const http = new HttpSource({ timeoutMs, httpUrlPrivate, intercept })
    return new Attachments(config, metrics, { http, disk, folder: own })
  }

  private constructor(config: ProxyConfig, metrics: Metrics, { http, disk, folder }: Storage) {
    this.#config = config
    this.#metrics = metrics
    this.#folder = folder
    this.#http = http
    this.#cache = new AttachmentCache({
      memory: new MemoryTier({ maxBytes: config.cacheMemoryMaxBytes, ttlMs: config.cacheMemoryTtlMs }),
      disk,
      thresholdBytes: config.cacheDiskThresholdBytes,
      fetchTimeoutMs: config.attachmentTotalTimeoutMs,
      looked: (result) => metrics.cacheLookup(result),
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#http.close()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }

  /** All of a message, or an AttachmentError; a final one when any is final. */
  async of(
    message: Pick<Claimed, 'mail' | 'client' | 'tenantId'>,
    signal: AbortSignal,
  ): Promise<OpenAttachments> {
    const opened = await Promise.allSettled(
      message.mail.attachments.map((spec) => this.#open(spec, message, signal)),
    )
    const items = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const failures = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    const [first] = failures
    if (first === undefined) return { items, [Symbol.dispose]: () => destroy(items) }
    destroy(items)
    const worst = failures.find((error) => error instanceof AttachmentError && error.final) ?? first
    this.#metrics.attachmentFailed(worst instanceof AttachmentError && worst.final)
    throw worst
  }

  async #open(spec: AttachmentSpec, owner: Owner, signal: AbortSignal): Promise<OpenAttachment> {
    const { filename, mimeType: contentType, contentId } = spec
    return { filename, contentType, contentId, content: await this.#content(spec, owner, signal) }
  }

  async #content(
    spec: AttachmentSpec,
    { tenantId, client }: Owner,
    signal: AbortSignal,
  ): Promise<Readable | Buffer> {
    const expected = this.#expected(spec)
    if (spec.mode === 'base64') return checkedBuffer(fromBase64(spec), expected)
    if (spec.md5 === undefined) return checkedStream(await this.#source(spec, client, signal), expected)
    try {
      // Others may wait for the same fetch, so it does not end with this message, but when nobody waits any more.
      const fetch = async (shared: AbortSignal) => {
        const until = AbortSignal.any([shared, this.#closing.signal])
        return checkedContent(await this.#source(spec, client, until), expected)
      }
      const cached = await this.#cache.content({ tenantId, md5: spec.md5, signal }, fetch)
      if (cached !== undefined) return cached
    } catch (error) {
      throw error instanceof AttachmentError
        ? error
        : new AttachmentError(spec.filename, messageOf(error), false)
    }
    return checkedStream(await this.#source(spec, client, signal), expected)
  }

  #source(spec: AttachmentSpec, client: TenantClient, signal: AbortSignal): Promise<Readable> {
    if (spec.mode === 'endpoint') return this.#http.fromEndpoint(spec, client, signal)
    if (spec.mode === 'http_url') return this.#http.fromUrl(spec, signal)
    return fromFile(spec, this.#config.filesDir)
  }

  #expected({ filename, md5, mode }: AttachmentSpec): Expected {
    const passed = (bytes: number) => this.#metrics.attachmentBytes(mode, bytes)
    return { filename, md5, maxBytes: this.#config.maxAttachmentBytes, passed }
  }
}

type Owner = Pick<Claimed, 'tenantId' | 'client'>

const OWN_FOLDER = /^mailstorm-proxy-(\d+)-/

/** A folder of this process's own; those of processes that were killed go. */
async function ownFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(OWN_FOLDER.exec(name)?.[1] ?? process.pid)
    if (!isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(ignore)
  }
  return mkdtemp(join(tmpdir(), `mailstorm-proxy-${process.pid}-`))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function destroy(items: readonly OpenAttachment[]): void {
  for (const { content } of items) {
    if (Buffer.isBuffer(content)) continue
    content.on('error', ignore)
    content.destroy()
  }
}

/** Nobody reads it any more, or it is somebody else's to remove. */
function ignore(): void {}
