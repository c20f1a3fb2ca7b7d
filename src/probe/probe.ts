import { type Clock, systemClock } from '../engine/clock.ts'
import { MailstormError } from '../error.ts'
import { foreignText } from '../text/foreign-text.ts'
import { type Check, plainRefusal, type Question, rowOf, unknownRow } from './check.ts'
import { ENVELOPE_CHECKS } from './checks/envelope.ts'
import { EXTENSION_CHECKS } from './checks/extensions.ts'
import { LINE_CHECKS } from './checks/lines.ts'
import { GREETING_CHECK, ORDER_CHECKS, PATIENCE_CHECKS, SESSION_CHECKS } from './checks/session.ts'
import { MESSAGE_CHECK, TEXT_CHECKS } from './checks/text.ts'
import { CONNECTIONS, CONNECTIONS_LIMIT_MS, connectionsRow, openConnections } from './connections.ts'
import { converse, type ProbeTarget } from './conversation.ts'
import { REPLIES, repliesRow } from './replies.ts'
import { PROBE_VERDICTS, type ProbeReport, type ProbeRow } from './report.ts'
import { HELLO, type ProbeContext, type Step } from './step.ts'
import { cameText, secondsText, type Talk } from './talk.ts'

/**
 * One after another, each on its own connection. They are put to other people's servers, so they contain only
 * valid input, and what RFC 5321 requires or allows a server to refuse without harm. Other ends of text than
 * CRLF.CRLF are tested only against our own servers (test/truth/ends.test.ts).
 */
export const CHECKS: readonly Check[] = [
  ...SESSION_CHECKS,
  ...ORDER_CHECKS,
  ...LINE_CHECKS,
  ...TEXT_CHECKS,
  ...EXTENSION_CHECKS,
  ...ENVELOPE_CHECKS,
]

export interface ProbeOptions {
  readonly name: string
  readonly target: ProbeTarget
  readonly context: ProbeContext
  readonly stamp: string
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** Every question in order, for callers that need them in advance. */
export const QUESTIONS: readonly Question[] = [...CHECKS, REPLIES, ...PATIENCE_CHECKS, CONNECTIONS]

/** Limit of a conversation with many steps, in multiples of the wait for one reply. */
const CONVERSATION_WAITS = 3
const MIN_CONVERSATION_MS = 30_000

/** Upper bound of a probe's duration, whatever a server does. */
export function probeLimitMs({ waitMs }: Pick<ProbeContext, 'waitMs'>): number {
  // Each may have to wait for a closed listening socket, and one is asked twice (see `#ask`).
  return (QUESTIONS.length + 1) * (conversationLimitMs(waitMs) + waitMs) + CONNECTIONS_LIMIT_MS
}

function conversationLimitMs(waitMs: number): number {
  return Math.max(MIN_CONVERSATION_MS, CONVERSATION_WAITS * waitMs)
}

/** Puts every question to one server, each on its own connection; ends in bounded time. */
export async function probe(options: ProbeOptions): Promise<ProbeReport> {
  const { clock = systemClock } = options
  const startedMs = clock.nowMs()
  return new Interview(options, clock).all(startedMs)
}

/** How often to retry a listening socket that was closed. */
const RETRY_MS = 250
/** Wait before each command to a server that sends unsolicited replies. */
const SETTLE_MS = 50

/** Interviews one server. Rows are made at the end, because one answer explains another. */
class Interview {
  readonly #options: ProbeOptions
  readonly #clock: Clock
  readonly #talks = new Map<Check, Talk>()
  /** The check from which on every connection was refused. */
  #goneAt: Question | undefined
  #refusedForMs = 0
  #settleMs = 0

  constructor(options: ProbeOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  async all(startedMs: number): Promise<ProbeReport> {
    const { name, context, stamp } = this.#options
    for (const check of CHECKS) await this.#ask(check)
    // In parallel, because they only wait.
    await Promise.all(PATIENCE_CHECKS.map((check) => this.#ask(check)))
    // Last, because some servers take a while to recover from it.
    const connections = await this.#connections()
    const rows = [
      ...this.#rows(CHECKS),
      repliesRow(this.#said()),
      ...this.#rows(PATIENCE_CHECKS),
      connections,
    ]
    const remarks = this.#remarks()
    return {
      target: name,
      stamp,
      took_seconds: Number(((this.#clock.nowMs() - startedMs) / 1000).toFixed(1)),
      wait_seconds: context.waitMs / 1000,
      ...(remarks.length === 0 ? {} : { remarks }),
      extensions: this.#extensions(),
      counts: countsOf(rows),
      rows,
    }
  }

  async #ask(check: Check): Promise<void> {
    this.#options.signal?.throwIfAborted()
    if (this.#goneAt !== undefined) return
    let talk = await this.#converse(check)
    if (this.#talks.size === 0) refuseSilent(this.#options, talk)
    if (isRefused(talk)) talk = await this.#waitForSocket(check, talk)
    if (talk.hasUnasked && this.#settleMs === 0) {
      // An unsolicited reply may have been taken for an answer: ask again, and wait for such replies from now
      // on.
      this.#settleMs = SETTLE_MS
      talk = await this.#converse(check)
    }
    if (this.#goneAt === undefined) this.#talks.set(check, talk)
  }

  #converse(check: Check): Promise<Talk> {
    const { target, context } = this.#options
    const { waitMs } = context
    return converse(target, stepsOf(check, context), {
      waitMs,
      limitMs: conversationLimitMs(waitMs),
      settleMs: this.#settleMs,
      clock: this.#clock,
    })
  }

  /** It may have ended, or closed its listening socket for a while, as sendmail does (RefuseLA). */
  async #waitForSocket(check: Check, refused: Talk): Promise<Talk> {
    const { signal, context } = this.#options
    const sinceMs = this.#clock.nowMs()
    let talk = refused
    while (isRefused(talk) && this.#clock.nowMs() < sinceMs + context.waitMs) {
      await pause(this.#clock, RETRY_MS)
      signal?.throwIfAborted()
      talk = await this.#converse(check)
    }
    this.#refusedForMs += this.#clock.nowMs() - sinceMs
    if (isRefused(talk)) this.#goneAt ??= check
    return talk
  }

  async #connections(): Promise<ProbeRow> {
    const { target, context, signal } = this.#options
    signal?.throwIfAborted()
    if (this.#goneAt !== undefined) return unknownRow(CONNECTIONS)
    const opened = await openConnections(target, context, this.#clock)
    if (opened.next?.ending === 'refused') {
      // Whether that is its limit or its end shows once the other connections are closed.
      const again = await this.#waitForSocket(GREETING_CHECK, await this.#converse(GREETING_CHECK))
      if (isRefused(again)) {
        this.#goneAt = CONNECTIONS
        return unknownRow(CONNECTIONS)
      }
    }
    return connectionsRow(opened, context.connections)
  }

  #rows(checks: readonly Check[]): ProbeRow[] {
    const message = this.#talks.get(MESSAGE_CHECK)
    const plain = message && plainRefusal(message)
    const cutOff = this.#goneAt === undefined ? undefined : [...this.#talks.keys()].at(-1)
    return checks.map((check) => {
      const talk = this.#talks.get(check)
      if (talk === undefined) return unknownRow(check)
      const isCutOff = check === cutOff || (cutOff !== undefined && PATIENCE_CHECKS.includes(check))
      if (isCutOff && isBroken(talk)) return unknownRow(check, 'the server ended within it')
      return rowOf(check, talk, plain)
    })
  }

  #said(): Talk[] {
    return CHECKS.map((check) => this.#talks.get(check)).filter((talk) => talk !== undefined)
  }

  #extensions(): string[] {
    const offered = this.#said().find(({ extensions }) => extensions.length > 0)?.extensions ?? []
    return offered.map((line) => foreignText(line, MAX_EXTENSION_CHARS))
  }

  #remarks(): string[] {
    if (this.#goneAt !== undefined) {
      const asked = this.#talks.size
      return [
        `It is down: since "${this.#goneAt.title}" every connection is refused. ${asked} of ${QUESTIONS.length} questions were asked.`,
      ]
    }
    return this.#refusedForMs === 0
      ? []
      : [
          `It refused connections for ${secondsText(this.#refusedForMs)} and then took them again: it had closed its listening socket, as servers do under load.`,
        ]
  }
}

const MAX_EXTENSION_CHARS = 200

/**
 * Extension commands are sent only when offered (RFC 5321 2.2.2): a chunk would otherwise be read as commands.
 */
function stepsOf({ needs, steps }: Check, context: ProbeContext): readonly Step[] {
  if (needs === undefined) return steps(context)
  return steps(context).map((step) => {
    if (HELLO.includes(step)) return step
    const { send } = step
    const whenOffered = (talk: Talk) => {
      if (talk.extension(needs) === undefined) return undefined
      return typeof send === 'string' ? send : send(talk)
    }
    return { ...step, send: whenOffered }
  })
}

function isRefused(talk: Talk): boolean {
  return talk.last?.ending === 'refused'
}

/** Its connection ended without a reply. */
function isBroken({ last }: Talk): boolean {
  return (
    last !== undefined && last.replies.length === 0 && (last.ending === 'closed' || last.ending === 'reset')
  )
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.wakeAt(clock.nowMs() + ms, resolve)
  })
}

/** When nothing speaks SMTP there, forty checks would say so one after another. */
function refuseSilent({ name }: ProbeOptions, talk: Talk): void {
  const greeting = talk.exchange('greeting')
  if (greeting !== undefined && greeting.replies.length > 0) return
  const came = greeting === undefined ? 'nothing' : cameText(greeting)
  const hint = isRefused(talk)
    ? 'Check the address, and that the server runs; some close their listening socket while they are overloaded.'
    : 'Check the address, and that the server speaks SMTP without TLS on this port.'
  throw new MailstormError(
    'NO_SMTP',
    `Failed to probe ${name}: ${came} instead of an SMTP greeting (220).`,
    hint,
  )
}

function countsOf(rows: readonly ProbeRow[]): ProbeReport['counts'] {
  const of = (verdict: ProbeRow['verdict']) => rows.filter((row) => row.verdict === verdict).length
  const counts = PROBE_VERDICTS.map((verdict) => [verdict, of(verdict)] as const)
  return Object.fromEntries(counts) as ProbeReport['counts']
}
