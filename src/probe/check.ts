import type { ProbeRow, ProbeVerdict } from './report.ts'
import type { ProbeContext, Step } from './step.ts'
import { cameText, type Exchange, type Talk } from './talk.ts'

export interface Judgement {
  readonly verdict: ProbeVerdict
  readonly note?: string
}

export interface Question {
  readonly id: string
  readonly title: string
  /** The RFC and its section. */
  readonly rfc: string
}

/** One question to a server: a conversation as data, and a pure judgement over what came. */
export interface Check extends Question {
  /** Extension that must be offered (RFC 5321 2.2). */
  readonly needs?: string
  /** Names of the steps that it is about; what stands before is the way there. */
  readonly asks: readonly string[]
  steps(context: ProbeContext): readonly Step[]
  judge(talk: Talk): Judgement
}

/** The row of a check. Where the conversation never came to the question, nothing is claimed. */
export function rowOf(check: Check, talk: Talk): ProbeRow {
  const { id, title, rfc, asks, needs } = check
  const about = asks.map((name) => talk.exchange(name)).filter((exchange) => exchange !== undefined)
  if (needs !== undefined && talk.reply('ehlo')?.code === 250 && talk.extension(needs) === undefined) {
    return {
      id,
      title,
      rfc,
      sent: '',
      came: '',
      verdict: 'not offered',
      note: `${needs} is not in its reply to EHLO`,
    }
  }
  if (about.length === 0) {
    const { last } = talk
    const came = last === undefined ? 'nothing' : cameText(last)
    const note = `it did not come to that: ${last?.sent === '' ? 'at the start' : `after ${last?.sent}`} came ${came}`
    return { id, title, rfc, sent: '', came, verdict: 'unknown', note }
  }
  const { verdict, note = '' } = check.judge(talk)
  return {
    id,
    title,
    rfc,
    sent: joined(about, ({ sent }) => sent),
    came: joined(about, cameText),
    verdict,
    note,
  }
}

function joined(exchanges: readonly Exchange[], text: (exchange: Exchange) => string): string {
  return exchanges
    .map(text)
    .filter((part) => part !== '')
    .join(' → ')
}

/** Conforms when each of these is answered by such a code; else it deviates in the way told. */
export function answers(
  codes: Readonly<Record<string, RegExp>>,
  deviation: string,
): (talk: Talk) => Judgement {
  return (talk) => {
    for (const [name, allowed] of Object.entries(codes)) {
      const code = talk.reply(name)?.code
      if (code === undefined) return { verdict: 'deviates', note: `${name} was not answered` }
      if (!allowed.test(String(code))) return { verdict: 'deviates', note: deviation }
    }
    return { verdict: 'conforms' }
  }
}

/**
 * Conforms when what came out of its order is refused by 503 (RFC 5321 4.1.4, 4.2.3); `taken` says what
 * it means when it is not refused.
 */
export function outOfOrder(
  name: string,
  taken: string,
  codes: readonly number[] = [503],
): (talk: Talk) => Judgement {
  return (talk) => {
    const code = talk.reply(name)?.code
    if (code === undefined) return { verdict: 'deviates', note: `${name.toUpperCase()} was not answered` }
    if (codes.includes(code)) return { verdict: 'conforms' }
    return {
      verdict: 'deviates',
      note: code < 400 ? taken : `refused, but by ${code}: the reply is ${codes.join(' or ')}`,
    }
  }
}
