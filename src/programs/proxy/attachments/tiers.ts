import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LRUCache } from 'lru-cache'
import { checkedStream } from './checked-content.ts'

/** Key of a content of one tenant; also its file name. */
export type ContentKey = `${string}-${string}`

/**
 * Contents are kept per tenant: naming the MD5 of another tenant's document does not prove that one may have
 * it.
 */
export function contentKey(tenantId: string, md5: string): ContentKey {
  return `${md5}-${createHash('sha256').update(tenantId).digest('hex').slice(0, 32)}`
}

function md5OfKey(key: ContentKey): string {
  return key.slice(0, 32)
}

interface TierLimits {
  readonly maxBytes: number
  readonly ttlMs: number
}

/** Small contents: evicts the least recently used, and each when its time is over. */
export class MemoryTier {
  /** Undefined when it may hold nothing, because the package takes a limit of 0 as none. */
  readonly #contents: LRUCache<ContentKey, Buffer> | undefined

  constructor({ maxBytes, ttlMs }: TierLimits, now: () => number = () => performance.now()) {
    if (maxBytes === 0) return
    this.#contents = new LRUCache({
      maxSize: Math.ceil(maxBytes),
      sizeCalculation: ({ length }) => Math.max(1, length),
      ttl: Math.ceil(ttlMs),
      ttlResolution: 0,
      perf: { now },
    })
  }

  get(key: ContentKey): Buffer | undefined {
    return this.#contents?.get(key)
  }

  /** Does not keep a content larger than the whole tier. */
  put(key: ContentKey, content: Buffer): void {
    this.#contents?.set(key, ofItsOwn(content))
  }
}

/** A part of a larger buffer, as Node cuts small ones from its pool, keeps all of that in memory: 64 KiB for 1 KB. */
function ofItsOwn(content: Buffer): Buffer {
  if (content.length === content.buffer.byteLength) return content
  const copy = Buffer.allocUnsafeSlow(content.length)
  content.copy(copy)
  return copy
}

interface DiskEntry {
  readonly bytes: number
  readonly writtenAtMs: number
  /** The content matched its key, and the file has not changed since. */
  readonly verified: boolean
}

export interface DiskTierOptions extends TierLimits {
  /** A file not written to for this long was left by a killed process. */
  readonly abandonedMs: number
  /** Called when the disk fails; contents are then fetched instead. */
  readonly onTrouble: (error: Error) => void
}

const TEMPORARY = 'incoming'
const SWEEP_MS = 60_000
/** Names of earlier versions, shared by all tenants. */
const OLD_NAME = /^[0-9a-f]{32}$/

/**
 * Large contents in files: `<dir>/<2 digits of the MD5>/<key>`. The oldest go first, and each when its time is over.
 * What is being read stays readable: a file lives on in its readers. Nothing is handed out that is not what its key
 * says: a file that has changed since it was written is read and compared before, any other while it is sent. A disk
 * that is full, broken or gone is a cache that has nothing; no message fails for it.
 */
export class DiskTier {
  readonly #directory: string
  readonly #options: DiskTierOptions
  readonly #entries = new Map<ContentKey, DiskEntry>()
  #bytes = 0
  #sweptAtMs = 0

  /** Picks up what an earlier process left there. */
  static async open(directory: string, options: DiskTierOptions): Promise<DiskTier> {
    const tier = new DiskTier(directory, options)
    await mkdir(join(directory, TEMPORARY), { recursive: true })
    for (const folder of await readdir(directory)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue
      for (const name of await readdir(join(directory, folder)))
        await (OLD_NAME.test(name)
          ? rm(join(directory, folder, name), { force: true })
          : tier.#note(name as ContentKey, false))
    }
    await tier.#tidy()
    return tier
  }

  private constructor(directory: string, options: DiskTierOptions) {
    this.#directory = directory
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The stream fails with DamagedContent when the content is wrong; it is then forgotten. */
  get(key: ContentKey): Promise<Readable | undefined> {
    return this.#orNothing(async () => {
      const entry = this.#entries.get(key) ?? (await this.#note(key, false))
      if (entry === undefined) return undefined
      const isFresh = entry.writtenAtMs + this.#options.ttlMs > Date.now()
      const file = isFresh ? await open(this.#pathOf(key)).catch(absent) : undefined
      if (file !== undefined) {
        if (await this.#isSound(key, entry, file)) return this.#checked(key, file)
        await file.close()
      }
      await this.#remove(key)
      return undefined
    })
  }

  /** Throws whatever `content` throws, and keeps nothing of it then. */
  async put(key: ContentKey, content: AsyncIterable<Buffer>): Promise<void> {
    const source = { failed: false }
    try {
      await this.#write(key, watched(content, source))
      await this.#note(key, true)
      await this.#tidy()
    } catch (error) {
      if (source.failed) throw error
      this.#options.onTrouble(error as Error)
    }
  }

  async #write(key: ContentKey, content: AsyncIterable<Buffer>): Promise<void> {
    const temporary = join(this.#directory, TEMPORARY, randomUUID())
    try {
      await mkdir(dirname(temporary), { recursive: true })
      await pipeline(content, createWriteStream(temporary))
      const path = this.#pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true }).catch(ignore)
      throw error
    }
  }

  /** Whether the file is as written; if that is unknown or not so, whether its content matches the key. */
  async #isSound(key: ContentKey, entry: DiskEntry, file: FileHandle): Promise<boolean> {
    const { size, mtimeMs } = await file.stat()
    if (entry.verified && size === entry.bytes && mtimeMs === entry.writtenAtMs) return true
    const hash = createHash('md5')
    for await (const chunk of file.createReadStream({ start: 0, autoClose: false }))
      hash.update(chunk as Buffer)
    if (hash.digest('hex') !== md5OfKey(key)) return false
    await this.#note(key, true)
    return true
  }

  #checked(key: ContentKey, file: FileHandle): Readable {
    const expected = { filename: '', md5: md5OfKey(key), maxBytes: Number.POSITIVE_INFINITY, passed: ignore }
    return checkedStream(file.createReadStream({ start: 0 }), expected, async () => {
      await this.#remove(key).catch(ignore)
      return new DamagedContent()
    })
  }

  async #note(key: ContentKey, verified: boolean): Promise<DiskEntry | undefined> {
    const found = await stat(this.#pathOf(key)).catch(absent)
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
    if (found === undefined) return undefined
    const entry = { bytes: found.size, writtenAtMs: found.mtimeMs, verified }
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    return entry
  }

  async #tidy(): Promise<void> {
    const oldestFirst = [...this.#entries].toSorted(([, a], [, b]) => a.writtenAtMs - b.writtenAtMs)
    for (const [key, { writtenAtMs }] of oldestFirst) {
      if (this.#bytes <= this.#options.maxBytes && writtenAtMs + this.#options.ttlMs > Date.now()) break
      await this.#remove(key)
    }
    if (Date.now() - this.#sweptAtMs < SWEEP_MS) return
    this.#sweptAtMs = Date.now()
    const folder = join(this.#directory, TEMPORARY)
    for (const name of await readdir(folder)) {
      const path = join(folder, name)
      const found = await stat(path).catch(absent)
      if (found !== undefined && found.mtimeMs + this.#options.abandonedMs < Date.now())
        await rm(path, { force: true })
    }
  }

  async #remove(key: ContentKey): Promise<void> {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0
    this.#entries.delete(key)
    await rm(this.#pathOf(key), { force: true })
  }

  async #orNothing<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await look()
    } catch (error) {
      this.#options.onTrouble(error as Error)
      return undefined
    }
  }

  #pathOf(key: ContentKey): string {
    return join(this.#directory, key.slice(0, 2), key)
  }
}

/** A cached file is not what was stored. It is removed, so the next attempt fetches it again. */
export class DamagedContent extends Error {
  constructor() {
    super('A cached attachment was damaged on disk; it is fetched again')
  }
}

/** Tells errors of the content from errors of the disk. */
async function* watched(content: AsyncIterable<Buffer>, source: { failed: boolean }): AsyncGenerator<Buffer> {
  try {
    yield* content
  } catch (error) {
    source.failed = true
    throw error
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Clean-up is tried again next time. */
function ignore(): void {}
