interface MemoryEntry {
  readonly content: Buffer
  readonly expiresAtMs: number
}

export interface TierLimits {
  readonly maxBytes: number
  readonly ttlMs: number
}

/** Small contents by their MD5: the least recently used go first, and each when its time is over. */
export class MemoryTier {
  readonly #limits: TierLimits
  readonly #now: () => number
  readonly #entries = new Map<string, MemoryEntry>()
  #bytes = 0

  constructor(limits: TierLimits, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  get bytes(): number {
    return this.#bytes
  }

  get(md5: string): Buffer | undefined {
    const entry = this.#entries.get(md5)
    if (entry === undefined) return undefined
    this.#delete(md5)
    if (entry.expiresAtMs <= this.#now()) return undefined
    this.#insert(md5, entry)
    return entry.content
  }

  put(md5: string, content: Buffer): void {
    this.#delete(md5)
    if (content.length > this.#limits.maxBytes) return
    this.#insert(md5, { content, expiresAtMs: this.#now() + this.#limits.ttlMs })
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#limits.maxBytes) break
      this.#delete(oldest)
    }
  }

  #insert(md5: string, entry: MemoryEntry): void {
    this.#entries.set(md5, entry)
    this.#bytes += entry.content.length
  }

  #delete(md5: string): void {
    this.#bytes -= this.#entries.get(md5)?.content.length ?? 0
    this.#entries.delete(md5)
  }
}
