import { setImmediate } from 'node:timers/promises'
import { SpoolReader } from '../store/spool.ts'
import type { Store } from '../store/store.ts'
import type { StoredMessage } from '../store/stored-message.ts'
import { type MessageView, messageJson, viewMessage } from './message-view.ts'

/** Work on many messages yields to other requests after this time. */
const TURN_MS = 10

/** The stored messages as the API reads them. */
export class Messages {
  readonly store: Store
  readonly #hostname: string

  constructor(options: { store: Store; hostname: string }) {
    this.store = options.store
    this.#hostname = options.hostname
  }

  /** For one request: its messages stay readable while others delete them. */
  open(): Snapshot {
    return new Snapshot(this.store, this.#hostname)
  }

  /** Undefined when there is none with this id. */
  view(id: string): MessageView | undefined {
    const message = this.store.get(id)
    if (message === undefined) return undefined
    using snapshot = this.open()
    return snapshot.view(message)
  }
}

export class Snapshot implements Disposable {
  readonly #store: Store
  readonly #hostname: string
  readonly #reader: SpoolReader

  constructor(store: Store, hostname: string) {
    this.#store = store
    this.#hostname = hostname
    this.#reader = new SpoolReader(store.spool)
  }

  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]()
  }

  view(message: StoredMessage): MessageView {
    return viewMessage(message, this.#reader.text(message), this.#hostname)
  }

  blocks(message: StoredMessage): Generator<Buffer> {
    return this.#reader.blocks(message)
  }

  /** JSON of the messages, comma-separated, produced lazily. */
  *listJson(messages: readonly StoredMessage[]): Generator<string> {
    let separator = ''
    for (const message of messages) {
      yield separator
      separator = ','
      yield* messageJson(this.view(message))
    }
  }

  /** Messages whose view passes, oldest first. */
  async filter(passes: (view: MessageView) => boolean): Promise<StoredMessage[]> {
    const found: StoredMessage[] = []
    let turnEndsMs = performance.now() + TURN_MS
    for (const message of [...this.#store.all()]) {
      if (passes(this.view(message))) found.push(message)
      if (performance.now() < turnEndsMs) continue
      await setImmediate()
      turnEndsMs = performance.now() + TURN_MS
    }
    return found
  }
}
