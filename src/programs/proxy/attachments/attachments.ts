import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { errorText } from '../../../error.ts'
import { isAlive } from '../../../processes.ts'
import type { AttachmentSpec } from '../intake/attachment-spec.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { ProxyConfig } from '../options.ts'
import type { Claimed } from '../store/claim.ts'
import type { LargeFilePolicy, TenantClient } from '../store/tenants.ts'
import { AttachmentCache } from './cache.ts'
import {
  AttachmentError,
  checkedBuffer,
  checkedContent,
  checkedStream,
  type Expected,
} from './checked-content.ts'
import type { FileLink, LargeFiles } from './large-files.ts'
import type { Intercept } from './reach.ts'
import { fromBase64, fromFile, HttpSource } from './sources.ts'
import { DiskTier, MemoryTier } from './tiers.ts'

/** An attachment that was found: its content, or where it comes from. */
export interface OpenAttachment {
  readonly filename: string
  readonly contentType: string | undefined
  readonly contentId?: string | undefined
  readonly content: Readable | Buffer
}

interface OpenAttachments extends Disposable {
  readonly items: readonly OpenAttachment[]
  /** Links of attachments that are too large to attach. */
  readonly links: readonly FileLink[]
}

type AttachmentsOwner = Pick<Claimed, 'pk' | 'id' | 'mail' | 'client' | 'tenantId' | 'largeFiles'>

/** Opens the attachments of a message; throws an AttachmentError. Dispose of the result, read or not. */
export type OpenAttachmentsOf = (message: AttachmentsOwner, signal: AbortSignal) => Promise<OpenAttachments>

export interface AttachmentsParts {
  readonly config: ProxyConfig
  readonly metrics: Metrics
  readonly log: Log
  /** Undefined when attachments never become links. */
  readonly largeFiles?: LargeFiles | undefined
  readonly intercept?: Intercept | undefined
}

interface Storage {
  readonly http: HttpSource
  readonly disk: DiskTier
  /** Of this process's own. */
  readonly folder: string | undefined
}

/**
 * Attachments of messages. Content with an MD5 goes through the cache; any other is streamed from its source to
 * the SMTP connection. Missing content is noticed before the SMTP dialogue begins.
 */
export class Attachments {
  readonly #config: ProxyConfig
  readonly #metrics: Metrics
  readonly #log: Log
  readonly #largeFiles: LargeFiles | undefined
  readonly #http: HttpSource
  readonly #cache: AttachmentCache
  /** Of this process's own. */
  readonly #folder: string | undefined
  readonly #closing = new AbortController()

  static async open(parts: AttachmentsParts): Promise<Attachments> {
    const { config, metrics, intercept } = parts
    const own = config.cacheDiskDir === undefined ? await ownFolder() : undefined
    const disk = await DiskTier.open(config.cacheDiskDir ?? own ?? '', {
      maxBytes: config.cacheDiskMaxBytes,
      ttlMs: config.cacheDiskTtlMs,
      abandonedMs: config.attachmentTotalTimeoutMs,
      onTrouble: () => metrics.cacheLookup('trouble'),
    })
    const { attachmentTimeoutMs: timeoutMs, httpUrlPrivate } = config
    const http = new HttpSource({ timeoutMs, httpUrlPrivate, intercept })
    return new Attachments(parts, { http, disk, folder: own })
  }

  private constructor(
    { config, metrics, log, largeFiles }: AttachmentsParts,
    { http, disk, folder }: Storage,
  ) {
    this.#config = config
    this.#metrics = metrics
    this.#log = log
    this.#largeFiles = largeFiles
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

  /** All attachments of a message, or an AttachmentError, which is final when any of them is. */
  async of(message: AttachmentsOwner, signal: AbortSignal): Promise<OpenAttachments> {
    const opened = await Promise.allSettled(
      message.mail.attachments.map((spec, position) => this.#open(spec, message, position, signal)),
    )
    const got = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    const failures = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    const items = got.filter((one) => 'content' in one)
    const links = got.filter((one) => 'url' in one)
    const [first] = failures
    if (first === undefined) return { items, links, [Symbol.dispose]: () => destroy(items) }
    destroy(items)
    const worst = failures.find((error) => error instanceof AttachmentError && error.final) ?? first
    this.#metrics.attachmentFailed(worst instanceof AttachmentError && worst.final)
    throw worst
  }

  async #open(
    spec: AttachmentSpec,
    owner: AttachmentsOwner,
    position: number,
    signal: AbortSignal,
  ): Promise<OpenAttachment | FileLink> {
    const { filename, mimeType: contentType, contentId } = spec
    const attached = (content: Readable | Buffer) => ({ filename, contentType, contentId, content })
    const content = await this.#content(spec, owner, signal)
    const { largeFiles: policy, tenantId, pk: messagePk } = owner
    if (policy === null) return attached(content)
    if (policy.action !== 'rewrite') return attached(this.#watched(content, spec, owner, policy))
    // Content displayed inside the text does not belong in a list of links.
    if (this.#largeFiles === undefined || contentId !== undefined) return attached(content)
    try {
      const whole = Buffer.isBuffer(content) ? Readable.from([content], { objectMode: false }) : content
      const place = { tenantId, messagePk, position, filename, contentType, policy }
      const taken = await this.#largeFiles.take(whole, place)
      return taken instanceof Readable ? attached(taken) : taken
    } catch (error) {
      if (error instanceof AttachmentError) throw error
      // As in genro-mail-proxy, what cannot be stored is attached.
      this.#log.warning('a large attachment could not be stored, and is attached', {
        ...{ tenant: tenantId, id: owner.id, filename, error: errorText(error) },
      })
      return attached(await this.#content(spec, owner, signal))
    }
  }

  /** The same content, with a log line or an AttachmentError when it turns out to be too large. */
  #watched(
    content: Readable | Buffer,
    { filename }: AttachmentSpec,
    { tenantId, id }: AttachmentsOwner,
    { maxBytes, action }: LargeFilePolicy,
  ): Readable | Buffer {
    const told = (bytes: number) => {
      if (bytes > maxBytes && action === 'warn')
        this.#log.warning('a large attachment is sent', { tenant: tenantId, id, filename, bytes, maxBytes })
    }
    const most = action === 'reject' ? maxBytes : Number.POSITIVE_INFINITY
    const expected = { filename, md5: undefined, maxBytes: most, passed: told }
    return Buffer.isBuffer(content) ? checkedBuffer(content, expected) : checkedStream(content, expected)
  }

  async #content(
    spec: AttachmentSpec,
    { tenantId, client }: AttachmentsOwner,
    signal: AbortSignal,
  ): Promise<Readable | Buffer> {
    const expected = this.#expected(spec)
    if (spec.mode === 'base64') return checkedBuffer(fromBase64(spec), expected)
    if (spec.md5 === undefined) return checkedStream(await this.#source(spec, client, signal), expected)
    try {
      // Others may wait for the same fetch, so it ends only when nobody waits any more, not with this message.
      const fetch = async (shared: AbortSignal) => {
        const until = AbortSignal.any([shared, this.#closing.signal])
        return checkedContent(await this.#source(spec, client, until), expected)
      }
      const cached = await this.#cache.content({ tenantId, md5: spec.md5, signal }, fetch)
      if (cached !== undefined) return cached
    } catch (error) {
      throw error instanceof AttachmentError
        ? error
        : new AttachmentError(spec.filename, errorText(error), false)
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

const OWN_FOLDER = /^mailstorm-proxy-(\d+)-/

/** Creates this process's own folder, and removes those of killed processes. */
async function ownFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(OWN_FOLDER.exec(name)?.[1] ?? process.pid)
    if (!isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(ignore)
  }
  return mkdtemp(join(tmpdir(), `mailstorm-proxy-${process.pid}-`))
}

function destroy(items: readonly OpenAttachment[]): void {
  for (const { content } of items) {
    if (Buffer.isBuffer(content)) continue
    content.on('error', ignore)
    content.destroy()
  }
}

/** The content is no longer read; a folder may belong to another user. */
function ignore(): void {}
