import type { SmtpFailure } from './failure.ts'

/** A server that does not handle what is written with the end of a message, as a load found out. */
export interface BehindTheEndFinding {
  readonly why: string
  /** Messages whose envelope it refused for where it stood: they were sent again. */
  readonly sentAgain: number
}

export type OnBehindTheEnd = (target: number, finding: BehindTheEndFinding) => void

/**
 * What a thread's servers make of an envelope in one write with the end of the message before it (RFC 2920 3.1).
 * Before a load a trial finds out; where that could not be tried (no trial was wanted, or its message was deferred),
 * the load does. A server that answers it by 503 or, from the first on, by silence gets no other.
 */
export class BehindTheEnd {
  readonly #found = new Map<number, BehindTheEndFinding>()
  readonly #handled = new Set<number>()
  readonly #onFinding: OnBehindTheEnd

  constructor(onFinding: OnBehindTheEnd) {
    this.#onFinding = onFinding
  }

  /** Whether an envelope may go out with the end of a message. */
  mayFollow(target: number): boolean {
    return this.#found.size === 0 || !this.#found.has(target)
  }

  /** How such an envelope was answered; `begun`: MAIL had a reply. */
  note(target: number, failure: SmtpFailure | undefined, begun: boolean): void {
    if (begun) this.#handled.add(target)
    // One that has answered others is slow, or has failed.
    else if (failure?.failure.class === 'timeout' && !this.#handled.has(target))
      this.#find(target, 'it is silent to what stands behind the end of a message', 0)
  }

  /** MAIL was refused for where it stood; its message is sent again. */
  refuse(target: number, { message }: SmtpFailure): void {
    this.#find(target, `it answers "${message}" to MAIL behind the end of a message`, 1)
  }

  #find(target: number, why: string, sentAgain: number): void {
    const before = this.#found.get(target)
    const finding = { why: before?.why ?? why, sentAgain: (before?.sentAgain ?? 0) + sentAgain }
    this.#found.set(target, finding)
    this.#onFinding(target, finding)
  }
}

/**
 * Whether the server refuses MAIL for its place alone: 503, bad sequence of commands (RFC 5321 4.2.2), where none is
 * out of sequence. Of a message whose envelope has no sender nothing was taken, and none of its data was sent.
 */
export function isOutOfPlace(failure: SmtpFailure | undefined, needsReset: boolean): failure is SmtpFailure {
  return failure?.failure.code === 503 && failure.failure.phase === 'envelope' && !needsReset
}
