import type { Pacer } from './executors/executor.ts'
import { type FailureKind, failureName, failureRows } from './failure-kinds.ts'
import { type LatencySummary, summarise } from './histogram.ts'
import { brokenOffIn, type Recording, type SecondRecording } from './recording.ts'
import type { FailureRow, Metrics, PipeliningRow, Result, ServerRow, TimelineRow } from './result.ts'
import type { Failure } from './sample.ts'

/** What is known of a plan's messages beside their outcomes. */
export interface ReachFacts {
  readonly pacer: Pick<Pacer, 'model' | 'dueBy'>
  /** Messages of the plan. */
  readonly planned: number
  /** Taken from the plan by some thread. */
  readonly claimed: number
  /** Of these, the ones that a thread still held back when it ended: they never began. */
  readonly heldBack: number
  /** Messages with an outcome. */
  readonly ended: number
  /** When the run was told to end early, ms after its start; undefined when it was not. */
  readonly stoppedAtMs?: number | undefined
}

/** Messages without an outcome of their own, and why they have none. */
export interface Reach {
  /** Due, but not started before the drain ended (open model). */
  readonly dropped: number
  /** Not due (open model) or not begun (closed model) when the run was ended early. */
  readonly notReached: number
  /** Begun; the thread that had them ended, or was given up, before it told how they went. */
  readonly untold: number
}

/** planned = ended + dropped + notReached + untold, none of them negative. */
export function reachOf({ pacer, planned, claimed, heldBack, ended, stoppedAtMs }: ReachFacts): Reach {
  const untold = Math.max(0, Math.min(claimed - heldBack, planned) - ended)
  const begun = ended + untold
  const due = pacer.model === 'closed' ? begun : dueBy(pacer, planned, stoppedAtMs)
  // The order to stop takes a moment to reach the threads: what they began until then was due.
  const reached = Math.min(planned, Math.max(due, begun))
  return { dropped: reached - begun, notReached: planned - reached, untold }
}

function dueBy(pacer: ReachFacts['pacer'], planned: number, stoppedAtMs: number | undefined): number {
  return stoppedAtMs === undefined ? planned : pacer.dueBy(stoppedAtMs)
}

/** What the figures of a result are computed from. */
export interface Measurement {
  readonly pacer: Pacer
  readonly recording: Recording
  /** Messages of the plan. */
  readonly planned: number
  readonly reach: Reach
  /** When the run started, wall clock. */
  readonly startedAt: Date
  /** When it was told to end early, ms after its start; undefined when it came to its end. */
  readonly stoppedAtMs?: number
  readonly phaseNames: readonly string[]
}

/** The figures of a run; planned = accepted + deferred + rejected + failed + dropped + not reached. */
export function assembleMetrics(measurement: Measurement): Metrics {
  const { recording, planned, reach, phaseNames } = measurement
  const ended = endedCounts(recording)
  const outcomes = {
    ...ended.outcomes,
    failed: ended.outcomes.failed + reach.untold,
    dropped: reach.dropped,
    not_reached: reach.notReached,
  }
  const brokenOff = brokenOffIn(recording)
  const due = planned - reach.notReached - brokenOff
  const { windowMs, drainMs } = windowAndDrain(measurement)
  const durationSeconds = (windowMs + drainMs) / 1000
  const rate = perSecond(ended.total + brokenOff, Math.max(windowMs, recording.lastStartMs))
  const throughput = perSecond(outcomes.accepted, windowMs + drainMs)
  const responseTime = summarise(recording.responseTime)
  const { count: _count, ...latency } = responseTime
  const target = targetRate(measurement.pacer)
  return {
    total_messages: planned,
    successful_messages: outcomes.accepted,
    failed_messages: due - outcomes.accepted,
    connection_errors: countFailures(recording, isConnectionError),
    total_bytes_sent: recording.targets.reduce((sum, one) => sum + one.acceptedBytes, 0),
    duration_seconds: durationSeconds,
    messages_per_second: throughput,
    avg_response_time_ms: responseTime.avg,
    min_response_time_ms: responseTime.min,
    max_response_time_ms: responseTime.max,
    latency_ms: latency,
    error_breakdown: errorBreakdown(recording, reach),
    start_time: measurement.startedAt.toISOString(),
    end_time: new Date(measurement.startedAt.getTime() + durationSeconds * 1000).toISOString(),
    outcomes,
    ...(brokenOff === 0 ? {} : { broken_off: brokenOff }),
    success_rate: due === 0 ? 0 : outcomes.accepted / due,
    window_seconds: windowMs / 1000,
    drain_seconds: drainMs / 1000,
    rate,
    throughput,
    rate_error: target === null ? null : Math.abs(rate - target) / target,
    response_time_ms: responseTime,
    service_time_ms: summarise(recording.serviceTime),
    phases_ms: Object.fromEntries(
      phaseNames.map((name, index): [string, LatencySummary] => [name, summarise(phaseAt(recording, index))]),
    ),
    recipients_refused: recording.recipientsRefused,
    sessions_opened: recording.seconds.reduce((sum, second) => sum + second.sessionsOpened, 0),
    reconnects: recording.reconnects,
    session_failures: recording.sessionFailures.reduce((sum, { count }) => sum + count, 0),
  }
}

/** Rate of the plan, messages per second, the average where it changes; null in the closed model. */
export function targetRate({ model, total, windowMs }: Pacer): number | null {
  return model === 'closed' || windowMs === undefined ? null : total / (windowMs / 1000)
}

/**
 * The attack window is the plan's where it has one; else it ends with the last start.
 * What comes after it is the drain, reported apart so that waiting does not count as sending.
 */
function windowAndDrain({ pacer, recording, stoppedAtMs }: Measurement): {
  windowMs: number
  drainMs: number
} {
  const planMs = pacer.windowMs ?? recording.lastStartMs
  const windowMs = Math.min(planMs, stoppedAtMs ?? planMs)
  return { windowMs, drainMs: Math.max(0, recording.lastEndMs - windowMs) }
}

function endedCounts(recording: Recording) {
  const outcomes = { accepted: 0, deferred: 0, rejected: 0, failed: 0 }
  for (const target of recording.targets) {
    outcomes.accepted += target.accepted
    outcomes.deferred += target.deferred
    outcomes.rejected += target.rejected
    outcomes.failed += target.failed
  }
  const total = outcomes.accepted + outcomes.deferred + outcomes.rejected + outcomes.failed
  return { outcomes, total }
}

function perSecond(count: number, ms: number): number {
  return ms > 0 ? (count * 1000) / ms : 0
}

function countFailures(recording: Recording, counts: (failure: Failure) => boolean): number {
  return recording.failures.reduce((sum, row) => sum + (counts(row) ? row.count : 0), 0)
}

/** No reply from the target: the older generator's word for it. */
function isConnectionError({ class: failureClass }: Failure): boolean {
  return (
    failureClass.startsWith('connection_') || failureClass === 'timeout' || failureClass === 'unreachable'
  )
}

function errorBreakdown(recording: Recording, { dropped, untold }: Reach): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of recording.failures) {
    const name = failureName(row)
    counts[name] = (counts[name] ?? 0) + row.count
  }
  if (untold > 0) counts[UNTOLD.class] = (counts[UNTOLD.class] ?? 0) + untold
  if (dropped > 0) counts.dropped = dropped
  return counts
}

function phaseAt(recording: Recording, index: number) {
  const phase = recording.phases[index]
  if (phase === undefined) throw new RangeError(`recording has no phase ${index}`)
  return phase
}

/** Of messages that were begun on a thread that ended, or was given up, before it told how they went. */
const UNTOLD = {
  class: 'aborted',
  phase: 'unknown',
  text: 'started on a sender thread that died before it reported the outcome',
} as const
const NO_TARGET = -1

/** Kinds of failure, the most frequent first; those that are not listed one by one come last. */
export function assembleFailures(
  recording: Recording,
  targetNames: readonly string[],
  untold = { count: 0, atMs: 0 },
): FailureRow[] {
  const { count, atMs } = untold
  const times = { firstMs: atMs, lastMs: atMs }
  const kinds: FailureKind<number>[] = [...recording.failures]
  if (count > 0) kinds.push({ ...UNTOLD, target: NO_TARGET, outcome: 'failed', count, ...times })
  return failureRows(kinds, (target) =>
    target === NO_TARGET ? 'unknown' : (targetNames[target] ?? `target ${target}`),
  )
}

/** What befell sessions and single recipients while the messages' own outcomes say nothing of it. */
export function assembleAsides(
  recording: Recording,
  targetNames: readonly string[],
): Required<Pick<Result, 'refused_recipients' | 'session_failures' | 'session_caps'>> {
  const nameOf = (target: number) => targetNames[target] ?? `target ${target}`
  return {
    refused_recipients: failureRows(recording.recipientFailures, nameOf),
    session_failures: failureRows(recording.sessionFailures, nameOf),
    session_caps: recording.sessionCaps.map(({ target, messages, sessions, failure }) => ({
      target: nameOf(target),
      messages,
      sessions,
      ...(failure.code === undefined ? {} : { code: failure.code }),
      ...(failure.enhanced === undefined ? {} : { enhanced: failure.enhanced }),
      text: failure.text,
    })),
  }
}

/** Servers that the load itself found not to handle the level that was asked for. */
export function assembleBehindTheEnd(
  { behindTheEnd = [] }: Recording,
  targetNames: readonly string[],
  asked: string,
): PipeliningRow[] {
  return behindTheEnd.map(({ target, why, sentAgain }) => ({
    target: targetNames[target] ?? `target ${target}`,
    asked,
    used: 'commands',
    why,
    trial_messages: 0,
    sent_again: sentAgain,
  }))
}

/** Nothing where no server was slow at RCPT. */
export function assembleSlowRecipients(
  { slowRecipients }: Recording,
  targetNames: readonly string[],
): Pick<Result, 'slow_recipients'> {
  if (slowRecipients === undefined) return {}
  return {
    slow_recipients: slowRecipients.map(({ target, longestMs, ...counts }) => ({
      target: targetNames[target] ?? `target ${target}`,
      ...counts,
      longest_ms: longestMs,
    })),
  }
}

/** Nothing where no session was to stay idle. */
export function assembleIdle(
  { idle }: Recording,
  targetNames: readonly string[],
): Pick<Result, 'idle_sessions'> {
  if (idle === undefined) return {}
  const { asked, opened, ended, renewed, limits, endedAfter, failures } = idle
  const nameOf = (target: number) => targetNames[target] ?? `target ${target}`
  return {
    idle_sessions: {
      ...{ asked, opened, ended, renewed, ended_after_ms: summarise(endedAfter) },
      limits: limits.map(({ target, afterMs, text }) => ({
        target: nameOf(target),
        after_seconds: afterMs / 1000,
        text,
      })),
      failures: failureRows(failures, (target) => targetNames[target] ?? `target ${target}`),
    },
  }
}

/** Nothing where a message had one attempt. */
export function assembleRetries(
  { retries }: Recording,
  delaysMs: readonly number[],
  targetNames: readonly string[],
): Pick<Result, 'retries'> {
  if (retries === undefined) return {}
  const { first } = retries
  const begun = first.accepted + first.deferred + first.rejected + first.failed
  return {
    retries: {
      delays_seconds: delaysMs.map((ms) => ms / 1000),
      attempts: retries.attempts,
      first_attempt: { ...first, success_rate: begun === 0 ? 0 : first.accepted / begun },
      accepted_by: retries.acceptedBy,
      cut_off: retries.cutOff,
      failures: failureRows(retries.failures, (target) => targetNames[target] ?? `target ${target}`),
    },
  }
}

export function assembleServers(
  recording: Recording,
  targets: readonly { readonly name: string; readonly host: string; readonly port: number }[],
): ServerRow[] {
  return targets.map(({ name, host, port }, index) => {
    const counts = recording.targets[index]
    if (counts === undefined) throw new RangeError(`recording has no target ${index}`)
    const { acceptedBytes, responseTime, ...ended } = counts
    return { name, host, port, ...ended, bytes: acceptedBytes, response_time_ms: summarise(responseTime) }
  })
}

/**
 * What is in flight and what waits at each second's end follows from the counts up to it, so that these
 * are summed from the start also where only the rows from a later second on are wanted.
 */
export function assembleTimeline(
  { pacer, recording }: Pick<Measurement, 'pacer' | 'recording'>,
  fromSecond = 0,
): TimelineRow[] {
  let started = 0
  let ended = 0
  let dueBefore = 0
  return recording.seconds.flatMap((row, second) => {
    started += row.started
    ended += endedIn(row)
    const dueBy = pacer.model === 'open' ? pacer.dueBy((second + 1) * 1000 - 0.001) : started
    const due = dueBy - dueBefore
    dueBefore = dueBy
    if (second < fromSecond) return []
    return {
      second,
      due,
      started: row.started,
      accepted: row.accepted,
      deferred: row.deferred,
      rejected: row.rejected,
      failed: row.failed,
      bytes: row.acceptedBytes,
      in_flight: started - ended,
      queued: dueBy - started,
      response_time_ms: summarise(row.responseTime),
      sessions_opened: row.sessionsOpened,
      ...(row.brokenOff === undefined ? {} : { broken_off: row.brokenOff }),
    }
  })
}

function endedIn(second: SecondRecording): number {
  const { accepted, deferred, rejected, failed, brokenOff = 0 } = second
  return accepted + deferred + rejected + failed + brokenOff
}
