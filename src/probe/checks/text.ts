import { type Check, type Judgement, plainRefusal, unanswered } from '../check.ts'
import { content, mail, type ProbeContext, rcpt, type Step, say, upToData, WHATEVER } from '../step.ts'
import type { Talk } from '../talk.ts'

/** RFC 5321 4.5.3.1.6: 1,000 octets with CRLF; RFC 5322 2.1.1: 998 without. */
const MAX_TEXT_OCTETS = 998
/** More than a command line may have (4.5.3.1.4), less than a line of text may have. */
const BEYOND_A_COMMAND_OCTETS = 600
const LONG_TEXT_OCTETS = 2_000
/** RFC 5321 4.5.3.1.7: at least 64K octets. */
const MIN_CONTENT_BYTES = 65_536

/** Sends a small message first, in the same session: a later refusal must then be about the text. */
function afterSmallOne(context: ProbeContext, body: string, shown: string): Step[] {
  return [
    ...upToData(context),
    content(context, { name: 'small', body: 'small', shown: 'a small message' }),
    { ...mail(context), name: 'mail-2' },
    { ...rcpt(context), name: 'rcpt-2' },
    say('data-2', 'DATA'),
    content(context, { name: 'text', body, shown }),
  ]
}

function lineOf(octets: number): string {
  return 'x'.repeat(octets)
}

const KNOWN_ISSUE = 'it applies the 512 octets of a command line to text in DATA'

function taken(talk: Talk, otherwise: string): Judgement {
  const code = talk.reply('text')?.code ?? 0
  return (
    unanswered(talk, 'text') ??
    (code < 300 ? { verdict: 'conforms' } : { verdict: 'deviates', note: otherwise })
  )
}

/** Either behaviour is allowed, as long as the server answers. */
function eitherWay(talk: Talk, what: string): Judgement {
  const code = talk.reply('text')?.code ?? 0
  return (
    unanswered(talk, 'text') ?? {
      verdict: 'conforms',
      note: code < 300 ? `${what} is taken` : `${what} is refused`,
    }
  )
}

/** A server may refuse this sender or recipient; that says nothing about conformance. */
function judgeMessage(talk: Talk): Judgement {
  const refusal = plainRefusal(talk)
  if (refusal === undefined) return unanswered(talk, talk.last?.name ?? 'text') ?? { verdict: 'conforms' }
  return {
    verdict: 'unknown',
    note: 'it accepts no message of this probe: see STRESS_SENDER and STRESS_RECIPIENT',
  }
}

/** Its outcome decides what refusals elsewhere mean. */
export const MESSAGE_CHECK: Check = {
  id: 'message',
  title: 'A small message',
  rfc: 'RFC 5321 3.3',
  asks: ['mail', 'rcpt', 'data', 'text'],
  steps: (context) => [
    ...upToData(context),
    content(context, { name: 'text', body: 'small', shown: 'a small message' }),
  ],
  judge: judgeMessage,
}

/** Questions about the text between DATA and the final dot. */
export const TEXT_CHECKS: readonly Check[] = [
  MESSAGE_CHECK,
  {
    id: 'text-600',
    title: 'Text line of 600 octets',
    rfc: 'RFC 5321 4.5.3.1.6',
    asks: ['text'],
    steps: (context) =>
      afterSmallOne(context, lineOf(BEYOND_A_COMMAND_OCTETS), 'a line of 600 octets in DATA'),
    judge: (talk) => taken(talk, KNOWN_ISSUE),
  },
  {
    id: 'text-998',
    title: 'Text line of 998 octets',
    rfc: 'RFC 5321 4.5.3.1.6',
    asks: ['text'],
    steps: (context) => afterSmallOne(context, lineOf(MAX_TEXT_OCTETS), 'a line of 998 octets in DATA'),
    judge: (talk) => taken(talk, 'a line that every server must accept'),
  },
  {
    id: 'text-over',
    title: 'Text line of 2,000 octets',
    rfc: 'RFC 5321 4.5.3.1.6',
    asks: ['text'],
    steps: (context) => afterSmallOne(context, lineOf(LONG_TEXT_OCTETS), 'a line of 2,000 octets in DATA'),
    judge: (talk) => eitherWay(talk, 'a longer line'),
  },
  {
    id: 'content-64k',
    title: 'Message of 64 KB',
    rfc: 'RFC 5321 4.5.3.1.7',
    asks: ['text'],
    steps(context) {
      const body = Array.from({ length: MIN_CONTENT_BYTES / 64 }, () => lineOf(62)).join('\r\n')
      return afterSmallOne(context, body, 'a message of 64 KB')
    },
    judge: (talk) => taken(talk, 'a size that every server must accept'),
  },
  {
    id: 'dots',
    title: 'Dots at the beginning of lines',
    rfc: 'RFC 5321 4.5.2',
    asks: ['text', 'next'],
    steps: (context) => [
      ...afterSmallOne(
        context,
        '..\r\n...\r\n..a\r\na.\r\n.. ',
        'lines that begin with dots, stuffed',
      ).flatMap((step) =>
        step.name === 'mail' ? [say('before', 'NOOP'), { ...step, after: WHATEVER }] : [step],
      ),
      say('next', 'NOOP', { after: WHATEVER }),
    ],
    judge(talk) {
      const judged = taken(talk, 'a message with stuffed dots is refused')
      if (judged.verdict !== 'conforms') return judged
      const nothing = unanswered(talk, 'next')
      if (nothing !== undefined) return nothing
      // Some know no NOOP, and refuse it each time.
      return talk.reply('next')?.code === (talk.reply('before')?.code ?? 250)
        ? { verdict: 'conforms', note: 'none of them ends the message' }
        : { verdict: 'deviates', note: 'it is out of step after them' }
    },
  },
  {
    id: 'lf-text',
    title: 'LF alone within text',
    rfc: 'RFC 5321 2.3.8',
    asks: ['text'],
    steps: (context) => afterSmallOne(context, 'one\ntwo', 'one<LF>two'),
    judge: (talk) => eitherWay(talk, 'a bare LF'),
  },
  {
    id: 'cr-text',
    title: 'CR alone within text',
    rfc: 'RFC 5321 2.3.8',
    asks: ['text'],
    steps: (context) => afterSmallOne(context, 'one\rtwo', 'one<CR>two'),
    judge: (talk) => eitherWay(talk, 'a bare CR'),
  },
]
