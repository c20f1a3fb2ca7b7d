import type { Readable } from 'node:stream'
import { Readable as NodeReadable } from 'node:stream'
import type { DiskTier } from './disk-tier.ts'
import type { MemoryTier } from './memory-tier.ts'

export interface CacheParts {
  readonly memory: MemoryTier
  readonly disk: DiskTier
  /** Smaller contents stay in memory. */
  readonly thresholdBytes: number
  readonly looked: (result: 'memory' | 'disk' | 'joined' | 'miss') => void
}

/** The content of an MD5 as it is fetched: it throws when it is not that content. */
export type FetchContent = () => Promise<AsyncIterable<Buffer>>

/**
 * Contents by their MD5. Whoever asks for one that is being fetched already waits for that fetch: a hundred
 * messages with the same image ask the tenant once. A failed fetch is nobody's memory; the next one asks again.
 */
export class AttachmentCache {
  readonly #parts: CacheParts
  readonly #fetches = new Map<string, Promise<void>>()

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /** Undefined when it was fetched, but found no place in the cache. */
  async content(md5: string, fetch: FetchContent): Promise<Readable | Buffer | undefined> {
    const { looked } = this.#parts
    const known = await this.#find(md5)
    if (known !== undefined) {
      looked(Buffer.isBuffer(known) ? 'memory' : 'disk')
      return known
    }
    looked(this.#fetches.has(md5) ? 'joined' : 'miss')
    let fetching = this.#fetches.get(md5)
    if (fetching === undefined) {
      fetching = this.#fetch(md5, fetch).finally(() => this.#fetches.delete(md5))
      this.#fetches.set(md5, fetching)
    }
    await fetching
    return this.#find(md5)
  }

  async #find(md5: string): Promise<Readable | Buffer | undefined> {
    const { memory, disk } = this.#parts
    const content = memory.get(md5)
    if (content !== undefined) return content
    return (await disk.get(md5))?.createReadStream()
  }

  /** In memory up to the threshold; from there on into a file, and never as a whole in memory. */
  async #fetch(md5: string, fetch: FetchContent): Promise<void> {
    const { memory, disk, thresholdBytes } = this.#parts
    const chunks = (await fetch())[Symbol.asyncIterator]()
    const begin: Buffer[] = []
    for (let bytes = 0; ; ) {
      const { value, done } = await chunks.next()
      if (done === true) return memory.put(md5, Buffer.concat(begin))
      begin.push(value)
      bytes += value.length
      if (bytes >= thresholdBytes) break
    }
    await disk.put(md5, NodeReadable.from(continued(begin, chunks), { objectMode: false }))
  }
}

async function* continued(begin: Buffer[], rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* begin
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
