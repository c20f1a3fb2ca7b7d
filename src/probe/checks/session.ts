import { foreignText } from '../../foreign-text.ts'
import { answers, type Check, type Judgement, outOfOrder, unanswered } from '../check.ts'
import { HELLO, mail, rcpt, say, WHATEVER } from '../step.ts'
import type { Talk } from '../talk.ts'

/** RFC 5321 4.1.2: labels and dots, or an address literal. */
const DOMAIN = /^(?:\[[^\]]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)$/

/** By 503; but what is asked here is whether a transaction is left, and 500 says no as well. */
const REFUSED = [503, 500] as const

/** The first one: it tells whether an SMTP server is there at all. */
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
    // 3.1: 554 in place of 220 is how a server says that it takes no mail from here.
    if (code === 554) return { verdict: 'unknown', note: 'it takes no session of this probe' }
    if (code !== 220) return { verdict: 'deviates', note: 'no 220' }
    const name = firstWord(lines)
    return DOMAIN.test(name)
      ? { verdict: 'conforms' }
      : { verdict: 'deviates', note: 'its first word is no domain name' }
  },
}

/** Commands that every server has (RFC 5321 4.5.1). */
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
    judge: answers({ helo: /^250$/ }, 'HELO must be taken'),
  },
  {
    id: 'case',
    title: 'Commands in any case',
    rfc: 'RFC 5321 2.4',
    plain: 'rcpt',
    asks: ['ehlo', 'helo', 'mail', 'rcpt'],
    // EHLO in this spelling alone: OpenSMTPD refuses a second one in a session, however it is written.
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
    judge: answers({ noop: /^250$/ }, 'NOOP has no other reply than 250'),
  },
  {
    id: 'rset',
    title: 'RSET ends a transaction',
    rfc: 'RFC 5321 4.1.1.5',
    plain: 'rcpt',
    asks: ['rset', 'rcpt'],
    steps: (context) => [...HELLO, mail(context), say('rset', 'RSET'), rcpt(context)],
    judge(talk) {
      const nothing = unanswered(talk, 'rset')
      if (nothing !== undefined) return nothing
      if (talk.reply('rset')?.code !== 250)
        return { verdict: 'deviates', note: 'RSET is not answered by 250' }
      return outOfOrder('rcpt', 'the transaction goes on after RSET', REFUSED)(talk)
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
      // 3.5.3: 500 or 502 where it is not implemented; 7.3: 252 where it is disabled.
      if (code === 500 || code === 502) return { verdict: 'not offered' }
      return /^(25[0-2]|450|451|50[14]|55[0-3])$/.test(String(code))
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'no reply of VRFY' }
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

/** RFC 5321 4.1.1.1: `250` and the server's domain. Another word may look like one; the greeting names it as well. */
function judgeEhlo(talk: Talk): Judgement {
  const nothing = unanswered(talk, 'ehlo')
  if (nothing !== undefined) return nothing
  const { code, lines } = talk.reply('ehlo') ?? { code: 0, lines: [] }
  if (code !== 250) {
    const helo = talk.reply('helo')?.code === 250 ? '; HELO is taken' : ''
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
