import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TierLimits } from './memory-tier.ts'

interface Entry {
  readonly bytes: number
  readonly writtenAtMs: number
}

const TEMPORARY = 'incoming'

/**
 * Large contents in files, by their MD5: `<dir>/<2 digits>/<md5>`, as the real proxy has them. The oldest go
 * first, and each when its time is over. What is being read stays readable: a file lives on in its readers.
 */
export class DiskTier {
  readonly #directory: string
  readonly #limits: TierLimits
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  /** Finds what an earlier process has left there. */
  static async open(directory: string, limits: TierLimits): Promise<DiskTier> {
    const tier = new DiskTier(directory, limits)
    await mkdir(join(directory, TEMPORARY), { recursive: true })
    for (const folder of await readdir(directory)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue
      for (const md5 of await readdir(join(directory, folder))) await tier.#find(md5)
    }
    await tier.#evict()
    return tier
  }

  private constructor(directory: string, limits: TierLimits) {
    this.#directory = directory
    this.#limits = limits
  }

  get bytes(): number {
    return this.#bytes
  }

  async get(md5: string): Promise<FileHandle | undefined> {
    const entry = this.#entries.get(md5) ?? (await this.#find(md5))
    if (entry === undefined) return undefined
    if (entry.writtenAtMs + this.#limits.ttlMs > Date.now()) {
      const file = await open(this.#pathOf(md5)).catch(absent)
      if (file !== undefined) return file
    }
    await this.#remove(md5)
    return undefined
  }

  /** Throws what `content` throws; nothing of it is kept then. */
  async put(md5: string, content: AsyncIterable<Buffer> | Readable): Promise<void> {
    const temporary = join(this.#directory, TEMPORARY, randomUUID())
    try {
      await pipeline(content, createWriteStream(temporary))
      const path = this.#pathOf(md5)
      await mkdir(dirname(path), { recursive: true })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    await this.#find(md5)
    await this.#evict()
  }

  async #find(md5: string): Promise<Entry | undefined> {
    const found = await stat(this.#pathOf(md5)).catch(absent)
    this.#bytes -= this.#entries.get(md5)?.bytes ?? 0
    this.#entries.delete(md5)
    if (found === undefined) return undefined
    const entry = { bytes: found.size, writtenAtMs: found.mtimeMs }
    this.#entries.set(md5, entry)
    this.#bytes += entry.bytes
    return entry
  }

  async #evict(): Promise<void> {
    const oldestFirst = [...this.#entries].toSorted(([, a], [, b]) => a.writtenAtMs - b.writtenAtMs)
    for (const [md5, { writtenAtMs }] of oldestFirst) {
      if (this.#bytes <= this.#limits.maxBytes && writtenAtMs + this.#limits.ttlMs > Date.now()) break
      await this.#remove(md5)
    }
  }

  async #remove(md5: string): Promise<void> {
    this.#bytes -= this.#entries.get(md5)?.bytes ?? 0
    this.#entries.delete(md5)
    await rm(this.#pathOf(md5), { force: true })
  }

  #pathOf(md5: string): string {
    return join(this.#directory, md5.slice(0, 2), md5)
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
