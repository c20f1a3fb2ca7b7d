import { cutText } from '../text/foreign-text.ts'
import type { ProbeRow, ProbeVerdict } from './report.ts'
import type { ProbeContext, Step } from './step.ts'
import { cameText, type Ending, type Exchange, replyText, secondsText, type Talk } from './talk.ts'

export interface Judgement {
  readonly verdict: ProbeVerdict
  readonly note?: string
}

export interface Question {
  readonly id: string
  readonly title: string
  /** RFC and section. */
  readonly rfc: string
}

/** How far a plain message gets, in this order. */
export const PLAIN_STAGES = ['mail', 'rcpt', 'data', 'text'] as const
export type PlainStage = (typeof PLAIN_STAGES)[number]

/** One question to a server: a conversation as data, and a pure judgement of the replies. */
export interface Check extends Question {
  /** Extension that must be offered (RFC 5321 2.2). */
  readonly needs?: string
  /**
   * A plain message must be accepted up to this stage for a refusal to mean anything: a server that refuses the
   * probe's sender refuses it with SMTPUTF8 too, which says nothing about SMTPUTF8.
   */
  readonly plain?: PlainStage
  /** Names of the steps in question; earlier steps only lead there. */
  readonly asks: readonly string[]
  steps(context: ProbeContext): readonly Step[]
  judge(talk: Talk): Judgement
}

/** Where a plain message of this probe is refused, and how. */
export interface PlainRefusal {
  readonly stage: PlainStage
  readonly came: string
}

/** How the plain message was refused; undefined when it was accepted or not answered. Pure. */
export function plainRefusal(talk: Talk): PlainRefusal | undefined {
  for (const stage of PLAIN_STAGES) {
    const reply = talk.reply(stage)
    if (reply !== undefined && reply.code >= 400) return { stage, came: replyText(reply) }
  }
  return undefined
}

const SENT_CHARS = 400
const NOTE_CHARS = 300

/** The row of a check. When the conversation never reached the question, nothing is claimed. */
export function rowOf(check: Check, talk: Talk, plain?: PlainRefusal): ProbeRow {
  const { id, title, rfc, asks } = check
  const about = asks.map((name) => talk.exchange(name)).filter((exchange) => exchange !== undefined)
  const { verdict, note = '' } =
    notOffered(check, talk) ?? neverAsked(about, talk) ?? judged(check, talk, plain)
  return {
    id,
    title,
    rfc,
    sent: cutText(
      joined(about, ({ sent }) => sent),
      SENT_CHARS,
    ),
    came: cutText(about.length === 0 ? lastText(talk) : joined(about, cameText), SENT_CHARS),
    verdict,
    note: cutText(note, NOTE_CHARS),
  }
}

/** The row of a question that was not asked, or whose answer means nothing. */
export function unknownRow({ id, title, rfc }: Question, note = ''): ProbeRow {
  return { id, title, rfc, sent: '', came: '', verdict: 'unknown', note }
}

function notOffered({ needs }: Check, talk: Talk): Judgement | undefined {
  if (needs === undefined || talk.extension(needs) !== undefined) return undefined
  if (talk.withoutEhlo) return { verdict: 'not offered', note: 'it does not know EHLO' }
  if (talk.reply('ehlo')?.code !== 250) return undefined
  return { verdict: 'not offered', note: `${needs} is not in its reply to EHLO` }
}

function neverAsked(about: readonly Exchange[], talk: Talk): Judgement | undefined {
  if (about.length > 0) return undefined
  const where = talk.last?.sent ? `after ${talk.last.sent}` : 'at the start'
  return { verdict: 'unknown', note: `it did not come to that: ${where} came ${lastText(talk)}` }
}

function lastText({ last }: Talk): string {
  return last === undefined ? 'nothing' : cameText(last)
}

function judged(check: Check, talk: Talk, plain: PlainRefusal | undefined): Judgement {
  const judgement = check.judge(talk)
  if (judgement.verdict !== 'deviates' || plain === undefined || check.plain === undefined) return judgement
  const refused = check.asks.find((name) => {
    const replies = talk.exchange(name)?.replies ?? []
    return replies.some(({ code }) => code >= 400)
  })
  const stage = PLAIN_STAGES.find((name) => name === refused) ?? check.plain
  const reached = PLAIN_STAGES.indexOf(stage) >= PLAIN_STAGES.indexOf(plain.stage)
  return reached && refused !== undefined
    ? { verdict: 'unknown', note: `a plain message is refused as well: ${plain.came}` }
    : judgement
}

function joined(exchanges: readonly Exchange[], text: (exchange: Exchange) => string): string {
  return exchanges
    .map(text)
    .filter((part) => part !== '')
    .join(' → ')
}

/**
 * RFC 5321 4.5.3.2: the longest time that a client must wait for most replies; a slower reply is not a fault.
 */
export const MIN_PATIENCE_MS = 5 * 60_000

/** Endings before the server could say anything. */
const NOT_ITS_DOING: readonly Ending[] = ['refused', 'no connection', 'unreachable', 'local']

/**
 * The judgement of a step without a usable reply; undefined when it has one. Not having waited long enough is
 * no finding, nor is a 421, which may come at any time (RFC 5321 3.8).
 */
export function unanswered(talk: Talk, name: string): Judgement | undefined {
  const exchange = talk.exchange(name)
  if (exchange === undefined) return { verdict: 'unknown', note: `it did not come to ${name.toUpperCase()}` }
  const { replies, strays = [], ending, tookMs, sent } = exchange
  const code = replies.at(-1)?.code
  if (code === 421) return { verdict: 'unknown', note: 'it ends the session with 421' }
  if (code !== undefined) return undefined
  if (ending === 'too much') return { verdict: 'unknown', note: 'its reply has no end: see its replies' }
  if (strays.length > 0) return { verdict: 'unknown', note: 'its reply has no code: see its replies' }
  const what = sent === '' ? 'no greeting' : `no reply to ${cutText(sent, 60)}`
  if (ending !== undefined && NOT_ITS_DOING.includes(ending))
    return { verdict: 'unknown', note: cameText(exchange) }
  if (ending !== 'time over') return { verdict: 'deviates', note: 'it ends the session without a reply' }
  if (tookMs >= MIN_PATIENCE_MS) return { verdict: 'deviates', note: `${what} within ${secondsText(tookMs)}` }
  return {
    verdict: 'unknown',
    note: `${what} within ${secondsText(tookMs)}; RFC 5321 4.5.3.2 has clients wait longer`,
  }
}

/** Conforms when each of these steps got such a code; otherwise it deviates for the given reason. */
export function answers(
  codes: Readonly<Record<string, RegExp>>,
  deviation: string,
): (talk: Talk) => Judgement {
  return (talk) => {
    for (const [name, allowed] of Object.entries(codes)) {
      const nothing = unanswered(talk, name)
      if (nothing !== undefined) return nothing
      if (!allowed.test(String(talk.reply(name)?.code))) return { verdict: 'deviates', note: deviation }
    }
    return { verdict: 'conforms' }
  }
}

/**
 * Conforms when a command out of order is refused by 503 (RFC 5321 4.1.4, 4.2.3); `taken` says what it means
 * when it is accepted.
 */
export function outOfOrder(
  name: string,
  taken: string,
  codes: readonly number[] = [503],
): (talk: Talk) => Judgement {
  return (talk) => {
    const nothing = unanswered(talk, name)
    if (nothing !== undefined) return nothing
    const code = talk.reply(name)?.code ?? 0
    if (codes.includes(code)) return { verdict: 'conforms' }
    return {
      verdict: 'deviates',
      note: code < 400 ? taken : `refused, but with ${code}: the reply is ${codes.join(' or ')}`,
    }
  }
}
