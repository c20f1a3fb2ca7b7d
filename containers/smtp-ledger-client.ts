import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { LedgerEntry, ServerLedger } from '../src/ledger/ledger.ts'

const ANSWER_WITHIN_MS = 5_000

/** Asks a running SMTP server program for its ledger, over its control channel. */
export class SmtpLedgerClient {
  readonly #url: string

  constructor(host: string, controlPort: number) {
    this.#url = `http://${host}:${controlPort}`
  }

  async ledger(runId: string): Promise<ServerLedger> {
    return (await (await this.#get('/ledger', runId)).json()) as ServerLedger
  }

  /** As they come: there may be millions. */
  async *entries(runId: string): AsyncGenerator<LedgerEntry> {
    const { body } = await this.#get('/ledger/entries', runId)
    if (body === null) return
    for await (const line of createInterface({ input: Readable.from(body) })) {
      yield JSON.parse(line) as LedgerEntry
    }
  }

  /** The limit is on the answer's beginning, not on all of it. */
  async #get(path: string, runId: string): Promise<Response> {
    const aborter = new AbortController()
    const timer = setTimeout(() => aborter.abort(), ANSWER_WITHIN_MS)
    try {
      return await fetch(`${this.#url}${path}?run=${encodeURIComponent(runId)}`, { signal: aborter.signal })
    } finally {
      clearTimeout(timer)
    }
  }
}
