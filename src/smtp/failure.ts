import type { EndedOutcome, Failure, FailureClass } from '../engine/sample.ts'
import { errorText } from '../error.ts'
import { cutText, FOREIGN_TEXT_LENGTH, foreignText } from '../text/foreign-text.ts'
import { tlsErrorText } from '../tls-error.ts'
import { enhancedStatus, type Reply, replyText } from './reply.ts'
import type { Phase } from './target.ts'

/**
 * The server refused, or the session broke. `message` is what the server or the operating system said.
 *
 * @example
 * ```ts
 * try {
 *   await client.send(message)
 * } catch (error) {
 *   if (error instanceof SmtpFailure) console.log(error.outcome, error.failure.phase, error.failure.code)
 * }
 * ```
 */
export class SmtpFailure extends Error {
  /** Class, phase, reply code and text. */
  readonly failure: Failure
  /** `deferred` (4xx), `rejected` (5xx) or `failed` (no reply). */
  readonly outcome: EndedOutcome

  /**
   * @param outcome - how the message ended
   * @param failure - why
   */
  constructor(outcome: EndedOutcome, failure: Failure) {
    super(failure.text)
    this.outcome = outcome
    this.failure = failure
  }
}

/** No reply, or none that could be understood. */
export function failed(failureClass: FailureClass, phase: Phase, text: string): SmtpFailure {
  return new SmtpFailure('failed', { class: failureClass, phase, text })
}

/** The other side closed while something was expected of it. */
export function closedFailure(phase: Phase, midReply: boolean): SmtpFailure {
  if (midReply) return failed('protocol_error', phase, 'connection closed in the middle of a reply')
  if (phase === 'tls') return failed('tls', phase, 'connection closed during the TLS handshake')
  return failed('connection_closed', phase, 'connection closed without a reply')
}

/** What broke may have come in one chunk with replies before it: the phase is that of who misses a reply. */
export function inPhase({ outcome, failure }: SmtpFailure, phase: Phase): SmtpFailure {
  return new SmtpFailure(outcome, { ...failure, phase })
}

/** A reply that refuses: 4xx defers, 5xx rejects, any other is out of place here (RFC 5321 4.2.1). */
export function refused(reply: Reply, phase: Phase, failureClass: 'reply' | 'auth' = 'reply'): SmtpFailure {
  const enhanced = enhancedStatus(reply)
  if (reply.code < 400) return failed('protocol_error', phase, `unexpected reply: ${replyText(reply)}`)
  return new SmtpFailure(reply.code < 500 ? 'deferred' : 'rejected', {
    class: failureClass,
    phase,
    code: reply.code,
    ...(enhanced === undefined ? {} : { enhanced }),
    text: replyText(reply),
  })
}

/** A refusal with what was said to the other of two commands, when neither was taken. */
export function refusedTwice(reply: Reply, other: string, otherReply: Reply, phase: Phase): SmtpFailure {
  const { outcome, failure } = refused(reply, phase)
  const text = cutText(`${failure.text} (${other}: ${replyText(otherReply)})`, FOREIGN_TEXT_LENGTH)
  return new SmtpFailure(outcome, { ...failure, text })
}

/** Whether it is the end of the session as well: 421 (RFC 5321 3.8), or no reply that could be understood. */
export function endsSession({ failure, outcome }: SmtpFailure): boolean {
  return failure.code === 421 || outcome === 'failed'
}

/**
 * RFC 3463 3.6: X.5.3 is "too many recipients". In reply to MAIL, before any is named, servers mean
 * the messages of the session by it (OpenSMTPD, after 100): this session takes no more, a new one does.
 */
export function isSessionFull({ failure }: SmtpFailure): boolean {
  return failure.code === 452 && failure.enhanced === '4.5.3' && failure.phase === 'envelope'
}

const CLASS_BY_ERRNO: Readonly<Record<string, FailureClass>> = {
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_reset',
  ECONNABORTED: 'connection_reset',
  EPIPE: 'connection_reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  ENOTFOUND: 'unreachable',
  // What this machine ran out of is never blamed on the target.
  EMFILE: 'local',
  ENFILE: 'local',
  ENOBUFS: 'local',
  ENOMEM: 'local',
  EADDRNOTAVAIL: 'local',
  EADDRINUSE: 'local',
  EAI_AGAIN: 'local',
}

/** An error of the socket. What is no error of the transport, in the TLS phase, is TLS's. */
export function socketFailure(error: Error & { code?: string }, phase: Phase): SmtpFailure {
  const byErrno = CLASS_BY_ERRNO[error.code ?? '']
  const isTls =
    phase === 'tls' ||
    /^(ERR_SSL|ERR_TLS|ERR_OSSL|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/.test(error.code ?? '')
  const text = isTls ? tlsErrorText(error) : errorText(error)
  return failed(
    byErrno ?? (isTls ? 'tls' : 'connection_reset'),
    phase,
    foreignText(text || error.code || error.name),
  )
}
