import { foreignText } from '../../text/foreign-text.ts'
import { answers, type Check, type Judgement, MIN_PATIENCE_MS, outOfOrder, unanswered } from '../check.ts'
import {
  GO_AHEAD,
  HELLO,
  helloAgain,
  mail,
  messageText,
  type ProbeContext,
  rcpt,
  type Step,
  say,
  upToData,
  WHATEVER,
} from '../step.ts'
import { secondsText, type Talk } from '../talk.ts'

/** RFC 5321 4.1.2: labels and dots, or an address literal. */
const DOMAIN = /^(?:\[[^\]]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)$/

/** 503 is right; but the question is whether a transaction is left open, and 500 also says no. */
const REFUSED = [503, 500] as const

/** Asked first: it shows whether an SMTP server is there at all. */
export const GREETING_CHECK: Check = {
  id: 'greeting',
  title: 'Greeting: 220 and its domain',
  rfc: 'RFC 5321 4.2',
  asks: ['greeting'],
  steps: () => HELLO,
  judge(talk) {
    const nothing = unanswered(talk, 'greeting')
    if (nothing !== undefined) return nothing
    const { code, lines } = talk.reply('greeting') ?? { code: 0, lines: [] }
    // 3.1: a server that accepts no mail from this client sends 554 instead of 220.
    if (code === 554) return { verdict: 'unknown', note: 'it accepts no session of this probe' }
    if (code !== 220) return { verdict: 'deviates', note: 'no 220' }
    const name = firstWord(lines)
    return DOMAIN.test(name)
      ? { verdict: 'conforms' }
      : { verdict: 'deviates', note: 'its first word is not a domain name' }
  },
}

/** Commands that every server must have (RFC 5321 4.5.1). */
export const SESSION_CHECKS: readonly Check[] = [
  GREETING_CHECK,
  {
    id: 'ehlo',
    title: 'EHLO: its domain and the extensions',
    rfc: 'RFC 5321 4.1.1.1',
    asks: ['ehlo'],
    steps: () => HELLO,
    judge: judgeEhlo,
  },
  {
    id: 'helo',
    title: 'HELO of old clients',
    rfc: 'RFC 5321 4.1.1.1',
    asks: ['helo'],
    steps: () => [{ name: 'greeting', send: '' }, say('helo', 'HELO probe.mailstorm.test')],
    judge: answers({ helo: /^250$/ }, 'HELO must be accepted'),
  },
  {
    id: 'case',
    title: 'Commands in any case',
    rfc: 'RFC 5321 2.4',
    plain: 'rcpt',
    asks: ['ehlo', 'helo', 'mail', 'rcpt'],
    // Only this spelling of EHLO: OpenSMTPD refuses a second one in a session, however it is spelled.
    steps: ({ sender, recipient }) => [
      { name: 'greeting', send: '' },
      say('ehlo', 'eHlO probe.mailstorm.test'),
      say('helo', 'hElO probe.mailstorm.test', { when: (talk) => talk.withoutEhlo, after: WHATEVER }),
      say('mail', `mAiL fRoM:<${sender}>`),
      say('rcpt', `rCpT tO:<${recipient}>`),
    ],
    judge: (talk) => {
      const hello = talk.exchange('helo') === undefined ? 'ehlo' : 'helo'
      return answers({ [hello]: /^250$/, mail: /^250$/, rcpt: /^25[01]$/ }, 'case must not matter')(talk)
    },
  },
  {
    id: 'noop',
    title: 'NOOP',
    rfc: 'RFC 5321 4.1.1.9',
    asks: ['noop'],
    steps: () => [...HELLO, say('noop', 'NOOP')],
    judge: answers({ noop: /^250$/ }, 'the only reply to NOOP is 250'),
  },
  {
    id: 'rset',
    title: 'RSET ends a transaction',
    rfc: 'RFC 5321 4.1.1.5',
    plain: 'rcpt',
    asks: ['rset', 'rcpt'],
    steps: (context) => [...mailAfterRcpt(context), say('rset', 'RSET'), rcpt(context)],
    judge(talk) {
      const nothing = unanswered(talk, 'rset')
      if (nothing !== undefined) return nothing
      if (talk.reply('rset')?.code !== 250)
        return { verdict: 'deviates', note: 'the reply to RSET is not 250' }
      return rcptAfterEnd(talk, 'the transaction goes on after RSET', REFUSED)
    },
  },
  {
    id: 'vrfy',
    title: 'VRFY',
    rfc: 'RFC 5321 3.5.3, 7.3',
    asks: ['vrfy'],
    steps: ({ recipient }) => [...HELLO, say('vrfy', `VRFY ${recipient}`)],
    judge(talk) {
      const nothing = unanswered(talk, 'vrfy')
      if (nothing !== undefined) return nothing
      const code = talk.reply('vrfy')?.code
      // 3.5.3: 500 or 502 when not implemented; 7.3: 252 when disabled.
      if (code === 500 || code === 502) return { verdict: 'not offered' }
      return /^(25[0-2]|450|451|50[14]|55[0-3])$/.test(String(code))
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'not a reply to VRFY' }
    },
  },
  {
    id: 'help',
    title: 'HELP',
    rfc: 'RFC 5321 4.1.1.8',
    asks: ['help'],
    steps: () => [...HELLO, say('help', 'HELP')],
    judge(talk) {
      const nothing = unanswered(talk, 'help')
      if (nothing !== undefined) return nothing
      const code = talk.reply('help')?.code ?? 0
      if (code === 211 || code === 214) return { verdict: 'conforms' }
      // SHOULD, not MUST.
      return code >= 500 ? { verdict: 'not offered' } : { verdict: 'deviates', note: 'neither 211 nor 214' }
    },
  },
  {
    id: 'unknown-command',
    title: 'An unknown command',
    rfc: 'RFC 5321 4.2.4',
    asks: ['unknown'],
    steps: () => [...HELLO, say('unknown', 'XPROBE')],
    judge: answers({ unknown: /^50[02]$/ }, 'the reply is 500, or 502'),
  },
  {
    id: 'quit',
    title: 'QUIT: 221, then it closes',
    rfc: 'RFC 5321 4.1.1.10',
    asks: ['quit', 'closed'],
    steps: ({ quietMs }) => [
      ...HELLO,
      say('quit', 'QUIT'),
      { name: 'closed', send: '', withinMs: quietMs, after: WHATEVER },
    ],
    judge(talk) {
      const nothing = unanswered(talk, 'quit')
      if (nothing !== undefined) return nothing
      if (talk.reply('quit')?.code !== 221) return { verdict: 'deviates', note: 'no 221' }
      const ended = [talk.exchange('quit'), talk.exchange('closed')].some((at) => at?.ending === 'closed')
      return ended || talk.exchange('closed') === undefined
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'the connection stays open' }
    },
  },
]

/**
 * RFC 5321 4.1.1.1: `250` and the server's domain. Other words may look like a domain, so the greeting must
 * name it too.
 */
function judgeEhlo(talk: Talk): Judgement {
  const nothing = unanswered(talk, 'ehlo')
  if (nothing !== undefined) return nothing
  const { code, lines } = talk.reply('ehlo') ?? { code: 0, lines: [] }
  if (code !== 250) {
    const helo = talk.reply('helo')?.code === 250 ? '; HELO is accepted' : ''
    return { verdict: 'deviates', note: `EHLO is refused${helo}` }
  }
  const word = firstWord(lines)
  const isKnown =
    word.includes('.') || word.startsWith('[') || word === firstWord(talk.reply('greeting')?.lines)
  return DOMAIN.test(word) && isKnown
    ? { verdict: 'conforms' }
    : { verdict: 'deviates', note: `its first word is "${foreignText(word, 60)}", where its domain belongs` }
}

function firstWord(lines: readonly string[] = []): string {
  return lines[0]?.split(' ', 1)[0] ?? ''
}

/** Questions about commands out of order. */
export const ORDER_CHECKS: readonly Check[] = [
  {
    id: 'mail-first',
    title: 'MAIL before EHLO',
    rfc: 'RFC 5321 4.1.4',
    plain: 'mail',
    asks: ['mail'],
    steps: (context) => [{ name: 'greeting', send: '' }, mail(context)],
    judge: outOfOrder('mail', 'a session without EHLO may send mail'),
  },
  {
    id: 'rcpt-first',
    title: 'RCPT before MAIL',
    rfc: 'RFC 5321 3.3',
    plain: 'rcpt',
    asks: ['rcpt'],
    steps: (context) => [...HELLO, rcpt(context)],
    judge: outOfOrder('rcpt', 'a recipient without a sender is accepted'),
  },
  {
    id: 'data-first',
    title: 'DATA without a recipient',
    rfc: 'RFC 5321 3.3',
    asks: ['data'],
    steps: (context) => [
      ...HELLO,
      mail(context),
      // If DATA is accepted, the connection is closed before the end, so nothing is stored.
      say('data', 'DATA'),
    ],
    judge: outOfOrder('data', 'a message to nobody is accepted', [503, 554]),
  },
  {
    id: 'nested-mail',
    title: 'MAIL within a transaction',
    rfc: 'RFC 5321 4.1.4',
    asks: ['again'],
    steps: (context) => [...HELLO, mail(context), { ...mail(context), name: 'again' }],
    judge: outOfOrder('again', 'a transaction begins within another'),
  },
  {
    id: 'ehlo-again',
    title: 'EHLO ends a transaction',
    rfc: 'RFC 5321 4.1.4',
    plain: 'rcpt',
    asks: ['again', 'rcpt'],
    steps: (context) => [
      ...mailAfterRcpt(context),
      helloAgain('again'),
      { ...rcpt(context), after: WHATEVER },
    ],
    judge: (talk) => rcptAfterEnd(talk, 'the transaction goes on after EHLO', [503, 500]),
  },
]

/** A recipient too early, to be compared with one behind the end of the transaction that MAIL then begins. */
function mailAfterRcpt(context: ProbeContext): Step[] {
  return [...HELLO, { ...rcpt(context), name: 'early' }, { ...mail(context), after: WHATEVER }]
}

/** A server that asks for no MAIL before RCPT may well have ended the transaction. */
function rcptAfterEnd(talk: Talk, taken: string, codes: readonly number[]): Judgement {
  const early = talk.reply('early')?.code
  if (early !== undefined && early < 400 && (talk.reply('rcpt')?.code ?? 500) < 400)
    return { verdict: 'unknown', note: 'it takes RCPT without MAIL, which shows nothing' }
  return outOfOrder('rcpt', taken, codes)(talk)
}

function silence({ waitMs }: ProbeContext): Step {
  return { name: 'silence', send: '', shown: 'nothing', withinMs: waitMs, after: WHATEVER }
}

/** RFC 5321 4.5.3.2.7: a server should wait at least five minutes for the next command. */
function judgeSilence(talk: Talk): Judgement {
  const { tookMs = 0, ending, replies = [] } = talk.exchange('silence') ?? {}
  const code = replies.at(-1)?.code
  if (ending === 'too much' || (code !== undefined && code < 400)) {
    return { verdict: 'unknown', note: 'it sends a reply that nothing asked for: see its replies' }
  }
  if (replies.length === 0 && ending === 'time over') {
    const note = `longer than ${secondsText(tookMs)}`
    // The probe did not wait long enough to know.
    return { verdict: tookMs >= MIN_PATIENCE_MS ? 'conforms' : 'unknown', note }
  }
  const note = `it ends the session after ${secondsText(tookMs)}`
  return { verdict: tookMs >= MIN_PATIENCE_MS ? 'conforms' : 'deviates', note }
}

/** How long a server waits for a silent client; asked in parallel, because it takes time. */
export const PATIENCE_CHECKS: readonly Check[] = [
  {
    id: 'patience-start',
    title: 'Silence after the greeting',
    rfc: 'RFC 5321 4.5.3.2.7',
    asks: ['silence'],
    steps: (context) => [
      { name: 'greeting', send: '' },
      { ...silence(context), after: /^220/ },
    ],
    judge: judgeSilence,
  },
  {
    id: 'patience-command',
    title: 'Silence after EHLO',
    rfc: 'RFC 5321 4.5.3.2.7',
    asks: ['silence'],
    steps: (context) => [...HELLO, { ...silence(context), after: /^250/ }],
    judge: judgeSilence,
  },
  {
    id: 'patience-data',
    title: 'Silence within a message',
    rfc: 'RFC 5321 4.5.3.2.7',
    asks: ['silence'],
    steps: (context) => [
      ...upToData(context),
      {
        ...silence(context),
        send: messageText(context, 'silence', 'to be'),
        shown: 'half a message, then nothing',
        after: GO_AHEAD,
      },
    ],
    judge: judgeSilence,
  },
]
