import { BroadcastChannel } from 'node:worker_threads'
import type { TlsSessionCache } from '../../smtp/session.ts'

const CHANNEL = 'mailstorm TLS sessions'

interface Told {
  readonly key: string
  readonly session: Uint8Array
}

/**
 * The TLS sessions of a thread, and of the others of this process: what one of them has got first, all resume. Later
 * ones are each thread's own: a server gives new ones in every session, and old ones come to their end.
 */
export class SharedTlsSessions implements TlsSessionCache {
  readonly #sessions = new Map<string, Buffer>()
  readonly #channel = new BroadcastChannel(CHANNEL)

  constructor() {
    this.#channel.onmessage = (event) => this.#hear((event as { data: Told }).data)
    this.#channel.unref()
  }

  get(key: string): Buffer | undefined {
    return this.#sessions.get(key)
  }

  set(key: string, session: Buffer): void {
    if (!this.#sessions.has(key)) this.#channel.postMessage({ key, session } satisfies Told)
    this.#sessions.set(key, session)
  }

  #hear({ key, session }: Told): void {
    if (!this.#sessions.has(key)) this.#sessions.set(key, Buffer.from(session))
  }
}
