import type { Check, Judgement } from '../check.ts'
import {
  content,
  GO_AHEAD,
  mail,
  messageText,
  type ProbeContext,
  rcpt,
  type Step,
  say,
  upToData,
} from '../step.ts'
import type { Talk } from '../talk.ts'

/** RFC 5321 4.5.3.1.6: 1,000 octets with CRLF; RFC 5322 2.1.1: 998 without. */
const MAX_TEXT_OCTETS = 998
/** More than a command line may have (4.5.3.1.4), less than a line of text may have. */
const BEYOND_A_COMMAND_OCTETS = 600
const LONG_TEXT_OCTETS = 2_000
/** RFC 5321 4.5.3.1.7: at least 64K octets. */
const MIN_CONTENT_BYTES = 65_536

/** A small message first, in the same session: what is refused afterwards is refused for its text. */
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
  const code = talk.reply('text')?.code
  if (code === undefined) return { verdict: 'deviates', note: 'it gives no reply' }
  return code < 300 ? { verdict: 'conforms' } : { verdict: 'deviates', note: otherwise }
}

/** What a server may do as it likes, as long as it says what. */
function eitherWay(talk: Talk, what: string): Judgement {
  const code = talk.reply('text')?.code
  if (code === undefined) return { verdict: 'deviates', note: 'it gives no reply' }
  return { verdict: 'conforms', note: code < 300 ? `${what} is taken` : `${what} is refused` }
}

/** What stands between DATA and the final dot. */
export const TEXT_CHECKS: readonly Check[] = [
  {
    id: 'message',
    title: 'A small message',
    rfc: 'RFC 5321 3.3',
    asks: ['mail', 'rcpt', 'data', 'text'],
    steps: (context) => [
      ...upToData(context),
      content(context, { name: 'text', body: 'small', shown: 'a small message' }),
    ],
    judge: (talk) => taken(talk, 'it takes no message of this probe: see STRESS_SENDER and STRESS_RECIPIENT'),
  },
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
    judge: (talk) => taken(talk, 'a line that every server has to take'),
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
    judge: (talk) => taken(talk, 'a size that every server has to take'),
  },
  {
    id: 'dots',
    title: 'Dots at the beginning of lines',
    rfc: 'RFC 5321 4.5.2',
    asks: ['text', 'next'],
    steps: (context) => [
      ...afterSmallOne(context, '..\r\n...\r\n..a\r\na.\r\n.. ', 'lines that begin with dots, stuffed'),
      say('next', 'NOOP', { after: /^/ }),
    ],
    judge(talk) {
      const judged = taken(talk, 'a message with stuffed dots is refused')
      if (judged.verdict !== 'conforms') return judged
      return talk.reply('next')?.code === 250
        ? { verdict: 'conforms', note: 'none of them ends the message' }
        : { verdict: 'deviates', note: 'it is out of step after them' }
    },
  },
  {
    id: 'empty',
    title: 'Message without a line',
    rfc: 'RFC 5321 4.1.1.4',
    asks: ['text'],
    steps: (context) => [
      ...upToData(context),
      { name: 'text', send: '.\r\n', shown: '. at once', after: GO_AHEAD },
    ],
    // The CRLF that ends DATA is also the one before the dot.
    judge: (talk) => eitherWay(talk, 'an empty message'),
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

/** What looks like the end of a message and is none: `CRLF . CRLF` alone is (RFC 5321 4.1.1.4). */
const FALSE_ENDS = {
  'LF.LF': '\n.\n',
  'LF.CRLF': '\n.\r\n',
  'CRLF.LF': '\r\n.\n',
  'CR.CR': '\r.\r',
  'CR.CRLF': '\r.\r\n',
} as const

/** Servers that take such an end can be made to see messages that the sender never sent (SMTP smuggling). */
export const END_CHECKS: readonly Check[] = Object.entries(FALSE_ENDS).map(([name, octets]) => ({
  id: `end-${name.toLowerCase().replace('.', '-dot-')}`,
  title: `${name} within text`,
  rfc: 'RFC 5321 4.1.1.4',
  asks: ['false-end', 'end'],
  steps: (context) => [
    ...upToData(context),
    {
      name: 'false-end',
      send: `${messageText(context, 'false-end', 'text').replace(/\r\n$/, '')}${octets}`,
      shown: `text ${name}`,
      withinMs: context.quietMs,
      after: GO_AHEAD,
    },
    { name: 'end', send: 'more\r\n.\r\n', shown: 'more CRLF.CRLF' },
  ],
  judge(talk) {
    const early = talk.reply('false-end')?.code
    if (early !== undefined && early < 300) return { verdict: 'deviates', note: `${name} ends the message` }
    if (early !== undefined) return { verdict: 'conforms', note: 'the message is refused at once' }
    const code = talk.reply('end')?.code
    if (code === undefined && talk.exchange('false-end')?.ending === 'time over') {
      return { verdict: 'deviates', note: 'it gives no reply to the true end' }
    }
    return { verdict: 'conforms', note: code !== undefined && code < 300 ? 'taken as text' : 'refused' }
  },
}))
