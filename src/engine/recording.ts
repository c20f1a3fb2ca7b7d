import { type CustomRecording, mergeCustom, shiftCustom } from './custom-metrics.ts'
import { type FailureKind, mergeFailureKinds } from './failure-kinds.ts'
import { EMPTY_HISTOGRAM, mergeSparse, type SparseHistogram } from './histogram.ts'
import { type IdleRecording, mergeIdle } from './idle.ts'
import { mergeRetries, type RetryRecording } from './retries.ts'
import type { EndedOutcome, Failure } from './sample.ts'

/** All measurements of a run so far, or of one thread's share: plain data that merges exactly. */
export interface Recording {
  readonly responseTime: SparseHistogram
  readonly serviceTime: SparseHistogram
  readonly lag: SparseHistogram
  /** By index into the sender's phase names. */
  readonly phases: readonly SparseHistogram[]
  readonly targets: readonly TargetRecording[]
  /** Of targets by index. */
  readonly failures: readonly FailureKind<number>[]
  readonly seconds: readonly SecondRecording[]
  /** What hooks recorded; empty without hooks. */
  readonly custom: CustomRecording
  readonly recipientsRefused: number
  /** Why recipients were refused while others were taken. */
  readonly recipientFailures: readonly FailureKind<number>[]
  /** Messages that went to a new session because the target had ended the one that they were for. */
  readonly reconnects: number
  /** How sessions ended badly after their messages had their outcomes: at RSET, or without the target's goodbye. */
  readonly sessionFailures: readonly FailureKind<number>[]
  /** At most one to each target. */
  readonly sessionCaps: readonly SessionCapRecording[]
  /** When the last message started and the last one ended, ms after the start; 0 before any did. */
  readonly lastStartMs: number
  readonly lastEndMs: number
  /** Messages whose client was told to break off, by phase; no other count has them. */
  readonly brokenOff?: Readonly<Record<string, number>>
  /** Targets that were found not to handle what is written with the end of a message; at most one to each. */
  readonly behindTheEnd?: readonly BehindTheEndRecording[]
  /** Targets that let recipients wait; at most one to each. */
  readonly slowRecipients?: readonly SlowRecipientsRecording[]
  /** Where sessions were to stay idle. */
  readonly idle?: IdleRecording
  /** Where messages are attempted again. */
  readonly retries?: RetryRecording
}

export type EndedCounts = Readonly<Record<EndedOutcome, number>>

export interface TargetRecording extends EndedCounts {
  readonly acceptedBytes: number
  readonly responseTime: SparseHistogram
}

/** A target took so many messages in a session and deferred all further ones, until a new session. */
export interface SessionCapRecording {
  readonly target: number
  readonly messages: number
  /** Sessions in which that was seen. */
  readonly sessions: number
  /** What it said then. */
  readonly failure: Failure
}

/** A target did not handle an envelope that came with the end of the message before it. */
export interface BehindTheEndRecording {
  readonly target: number
  readonly why: string
  /** Messages that were sent again for that. */
  readonly sentAgain: number
}

/** A target let recipients wait for its answer to RCPT. */
export interface SlowRecipientsRecording {
  readonly target: number
  readonly answered: number
  readonly refused: number
  readonly unanswered: number
  readonly longestMs: number
}

export function addSlowRecipients(
  a: SlowRecipientsRecording,
  b: SlowRecipientsRecording,
): SlowRecipientsRecording {
  return {
    target: a.target,
    answered: a.answered + b.answered,
    refused: a.refused + b.refused,
    unanswered: a.unanswered + b.unanswered,
    longestMs: Math.max(a.longestMs, b.longestMs),
  }
}

/** Second s holds what started and what ended in [s, s+1) seconds after the start. */
export interface SecondRecording extends EndedCounts {
  readonly started: number
  readonly acceptedBytes: number
  readonly sessionsOpened: number
  /** Messages whose client broke off in it; absent for none. */
  readonly brokenOff?: number
  readonly responseTime: SparseHistogram
}

export function mergeRecordings(
  recordings: readonly Recording[],
  phaseCount: number,
  targetCount: number,
): Recording {
  return recordings.reduce(mergeTwo, emptyRecording(phaseCount, targetCount))
}

function emptyRecording(phaseCount: number, targetCount: number): Recording {
  const noTarget = {
    accepted: 0,
    deferred: 0,
    rejected: 0,
    failed: 0,
    acceptedBytes: 0,
    responseTime: EMPTY_HISTOGRAM,
  }
  return {
    responseTime: EMPTY_HISTOGRAM,
    serviceTime: EMPTY_HISTOGRAM,
    lag: EMPTY_HISTOGRAM,
    phases: Array.from({ length: phaseCount }, () => EMPTY_HISTOGRAM),
    targets: Array.from({ length: targetCount }, () => noTarget),
    failures: [],
    seconds: [],
    custom: {},
    recipientsRefused: 0,
    recipientFailures: [],
    reconnects: 0,
    sessionFailures: [],
    sessionCaps: [],
    lastStartMs: 0,
    lastEndMs: 0,
  }
}

function mergeTwo(a: Recording, b: Recording): Recording {
  return {
    responseTime: mergeSparse(a.responseTime, b.responseTime),
    serviceTime: mergeSparse(a.serviceTime, b.serviceTime),
    lag: mergeSparse(a.lag, b.lag),
    phases: mergeByIndex(a.phases, b.phases, mergeSparse),
    targets: mergeByIndex(a.targets, b.targets, mergeTargets),
    failures: mergeFailureKinds([a.failures, b.failures]),
    seconds: mergeByIndex(a.seconds, b.seconds, mergeSeconds),
    custom: mergeCustom(a.custom, b.custom),
    recipientsRefused: a.recipientsRefused + b.recipientsRefused,
    recipientFailures: mergeFailureKinds([a.recipientFailures, b.recipientFailures]),
    reconnects: a.reconnects + b.reconnects,
    sessionFailures: mergeFailureKinds([a.sessionFailures, b.sessionFailures]),
    sessionCaps: mergeSessionCaps([...a.sessionCaps, ...b.sessionCaps]),
    lastStartMs: Math.max(a.lastStartMs, b.lastStartMs),
    lastEndMs: Math.max(a.lastEndMs, b.lastEndMs),
    ...whereKnown('behindTheEnd', mergeBehindTheEnd(a.behindTheEnd, b.behindTheEnd)),
    ...whereKnown('slowRecipients', mergeSlowRecipients(a.slowRecipients, b.slowRecipients)),
    ...whereKnown('idle', mergeIdle(a.idle, b.idle)),
    ...whereKnown('brokenOff', mergeCounts(a.brokenOff, b.brokenOff)),
    ...whereKnown('retries', mergeRetries(a.retries, b.retries)),
  }
}

function mergeSlowRecipients(
  a: Recording['slowRecipients'],
  b: Recording['slowRecipients'],
): Recording['slowRecipients'] {
  if (a === undefined || b === undefined) return a ?? b
  const byTarget = new Map(a.map((slow) => [slow.target, slow]))
  for (const slow of b) {
    const known = byTarget.get(slow.target)
    byTarget.set(slow.target, known === undefined ? slow : addSlowRecipients(known, slow))
  }
  return [...byTarget.values()]
}

function mergeBehindTheEnd(
  a: Recording['behindTheEnd'],
  b: Recording['behindTheEnd'],
): Recording['behindTheEnd'] {
  if (a === undefined || b === undefined) return a ?? b
  const byTarget = new Map(a.map((found) => [found.target, found]))
  for (const found of b) {
    const { sentAgain = 0, ...before } = byTarget.get(found.target) ?? {}
    byTarget.set(found.target, { ...found, ...before, sentAgain: found.sentAgain + sentAgain })
  }
  return [...byTarget.values()]
}

function added(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined && b === undefined ? undefined : (a ?? 0) + (b ?? 0)
}

function mergeCounts(a: Recording['brokenOff'], b: Recording['brokenOff']): Recording['brokenOff'] {
  if (a === undefined || b === undefined) return a ?? b
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...names].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]))
}

/** All of them together. */
export function brokenOffIn({ brokenOff = {} }: Pick<Recording, 'brokenOff'>): number {
  return Object.values(brokenOff).reduce((sum, count) => sum + count, 0)
}

function whereKnown<K extends string, V>(name: K, value: V | undefined): { readonly [N in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [N in K]: V })
}

function mergeByIndex<T>(a: readonly T[], b: readonly T[], merge: (a: T, b: T) => T): T[] {
  const longer = a.length >= b.length ? a : b
  return longer.map((item, index) => {
    const left = a[index]
    const right = b[index]
    return left !== undefined && right !== undefined ? merge(left, right) : item
  })
}

function addEnded(a: EndedCounts, b: EndedCounts): EndedCounts {
  return {
    accepted: a.accepted + b.accepted,
    deferred: a.deferred + b.deferred,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
  }
}

function mergeTargets(a: TargetRecording, b: TargetRecording): TargetRecording {
  return {
    ...addEnded(a, b),
    acceptedBytes: a.acceptedBytes + b.acceptedBytes,
    responseTime: mergeSparse(a.responseTime, b.responseTime),
  }
}

function mergeSeconds(a: SecondRecording, b: SecondRecording): SecondRecording {
  return {
    ...mergeTargets(a, b),
    started: a.started + b.started,
    sessionsOpened: a.sessionsOpened + b.sessionsOpened,
    ...whereKnown('brokenOff', added(a.brokenOff, b.brokenOff)),
  }
}

interface Mergeable extends Pick<SessionCapRecording, 'messages' | 'sessions'> {
  readonly target: number | string
}

/** What most sessions of a target have shown stands: a thread that saw few may have met something else. */
export function mergeSessionCaps<Cap extends Mergeable>(caps: readonly Cap[]): Cap[] {
  const byNumber = new Map<string, Cap>()
  for (const cap of caps) {
    const key = `${cap.target} ${cap.messages}`
    byNumber.set(key, { ...cap, sessions: cap.sessions + (byNumber.get(key)?.sessions ?? 0) })
  }
  const byTarget = new Map<Cap['target'], Cap>()
  for (const cap of byNumber.values()) {
    const best = byTarget.get(cap.target)
    if (best === undefined || cap.sessions > best.sessions) byTarget.set(cap.target, cap)
  }
  return [...byTarget.values()]
}

const NOTHING: SecondRecording = {
  accepted: 0,
  deferred: 0,
  rejected: 0,
  failed: 0,
  started: 0,
  acceptedBytes: 0,
  sessionsOpened: 0,
  responseTime: EMPTY_HISTOGRAM,
}

/** A recording as seen from a start that was so many whole seconds earlier. */
export function shiftRecording(recording: Recording, seconds: number): Recording {
  if (!Number.isInteger(seconds) || seconds < 0) throw new RangeError(`${seconds} is not a number of seconds`)
  if (seconds === 0) return recording
  const ms = seconds * 1000
  const shifted = (rows: readonly FailureKind<number>[]) =>
    rows.map((row) => ({ ...row, firstMs: row.firstMs + ms, lastMs: row.lastMs + ms }))
  const before = recording.seconds.length === 0 ? [] : Array.from({ length: seconds }, () => NOTHING)
  // Where no message ended, none has a last start and end: these stay 0.
  const lastMs = recording.responseTime.count === 0 ? 0 : ms
  return {
    ...recording,
    seconds: [...before, ...recording.seconds],
    failures: shifted(recording.failures),
    recipientFailures: shifted(recording.recipientFailures),
    sessionFailures: shifted(recording.sessionFailures),
    ...(recording.retries === undefined
      ? {}
      : { retries: { ...recording.retries, failures: shifted(recording.retries.failures) } }),
    custom: shiftCustom(recording.custom, ms),
    lastStartMs: recording.lastStartMs + lastMs,
    lastEndMs: recording.lastEndMs + lastMs,
  }
}
