import type { Readable } from 'node:stream'
import { Readable as NodeReadable } from 'node:stream'
import type { DiskTier } from './disk-tier.ts'
import type { MemoryTier } from './memory-tier.ts'

export interface CacheParts {
  readonly memory: Pick<MemoryTier, 'get' | 'put'>
  readonly disk: Pick<DiskTier, 'get' | 'put'>
  /** Smaller contents stay in memory. */
  readonly thresholdBytes: number
  readonly looked: (result: 'memory' | 'disk' | 'joined' | 'miss') => void
}

type Content = Readable | Buffer | undefined

/** The content of an MD5 as it is fetched: it throws when it is not that content. */
export type FetchContent = () => Promise<AsyncIterable<Buffer>>

/**
 * Contents by their MD5. Whoever asks for one that is being fetched already waits for that fetch: a hundred
 * messages with the same image ask the tenant once. A failed fetch is nobody's memory; the next one asks again.
 */
export class AttachmentCache {
  readonly #parts: CacheParts
  /** Contents that are being looked for or fetched. Both, or a fetch could end between somebody's look and his own. */
  readonly #underway = new Map<string, Promise<Content>>()

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /** Undefined when it was fetched, but found no place in the cache. */
  async content(md5: string, fetch: FetchContent): Promise<Content> {
    const others = this.#underway.get(md5)
    if (others !== undefined) {
      this.#parts.looked('joined')
      await others
      return this.#find(md5)
    }
    const found = this.#foundOrFetched(md5, fetch).finally(() => this.#underway.delete(md5))
    this.#underway.set(md5, found)
    return found
  }

  async #foundOrFetched(md5: string, fetch: FetchContent): Promise<Content> {
    const known = await this.#find(md5)
    this.#parts.looked(known === undefined ? 'miss' : Buffer.isBuffer(known) ? 'memory' : 'disk')
    if (known !== undefined) return known
    await this.#fetch(md5, fetch)
    return this.#find(md5)
  }

  async #find(md5: string): Promise<Content> {
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
