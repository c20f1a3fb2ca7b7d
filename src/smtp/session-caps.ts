import type { SmtpFailure } from './failure.ts'

/** A server that was seen to take only so many messages in a session. */
export interface SessionCap {
  /** Messages that it took before it deferred all further ones. */
  readonly messages: number
  /** Sessions in which that was seen. */
  readonly sessions: number
  /** What it said then. */
  readonly failure: SmtpFailure['failure']
}

/** Told of each session that showed a cap; undefined: what looked like the target's cap is none. */
export type OnSessionCap = (target: number, cap: SessionCap | undefined) => void

/** What a session has taken so far, and how its last messages were deferred. */
export class SessionTally {
  taken = 0
  /** Messages that have ended on it, those at its end that were deferred alike left out. */
  ended = 0
  /** Deferrals in a row with the same code. */
  deferrals = 0
  #code = ''

  note(failure: SmtpFailure | undefined): void {
    if (failure === undefined) this.taken++
    const isDeferral = failure?.outcome === 'deferred' && failure.failure.code !== 421
    const code = isDeferral ? codeOf(failure) : ''
    if (isDeferral && code === this.#code) {
      this.deferrals++
      return
    }
    this.ended += this.deferrals + (isDeferral ? 0 : 1)
    this.deferrals = isDeferral ? 1 : 0
    this.#code = code
  }
}

/** Why a session was given up for a new one: if that one takes mail, this one was full. */
export interface Suspicion {
  readonly target: number
  readonly taken: number
  readonly ended: number
  readonly failure: SmtpFailure['failure']
  /** Not of a cap that is known or that the reply names: the only one at a time for its target. */
  readonly isTrial: boolean
}

/** Deferrals in a row after which a session is suspected of being full. */
const DEFERRALS = 2
const MOST_DEFERRALS = 1_024

interface State {
  cap: (Omit<SessionCap, 'failure'> & { readonly ended: number; readonly code: string }) | undefined
  isTried: boolean
  /** Doubled after each wrong suspicion: a busy server is not stormed with new sessions. */
  deferralsNeeded: number
}

/**
 * Limits of messages per session, as a thread learns them. Servers announce a full session by replies
 * that have other meanings too (452 4.4.5, 450, 451), so no reply alone decides. When a session that has
 * taken mail defers twice in a row with the same code, one new session is tried: if it takes mail, the old
 * one was full; if it defers as well, the reply meant something else.
 */
export class SessionCaps {
  readonly #states = new Map<number, State>()
  readonly #onCap: OnSessionCap

  constructor(onCap: OnSessionCap) {
    this.#onCap = onCap
  }

  /**
   * After a message was deferred: why a new session is to be tried instead of this one, if it is.
   * `named`: the reply says that the session is full.
   */
  suspect(
    target: number,
    tally: SessionTally,
    { failure }: SmtpFailure,
    named: boolean,
  ): Suspicion | undefined {
    if (tally.deferrals === 0 || (tally.taken === 0 && !named)) return undefined
    const state = this.#stateOf(target)
    const { taken, ended } = tally
    const isKnown =
      state.cap !== undefined && isSame(state.cap, tally) && state.cap.code === codeOf({ failure })
    if (named || isKnown) return { target, taken, ended, failure, isTrial: false }
    if (state.isTried || tally.deferrals < state.deferralsNeeded) return undefined
    state.isTried = true
    return { target, taken, ended, failure, isTrial: true }
  }

  /** Whether the session may be given up if its next message is deferred as well. */
  isDoubted(target: number, { taken, deferrals }: SessionTally): boolean {
    if (taken === 0 || deferrals === 0) return false
    const state = this.#stateOf(target)
    return !state.isTried && deferrals + 1 >= state.deferralsNeeded
  }

  /** Whether the new session took its first message; undefined when that shows nothing. */
  settle(suspicion: Suspicion, took: boolean | undefined): void {
    const state = this.#stateOf(suspicion.target)
    if (suspicion.isTrial) state.isTried = false
    if (took === true && suspicion.taken > 0) this.#confirm(state, suspicion)
    else if (took === false) this.#refute(state, suspicion.target)
  }

  /** After a message was taken: a session that goes beyond the cap shows that there is none. */
  noteTaken(target: number, tally: SessionTally): void {
    const state = this.#states.get(target)
    if (state?.cap === undefined) return
    if (tally.taken > state.cap.messages && tally.ended > state.cap.ended) this.#refute(state, target)
  }

  #confirm(state: State, { target, taken, ended, failure }: Suspicion): void {
    const { cap } = state
    // A limit is the same in every session: two different numbers mean chance refusals.
    if (cap !== undefined && !isSame(cap, { taken, ended })) {
      this.#refute(state, target)
      return
    }
    state.deferralsNeeded = DEFERRALS
    const messages = cap?.messages ?? taken
    state.cap = {
      messages,
      ended: cap?.ended ?? ended,
      sessions: (cap?.sessions ?? 0) + 1,
      code: codeOf({ failure }),
    }
    this.#onCap(target, { messages, sessions: state.cap.sessions, failure })
  }

  #refute(state: State, target: number): void {
    state.deferralsNeeded = Math.min(MOST_DEFERRALS, state.deferralsNeeded * 2)
    if (state.cap === undefined) return
    state.cap = undefined
    this.#onCap(target, undefined)
  }

  #stateOf(target: number): State {
    const known = this.#states.get(target)
    if (known !== undefined) return known
    const state: State = { cap: undefined, isTried: false, deferralsNeeded: DEFERRALS }
    this.#states.set(target, state)
    return state
  }
}

/** Some servers count messages that they took, others all that were begun. */
function isSame(
  cap: { readonly messages: number; readonly ended: number },
  { taken, ended }: { readonly taken: number; readonly ended: number },
): boolean {
  return cap.messages === taken || cap.ended === ended
}

function codeOf({ failure }: Pick<SmtpFailure, 'failure'>): string {
  return `${failure.code} ${failure.enhanced ?? ''}`
}
