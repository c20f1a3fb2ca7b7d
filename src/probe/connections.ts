import type { Clock } from '../engine/clock.ts'
import type { Question } from './check.ts'
import { Conversation, type ProbeTarget } from './conversation.ts'
import type { ProbeRow } from './report.ts'
import type { ProbeContext } from './step.ts'
import { cameText, type Exchange } from './talk.ts'

export const CONNECTIONS: Question = {
  id: 'connections',
  title: 'Concurrent connections, and what the next one gets',
  rfc: 'RFC 5321 3.8, 4.3.2',
}

/** Limit for all of them: a slow greeting is not awaited 100 times. */
export const CONNECTIONS_LIMIT_MS = 60_000

export interface Opened {
  readonly greeted: number
  /** What the first connection without a greeting got instead; undefined when all were greeted. */
  readonly next: Exchange | undefined
  readonly timeOver: boolean
}

/** How many simultaneous connections are greeted, and what the next one gets. */
export async function openConnections(
  target: ProbeTarget,
  { connections, waitMs }: ProbeContext,
  clock: Clock,
): Promise<Opened> {
  const opened: Conversation[] = []
  const endMs = clock.nowMs() + CONNECTIONS_LIMIT_MS
  try {
    while (opened.length < connections) {
      const startedMs = clock.nowMs()
      if (startedMs >= endMs) return { greeted: opened.length, next: undefined, timeOver: true }
      const conversation = new Conversation(target, clock)
      opened.push(conversation)
      const came = await conversation.replies(1, startedMs + waitMs)
      if (came.replies[0]?.code === 220) continue
      const tookMs = clock.nowMs() - startedMs
      const next: Exchange = { name: 'next', sent: '', tookMs, ...came }
      return { greeted: opened.length - 1, next, timeOver: false }
    }
    return { greeted: opened.length, next: undefined, timeOver: false }
  } finally {
    await Promise.all(opened.map((conversation) => conversation.close()))
  }
}

/** Pure. */
export function connectionsRow({ greeted, next, timeOver }: Opened, most: number): ProbeRow {
  const row = {
    ...CONNECTIONS,
    sent: `${next === undefined ? greeted : greeted + 1} connections, one after another, all kept open`,
  }
  if (next === undefined) {
    const note = timeOver
      ? `${greeted} in ${CONNECTIONS_LIMIT_MS / 1000} s, no more were tried`
      : `${most} or more`
    return { ...row, came: `${greeted} times 220`, verdict: 'conforms', note }
  }
  const came = `${greeted} times 220, then ${cameText(next)}`
  const code = next.replies[0]?.code
  // 4.3.2: 554 refuses a connection; 421 is for a server without resources (3.8).
  if (code === 421 || code === 554)
    return { ...row, came, verdict: 'conforms', note: `${greeted}, then ${code}` }
  if (next.ending === 'time over') {
    return { ...row, came, verdict: 'unknown', note: `${greeted}; the next one is connected and waits` }
  }
  if (next.ending === 'no connection' || next.ending === 'unreachable' || next.ending === 'local') {
    return { ...row, came, verdict: 'unknown', note: `${greeted}, then ${cameText(next)}` }
  }
  if (next.ending === 'refused') {
    // Not an SMTP matter: RFC 5321 says nothing about a listening socket that is closed for a while.
    return { ...row, came, verdict: 'conforms', note: `${greeted}, then its listening socket is closed` }
  }
  return { ...row, came, verdict: 'deviates', note: `${greeted}; the next one is turned away without 421` }
}
