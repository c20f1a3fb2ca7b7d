import { type Log, messageOf } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Database } from '../store/database.ts'
import { type Outcome, recordOutcomes, withoutTexts } from '../store/outcomes.ts'
import { persistently } from '../store/persistently.ts'

interface Waiting {
  readonly outcome: Outcome
  readonly since: number
  readonly resolve: (changed: boolean) => void
  readonly reject: (error: Error) => void
}

const MOST_AT_ONCE = 500

/**
 * Writes outcomes: what came while one statement was under way makes the next (a group commit). While the
 * database is away it tries again: an outcome that is known is not given up before the process is.
 */
export class OutcomeWriter {
  readonly #db: Database
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #waiting: Waiting[] = []
  readonly #givenUp = new AbortController()
  #writing: Promise<void> | undefined

  constructor(parts: { readonly db: Database; readonly log: Log; readonly metrics: Metrics }) {
    this.#db = parts.db
    this.#log = parts.log
    this.#metrics = parts.metrics
  }

  /** Resolves once it is committed; to false when the message is another's by now. */
  record(outcome: Outcome): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcome, since: performance.now(), resolve, reject })
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined
      })
    })
  }

  /** No further tries: outcomes that cannot be written now are lost with the process, and their leases end. */
  giveUp(): void {
    this.#givenUp.abort()
  }

  async #write(): Promise<void> {
    // A turn for the others that end at the same moment.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_AT_ONCE)
      await this.#writeBatch(batch)
    }
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const changed = await this.#persistently(batch.map(({ outcome }) => outcome))
      for (const { outcome, since, resolve } of batch) {
        this.#metrics.recorded(performance.now() - since)
        resolve(changed.has(outcome.pk))
      }
    } catch (error) {
      const [only, ...others] = batch
      if (only !== undefined && others.length === 0) return this.#writeBare(only, error as Error)
      // One of them is bad: the others are not to suffer for it.
      for (const one of batch) await this.#writeBatch([one])
    }
  }

  /** Whatever could not be stored of an outcome, it was its text: what became of the message is written all the same. */
  async #writeBare({ outcome, resolve, reject }: Waiting, error: Error): Promise<void> {
    this.#log.error('the text of an outcome could not be stored', { pk: outcome.pk, error: messageOf(error) })
    try {
      resolve((await this.#persistently([withoutTexts(outcome)])).has(outcome.pk))
    } catch {
      reject(error)
    }
  }

  #persistently(outcomes: readonly Outcome[]): Promise<Set<string>> {
    const what = `${outcomes.length} outcomes`
    const persistence = { what, log: this.#log, giveUp: this.#givenUp.signal }
    return persistently(() => recordOutcomes(this.#db, outcomes), persistence)
  }
}
