import type { Arrival, Store } from '../../store.ts'
import { arrivalsOf } from '../../stored-message.ts'
import { type HttpApi, REQUESTS_AT_ONCE } from './http-api.ts'

/** A message in a catcher's list. */
export interface ListedMail {
  /** Its own id there; the same for as long as it is there. */
  readonly key: string
  readonly arrivedAtMs: number | undefined
  /** Undefined when it is gone. */
  read(signal: AbortSignal): Promise<MailText | undefined>
}

export interface MailText {
  readonly octets: Buffer
  /** Envelope recipients; undefined where the catcher does not tell. */
  readonly recipients: readonly string[] | undefined
  /** The catcher changed octets on its own, so damage by the server cannot be told. */
  readonly isInexact?: boolean
}

/** What differs from one catcher to the other. */
export interface MailCatcher {
  readonly api: HttpApi
  readonly timeResolutionMs: number | undefined
  /** That it is that catcher, before anything is listed. */
  check(): Promise<void>
  /** Pages of its list; those whose keys are all `seen` may be left out. */
  pages(seen: ReadonlySet<string>, signal: AbortSignal | undefined): AsyncIterable<readonly ListedMail[]>
  /** One small request, by which `limits` finds out that something is gone. */
  glance?(signal: AbortSignal): Promise<void>
  limits(): string | undefined
}

/** A mail catcher that is read by its HTTP API. */
export class HttpStore implements Store {
  readonly name: string
  readonly timeResolutionMs: number | undefined
  readonly #catcher: MailCatcher
  readonly #seen = new Set<string>()
  readonly #damaged = new Map<string, ListedMail>()

  constructor(catcher: MailCatcher) {
    this.#catcher = catcher
    this.name = `${catcher.api.product} at ${catcher.api.address}`
    this.timeResolutionMs = catcher.timeResolutionMs
  }

  async check(): Promise<void> {
    await this.#catcher.check()
    for await (const page of this.#catcher.pages(this.#seen, undefined)) {
      for (const { key } of page) this.#seen.add(key)
    }
  }

  async *arrivals(runId: string, signal: AbortSignal): AsyncGenerator<Arrival> {
    for await (const page of this.#catcher.pages(this.#seen, signal)) {
      const fresh = page.filter(({ key }) => !this.#seen.has(key))
      for (let start = 0; start < fresh.length; start += REQUESTS_AT_ONCE) {
        const some = fresh.slice(start, start + REQUESTS_AT_ONCE)
        const found = await Promise.all(some.map((mail) => this.#read(mail, runId, signal)))
        yield* found.flat()
      }
    }
  }

  async glance(signal: AbortSignal): Promise<void> {
    await this.#catcher.glance?.(signal)
  }

  limits(): string | undefined {
    return this.#catcher.limits()
  }

  async raw(id: string): Promise<Buffer | undefined> {
    const text = await this.#damaged.get(id)?.read(new AbortController().signal)
    return text?.octets
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#catcher.api[Symbol.dispose]()
  }

  async #read(mail: ListedMail, runId: string, signal: AbortSignal): Promise<readonly Arrival[]> {
    const text = await mail.read(signal)
    this.#seen.add(mail.key)
    if (text === undefined) return []
    const { octets, recipients, isInexact = false } = text
    const { arrivedAtMs } = mail
    const found = await arrivalsOf({ octets, arrivedAtMs }, runId)
    return found.flatMap((arrival) => {
      // A report names its recipients itself.
      if (arrival.bounce !== undefined) return [arrival]
      const body = arrival.body === 'damaged' && isInexact ? 'unknown' : arrival.body
      if (body === 'damaged') this.#damaged.set(arrival.id, mail)
      if (recipients === undefined || recipients.length === 0) return [{ ...arrival, body }]
      return recipients.map((recipient) => ({ ...arrival, recipient, body }))
    })
  }
}
