import type { Ticket } from './dispatch.ts'
import { type FailureKind, FailureKinds, mergeFailureKinds } from './failure-kinds.ts'
import type { EndedOutcome, FailureClass, Sample } from './sample.ts'

/** How messages that are not taken are attempted again, over all messages: plain data that merges. */
export interface RetryRecording {
  /** Attempts beyond the first of each message. */
  readonly attempts: number
  /** How the first attempts of all messages ended. */
  readonly first: Readonly<Record<EndedOutcome, number>>
  /** Messages accepted by attempt 2, 3, … */
  readonly acceptedBy: readonly number[]
  /** Messages that had attempts left, and no time for them. */
  readonly cutOff: number
  /** Why messages were attempted again. */
  readonly failures: readonly FailureKind<number>[]
}

/** Of a message that is attempted again: its last attempt, and when the first began. */
interface Waiting {
  readonly attempts: number
  readonly startedMs: number
  readonly last: Sample
}

export interface RetriesOptions {
  /** Before attempt 2, 3, …: there are as many as delays. */
  readonly delaysMs: readonly number[]
  /** Clock milliseconds of the start, from which times of failures count. */
  readonly startMs: number
  /** When attempts end, Clock milliseconds; undefined where nothing limits them. */
  readonly endMs: number | undefined
  /** Asks for another attempt; false when nothing is sent any more. */
  readonly retry: (ticket: Ticket, delayMs: number) => boolean
}

/** What a sample was: of an attempt that is followed by another, or of the last one of its message. */
export interface Attempted {
  readonly isFinal: boolean
  /** When the first attempt at the message began. */
  readonly startedMs: number
}

/**
 * A mail queue on top of the lanes: what is deferred, or finds no server, is attempted again after a delay. One
 * thread's messages; each is in memory only from its first refusal to its end.
 */
export class Retries {
  readonly #options: RetriesOptions
  readonly #waiting = new Map<number, Waiting>()
  readonly #first: Record<EndedOutcome, number> = { accepted: 0, deferred: 0, rejected: 0, failed: 0 }
  readonly #acceptedBy: number[]
  readonly #failures = new FailureKinds()
  #attempts = 0
  #cutOff = 0

  constructor(options: RetriesOptions) {
    this.#options = options
    this.#acceptedBy = options.delaysMs.map(() => 0)
  }

  /** Takes the sample of one attempt, and asks for another where there is to be one. */
  note(sample: Sample): Attempted {
    const known = this.#waiting.get(sample.message)
    // Its client is gone: no outcome of any attempt.
    if (sample.failure?.class === 'broken_off') {
      this.#waiting.delete(sample.message)
      return { isFinal: true, startedMs: known?.startedMs ?? sample.sentMs }
    }
    const attempts = (known?.attempts ?? 0) + 1
    const startedMs = known?.startedMs ?? sample.sentMs
    if (known === undefined) this.#first[sample.outcome]++
    else this.#attempts++
    if (this.#triesAgain(sample, { attempts, startedMs })) return { isFinal: false, startedMs }
    this.#waiting.delete(sample.message)
    if (sample.outcome === 'accepted' && attempts > 1) (this.#acceptedBy[attempts - 2] as number)++
    return { isFinal: true, startedMs }
  }

  #triesAgain(sample: Sample, { attempts, startedMs }: { attempts: number; startedMs: number }): boolean {
    const { delaysMs, startMs, endMs = Number.POSITIVE_INFINITY, retry } = this.#options
    const delayMs = delaysMs[attempts - 1]
    if (delayMs === undefined || !isTemporary(sample)) return false
    const { message, dueMs, failure } = sample
    if (sample.endedMs + delayMs >= endMs || !retry({ message, dueMs }, delayMs)) {
      this.#cutOff++
      return false
    }
    if (failure !== undefined)
      this.#failures.record(failure, sample.target, sample.outcome, sample.endedMs - startMs)
    this.#waiting.set(message, { attempts, startedMs, last: copyOf(sample) })
    return true
  }

  /** Nothing is sent any more: these messages end as their last attempts did, now. */
  cutOff(
    tickets: readonly Ticket[],
    nowMs: number,
  ): { readonly sample: Sample; readonly startedMs: number }[] {
    return tickets.flatMap(({ message }) => {
      const waiting = this.#waiting.get(message)
      if (waiting === undefined) return []
      this.#waiting.delete(message)
      this.#cutOff++
      return { sample: { ...waiting.last, endedMs: nowMs }, startedMs: waiting.startedMs }
    })
  }

  snapshot(): RetryRecording {
    return {
      attempts: this.#attempts,
      first: { ...this.#first },
      acceptedBy: [...this.#acceptedBy],
      cutOff: this.#cutOff,
      failures: this.#failures.rows(),
    }
  }
}

/** A queue tries again for anything but 5yz (RFC 5321 4.5.4.1). */
const PERMANENT: ReadonlySet<FailureClass> = new Set<FailureClass>(['auth', 'local', 'aborted'])

function isTemporary({ outcome, failure }: Sample): boolean {
  if (outcome === 'deferred') return true
  return outcome === 'failed' && failure !== undefined && !PERMANENT.has(failure.class)
}

/** The lanes use their samples again. */
function copyOf(sample: Sample): Sample {
  const { message, target, dueMs, sentMs, endedMs, bytes, outcome, failure } = sample
  const { phasesMs, recipientsRefused, recipientFailures } = sample
  return {
    ...{ message, target, dueMs, sentMs, endedMs, bytes, outcome, failure },
    ...{ phasesMs, recipientsRefused, recipientFailures },
  }
}

export function mergeRetries(
  a: RetryRecording | undefined,
  b: RetryRecording | undefined,
): RetryRecording | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return {
    attempts: a.attempts + b.attempts,
    first: {
      accepted: a.first.accepted + b.first.accepted,
      deferred: a.first.deferred + b.first.deferred,
      rejected: a.first.rejected + b.first.rejected,
      failed: a.first.failed + b.first.failed,
    },
    acceptedBy: a.acceptedBy.map((count, index) => count + (b.acceptedBy[index] ?? 0)),
    cutOff: a.cutOff + b.cutOff,
    failures: mergeFailureKinds([a.failures, b.failures]),
  }
}
