import { Spool } from './spool.ts'
import type { StoredMessage } from './stored-message.ts'

/** All messages, oldest first, indexed by id and by recipient. */
export class Store {
  readonly #spoolFolder: string | undefined
  #spool: Spool
  readonly #byId = new Map<string, StoredMessage>()
  #ordered: StoredMessage[] = []
  /** Whether `#ordered` still contains deleted messages. */
  #stale = false
  /** Built on first use: a run that never asks by recipient does not pay for it. */
  #byRecipient: Map<string, StoredMessage[]> | undefined

  constructor(spoolFolder?: string) {
    this.#spoolFolder = spoolFolder
    this.#spool = Spool.open(spoolFolder)
  }

  get spool(): Spool {
    return this.#spool
  }

  get count(): number {
    return this.#byId.size
  }

  add(message: StoredMessage): void {
    this.#byId.set(message.id, message)
    this.#ordered.push(message)
    if (this.#byRecipient !== undefined) addToIndex(this.#byRecipient, message)
  }

  get(id: string): StoredMessage | undefined {
    return this.#byId.get(id)
  }

  /** Everything, oldest first. The array is the store's own and changes with it. */
  all(): readonly StoredMessage[] {
    if (this.#stale) {
      this.#ordered = this.#ordered.filter((message) => this.#byId.has(message.id))
      this.#stale = false
    }
    return this.#ordered
  }

  newestFirst(start: number, limit: number): StoredMessage[] {
    return newestFirst(this.all(), start, limit)
  }

  /** Messages with exactly this envelope recipient, oldest first. */
  toRecipient(recipient: string): readonly StoredMessage[] {
    if (this.#byRecipient === undefined) {
      this.#byRecipient = new Map()
      for (const message of this.all()) addToIndex(this.#byRecipient, message)
    }
    return this.#byRecipient.get(recipient) ?? []
  }

  /** False when there is no such message. */
  delete(id: string): boolean {
    if (!this.#byId.delete(id)) return false
    this.#stale = true
    this.#byRecipient = undefined
    // The spool cannot shrink in the middle, so its space is freed with the last message.
    if (this.#byId.size === 0) this.deleteAll()
    return true
  }

  deleteAll(): void {
    const empty = Spool.open(this.#spoolFolder)
    this.#spool.release()
    this.#spool = empty
    this.#byId.clear()
    this.#ordered = []
    this.#stale = false
    this.#byRecipient = undefined
  }

  close(): void {
    this.#spool.release()
  }
}

export function newestFirst(
  oldestFirst: readonly StoredMessage[],
  start: number,
  limit: number,
): StoredMessage[] {
  const end = oldestFirst.length - start
  return end <= 0 ? [] : oldestFirst.slice(Math.max(0, end - limit), end).reverse()
}

function addToIndex(index: Map<string, StoredMessage[]>, message: StoredMessage): void {
  for (const recipient of new Set(message.to)) {
    const messages = index.get(recipient)
    if (messages === undefined) index.set(recipient, [message])
    else messages.push(message)
  }
}
