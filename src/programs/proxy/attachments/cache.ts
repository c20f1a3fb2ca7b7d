import { Readable } from 'node:stream'
import { type ContentKey, contentKey, type DiskTier, type MemoryTier } from './tiers.ts'

export interface CacheParts {
  readonly memory: Pick<MemoryTier, 'get' | 'put'>
  readonly disk: Pick<DiskTier, 'get' | 'put'>
  /** Smaller contents stay in memory. */
  readonly thresholdBytes: number
  /** Limit of a fetch, from its beginning to its last byte. */
  readonly fetchTimeoutMs: number
  readonly looked: (result: 'memory' | 'disk' | 'joined' | 'miss') => void
}

type Content = Readable | Buffer | undefined

/** Fetches the content of an MD5. Throws when the content has another MD5; ends with the signal. */
export type FetchContent = (signal: AbortSignal) => Promise<AsyncIterable<Buffer>>

/** What is asked for, by whom, and until when. */
export interface Wanted {
  readonly tenantId: string
  readonly md5: string
  readonly signal: AbortSignal
}

interface Underway {
  readonly content: Promise<Content>
  readonly abort: AbortController
  waiting: number
}

/**
 * Contents by tenant and MD5. Requests for a content that is already being fetched wait for that fetch, so a
 * hundred messages with the same image ask the tenant once. A fetch ends at its time limit, or when nobody
 * waits for it any more. Failures are not remembered; the next request tries again.
 */
export class AttachmentCache {
  readonly #parts: CacheParts
  /**
   * Contents being looked up or fetched. Lookups count too, or a fetch could end between another request's
   * lookup and its own.
   */
  readonly #underway = new Map<ContentKey, Underway>()

  constructor(parts: CacheParts) {
    this.#parts = parts
  }

  /** Undefined when it was fetched, but not kept in the cache. Rejects with the signal's reason. */
  async content({ tenantId, md5, signal }: Wanted, fetch: FetchContent): Promise<Content> {
    signal.throwIfAborted()
    const key = contentKey(tenantId, md5)
    const others = this.#underway.get(key)
    if (others === undefined) {
      const own = this.#begin(key, fetch)
      // A caller that left before it came does not read it.
      return this.#wait(key, own, signal).catch((error) => {
        own.content.then(destroy, ignore)
        throw error
      })
    }
    this.#parts.looked('joined')
    await this.#wait(key, others, signal)
    return this.#find(key)
  }

  #begin(key: ContentKey, fetch: FetchContent): Underway {
    const abort = new AbortController()
    const content = this.#foundOrFetched(key, fetch, abort.signal).finally(() => {
      if (this.#underway.get(key) === underway) this.#underway.delete(key)
    })
    const underway = { content, abort, waiting: 0 }
    this.#underway.set(key, underway)
    return underway
  }

  async #wait(key: ContentKey, underway: Underway, signal: AbortSignal): Promise<Content> {
    underway.waiting += 1
    const { promise: leaving, reject } = Promise.withResolvers<never>()
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([underway.content, leaving])
    } finally {
      signal.removeEventListener('abort', onAbort)
      underway.waiting -= 1
      if (underway.waiting === 0 && this.#underway.get(key) === underway) {
        // The next request starts a new fetch.
        this.#underway.delete(key)
        underway.content.catch(ignore)
        underway.abort.abort(new Error('nobody waits for it any more'))
      }
    }
  }

  async #foundOrFetched(key: ContentKey, fetch: FetchContent, signal: AbortSignal): Promise<Content> {
    const known = await this.#find(key)
    this.#parts.looked(known === undefined ? 'miss' : Buffer.isBuffer(known) ? 'memory' : 'disk')
    if (known !== undefined) return known
    const { fetchTimeoutMs } = this.#parts
    const tooLong = new AbortController()
    const timer = setTimeout(
      () => tooLong.abort(new Error(`it took more than ${fetchTimeoutMs / 1000} s`)),
      fetchTimeoutMs,
    )
    try {
      await this.#fetch(key, fetch, AbortSignal.any([signal, tooLong.signal]))
    } finally {
      clearTimeout(timer)
    }
    return this.#find(key)
  }

  async #find(key: ContentKey): Promise<Content> {
    const { memory, disk } = this.#parts
    return memory.get(key) ?? (await disk.get(key))
  }

  /** In memory up to the threshold; beyond it goes to a file, and is never in memory as a whole. */
  async #fetch(key: ContentKey, fetch: FetchContent, signal: AbortSignal): Promise<void> {
    const { memory, disk, thresholdBytes } = this.#parts
    const chunks = (await fetch(signal))[Symbol.asyncIterator]()
    const begin: Buffer[] = []
    for (let bytes = 0; ; ) {
      const { value, done } = await chunks.next()
      if (done === true) return memory.put(key, Buffer.concat(begin))
      begin.push(value)
      bytes += value.length
      if (bytes >= thresholdBytes) break
    }
    await disk.put(key, Readable.from(continued(begin, chunks), { objectMode: false }))
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

function destroy(content: Content): void {
  if (content instanceof Readable) content.destroy()
}

/** The fetch was cancelled: nobody waits for how it ends. */
function ignore(): void {}
