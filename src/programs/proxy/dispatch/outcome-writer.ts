import { errorText } from '../../../error.ts'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import { persistently, type Session } from '../store/database.ts'
import { type Outcome, recordOutcomes, withoutTexts } from '../store/outcomes.ts'

interface Waiting {
  readonly outcome: Outcome
  readonly since: number
  readonly resolve: (changed: boolean) => void
  readonly reject: (error: Error) => void
}

export interface OutcomeWriterParts {
  readonly db: Session
  readonly log: Log
  readonly metrics: Metrics
  /** Messages being sent, or whose outcome is not committed. */
  readonly inFlight: () => number
}

const MOST_AT_ONCE = 500
/** How long an outcome waits for others: a commit of ten costs little more than one of three. */
const GATHER_MS = 2
/** Measured in three alternating pairs against half of what is in flight: less CPU in two, the same rate. */
const MOST_WAITING_PER_SENDING = 4

/**
 * Writes outcomes, simultaneous ones in one statement (group commit): a batch starts once four fifths of what
 * is in flight have ended, or after GATHER_MS. While the database is away it retries: a known outcome is given
 * up only when the process is, and one whose text cannot be stored is written without it.
 */
export class OutcomeWriter {
  readonly #db: Session
  readonly #log: Log
  readonly #metrics: Metrics
  readonly #waiting: Waiting[] = []
  readonly #inFlight: () => number
  readonly #givenUp = new AbortController()
  #gathering: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined

  constructor(parts: OutcomeWriterParts) {
    this.#db = parts.db
    this.#log = parts.log
    this.#metrics = parts.metrics
    this.#inFlight = parts.inFlight
  }

  /** Resolves once committed; with false when the message now belongs to another process. */
  record(outcome: Outcome): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ outcome, since: performance.now(), resolve, reject })
      this.#gather()
    })
  }

  #gather(): void {
    if (this.#writing !== undefined || this.#waiting.length === 0) return
    const stillSending = this.#inFlight() - this.#waiting.length
    if (this.#waiting.length >= MOST_WAITING_PER_SENDING * stillSending) this.#begin()
    else this.#gathering ??= setTimeout(() => this.#begin(), GATHER_MS)
  }

  #begin(): void {
    clearTimeout(this.#gathering)
    this.#gathering = undefined
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
      // By then the committed ones are no longer in flight, and others are.
      setImmediate(() => this.#gather())
    })
  }

  /** Stops retrying: outcomes that cannot be written now are lost with the process, and their leases end. */
  giveUp(): void {
    this.#givenUp.abort()
  }

  async #write(): Promise<void> {
    // Let others that end at the same moment join.
    await Promise.resolve()
    await this.#writeBatch(this.#waiting.splice(0, MOST_AT_ONCE))
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
      // One of them is bad: write each by itself, so that the others are recorded.
      for (const one of batch) await this.#writeBatch([one])
    }
  }

  /** If an outcome cannot be stored it is because of its text, so record the outcome without it. */
  async #writeBare({ outcome, resolve, reject }: Waiting, error: Error): Promise<void> {
    this.#log.error('the text of an outcome could not be stored', { pk: outcome.pk, error: errorText(error) })
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
