import type { DraftAttachment } from './draft.ts'

interface Use {
  /** In messages that were reported as sent. */
  sent: number
  /** Whole fetches. */
  fetches: number
}

/** How well the proxy spares fetches, as far as its tenant can see. */
export class CacheUsage {
  readonly #uses = new Map<string, Use>()

  sent({ md5 }: Pick<DraftAttachment, 'md5'>): void {
    this.#use(md5).sent += 1
  }

  fetched(md5: string): void {
    this.#use(md5).fetches += 1
  }

  /**
   * Of the fetches that a perfect cache would have spared, those that were spared; null when there were none.
   * Counted over messages that were sent, so that those under way do not look spared.
   */
  hitRate(): number | null {
    let sparable = 0
    let spared = 0
    for (const { sent, fetches } of this.#uses.values()) {
      const mostSpared = Math.max(0, sent - 1)
      sparable += mostSpared
      spared += Math.max(0, mostSpared - Math.max(0, fetches - 1))
    }
    return sparable === 0 ? null : spared / sparable
  }

  #use(md5: string): Use {
    const known = this.#uses.get(md5)
    if (known !== undefined) return known
    const use = { sent: 0, fetches: 0 }
    this.#uses.set(md5, use)
    return use
  }
}
