import { MailstormError } from '../error.ts'
import { type Clock, systemClock } from '../load/clock.ts'
import { type Check, type Question, rowOf } from './check.ts'
import { CHECKS } from './checks/all.ts'
import { PATIENCE_CHECKS } from './checks/patience.ts'
import { CONNECTIONS, CONNECTIONS_LIMIT_MS, probeConnections } from './connections.ts'
import type { ProbeTarget } from './conversation.ts'
import { converse } from './converse.ts'
import { REPLIES, repliesRow } from './replies.ts'
import { PROBE_VERDICTS, type ProbeReport, type ProbeRow } from './report.ts'
import type { ProbeContext } from './step.ts'
import { cameText, type Talk } from './talk.ts'

export interface ProbeOptions {
  readonly name: string
  readonly target: ProbeTarget
  readonly context: ProbeContext
  readonly stamp: string
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** Every question in the order in which it is asked, for whoever has to know them before. */
export const QUESTIONS: readonly Question[] = [...CHECKS, REPLIES, ...PATIENCE_CHECKS, CONNECTIONS]

/** A conversation of many steps may take so many times as long as one reply. */
const CONVERSATION_WAITS = 3
const MIN_CONVERSATION_MS = 30_000

/** No probe takes longer, whatever a server does. */
export function probeLimitMs({ waitMs }: Pick<ProbeContext, 'waitMs'>): number {
  return QUESTIONS.length * conversationLimitMs(waitMs) + CONNECTIONS_LIMIT_MS
}

function conversationLimitMs(waitMs: number): number {
  return Math.max(MIN_CONVERSATION_MS, CONVERSATION_WAITS * waitMs)
}

/** Asks one server everything, each question on a connection of its own; ends in bounded time. */
export async function probe(options: ProbeOptions): Promise<ProbeReport> {
  const { name, target, context, stamp, clock = systemClock } = options
  const startedMs = clock.nowMs()
  const { rows, talks } = await askInTurn(options, clock)
  const patience = PATIENCE_CHECKS.map((check) => ask(options, check, clock))
  const waited = (await Promise.all(patience)).map(({ row }) => row)
  options.signal?.throwIfAborted()
  // Last: some servers take a while to recover from it.
  const connections = await probeConnections(target, context, clock)
  const all = [...rows, repliesRow(talks), ...waited, connections]
  return {
    target: name,
    stamp,
    took_seconds: Number(((clock.nowMs() - startedMs) / 1000).toFixed(1)),
    wait_seconds: context.waitMs / 1000,
    extensions: talks.find(({ extensions }) => extensions.length > 0)?.extensions ?? [],
    counts: countsOf(all),
    rows: all,
  }
}

async function askInTurn(options: ProbeOptions, clock: Clock): Promise<{ rows: ProbeRow[]; talks: Talk[] }> {
  const rows: ProbeRow[] = []
  const talks: Talk[] = []
  for (const check of CHECKS) {
    options.signal?.throwIfAborted()
    const { row, talk } = await ask(options, check, clock)
    if (talks.length === 0) refuseSilent(options, talk)
    rows.push(row)
    talks.push(talk)
  }
  return { rows, talks }
}

async function ask({ target, context }: ProbeOptions, check: Check, clock: Clock) {
  const { waitMs } = context
  const limitMs = conversationLimitMs(waitMs)
  const talk = await converse(target, check.steps(context), { waitMs, limitMs, clock })
  return { talk, row: rowOf(check, talk) }
}

/** Where nobody speaks SMTP, forty checks would say so one after another. */
function refuseSilent({ name }: ProbeOptions, talk: Talk): void {
  const greeting = talk.exchange('greeting')
  if (greeting !== undefined && greeting.replies.length > 0) return
  const came = greeting === undefined ? 'nothing' : cameText(greeting)
  throw new MailstormError(
    'NO_SMTP',
    `Failed to probe ${name}: ${came} where a greeting of an SMTP server (220) should come.`,
    'Check the address, and that the server runs and speaks SMTP without TLS on this port.',
  )
}

function countsOf(rows: readonly ProbeRow[]): ProbeReport['counts'] {
  const of = (verdict: ProbeRow['verdict']) => rows.filter((row) => row.verdict === verdict).length
  const counts = PROBE_VERDICTS.map((verdict) => [verdict, of(verdict)] as const)
  return Object.fromEntries(counts) as ProbeReport['counts']
}
