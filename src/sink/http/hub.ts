import { messageJson } from '../mail/message-json.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import type { Messages } from './messages.ts'

export interface Listener {
  /** False when the listener is too far behind and did not take it. */
  offer(json: string): boolean
}

/** A listener that is so far behind takes no more. */
export const MAX_BACKLOG_BYTES = 8 * 1024 * 1024

/** A message beyond this is not announced: its JSON would be several times as long. */
const MAX_ANNOUNCED_BYTES = 16 * 1024 * 1024

/** Tells listeners of each stored message. A slow one loses events, counted, and nobody waits for it. */
export class Hub {
  readonly #messages: Messages
  readonly #listeners = new Set<Listener>()
  #dropped = 0

  constructor(messages: Messages) {
    this.#messages = messages
  }

  /** Events that a listener should have had and did not get. */
  get dropped(): number {
    return this.#dropped
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
  }

  publish(message: StoredMessage): void {
    if (this.#listeners.size === 0) return
    if (message.bytes > MAX_ANNOUNCED_BYTES) {
      this.#dropped += this.#listeners.size
      return
    }
    using snapshot = this.#messages.open()
    const json = [...messageJson(snapshot.view(message))].join('')
    for (const listener of this.#listeners) if (!listener.offer(json)) this.#dropped += 1
  }
}
