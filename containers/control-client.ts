import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { errorText, MailstormError } from '../src/error.ts'
import { foreignText } from '../src/text/foreign-text.ts'

const ANSWER_WITHIN_MS = 5_000

export interface ControlOptions {
  /** Whom it asks, for errors: `smtp-server-1`, `the keeper`. */
  readonly name: string
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string
  /** Limit for the start of an answer, not for all of it. Default: 5 s. */
  readonly answerWithinMs?: number
}

/** Asks one of our own programs over the HTTP API that it has for its parent. */
export class ControlClient {
  readonly #name: string
  readonly #url: string
  readonly #answerWithinMs: number

  constructor({ name, url, answerWithinMs = ANSWER_WITHIN_MS }: ControlOptions) {
    this.#name = name
    this.#url = url
    this.#answerWithinMs = answerWithinMs
  }

  /** Rejects with CONTROL_TIMEOUT when no answer comes in time, with CONTROL_API for any other failure. */
  async json<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await this.#get(path, query)
    return (await response.json()) as T
  }

  /** NDJSON, streamed: there may be millions of lines. Rejects when the answer breaks off. */
  async *lines<T>(path: string, query: Readonly<Record<string, string>>): AsyncGenerator<T> {
    const { body } = await this.#get(path, query)
    if (body === null) return
    const input = Readable.fromWeb(body as ReadableStream)
    try {
      for await (const line of createInterface({ input })) yield JSON.parse(line) as T
    } finally {
      // A reader that needs no more must not keep the connection.
      input.destroy()
    }
  }

  async #get(path: string, query: Readonly<Record<string, string>>): Promise<Response> {
    const aborter = new AbortController()
    const timer = setTimeout(() => aborter.abort(), this.#answerWithinMs)
    try {
      const url = `${this.#url}${path}?${new URLSearchParams(query)}`
      const response = await fetch(url, { signal: aborter.signal }).catch((error: Error) => {
        if (aborter.signal.aborted)
          throw new MailstormError(
            'CONTROL_TIMEOUT',
            this.#failed(path, `no answer within ${this.#answerWithinMs} ms`),
          )
        throw new MailstormError('CONTROL_API', this.#failed(path, errorText(error.cause ?? error)))
      })
      if (response.ok) return response
      const said = foreignText(await response.text())
      throw new MailstormError('CONTROL_API', this.#failed(path, `HTTP ${response.status} ${said}`))
    } finally {
      clearTimeout(timer)
    }
  }

  #failed(path: string, why: string): string {
    return `Failed to ask ${this.#name} for ${path}: ${why}.`
  }
}
