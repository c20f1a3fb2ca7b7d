import { answers, type Check, outOfOrder } from '../check.ts'
import { HELLO, mail, rcpt, say, WHATEVER } from '../step.ts'

/** RFC 5321 4.1.2: labels and dots, or an address literal. */
const DOMAIN = /^(?:\[[^\]]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)$/

/** By 503; but what is asked here is whether a transaction is left, and 500 says no as well. */
const REFUSED = [503, 500] as const

/** Commands that every server has (RFC 5321 4.5.1). */
export const SESSION_CHECKS: readonly Check[] = [
  {
    id: 'greeting',
    title: 'Greeting: 220 and its domain',
    rfc: 'RFC 5321 4.2',
    asks: ['greeting'],
    steps: () => HELLO,
    judge(talk) {
      const { code, lines = [] } = talk.reply('greeting') ?? {}
      if (code !== 220) return { verdict: 'deviates', note: 'no 220' }
      const [name = ''] = lines[0]?.split(' ') ?? []
      return DOMAIN.test(name)
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'its first word is no domain name' }
    },
  },
  {
    id: 'ehlo',
    title: 'EHLO and the extensions',
    rfc: 'RFC 5321 4.1.1.1',
    asks: ['ehlo'],
    steps: () => HELLO,
    judge: answers({ ehlo: /^250$/ }, 'EHLO is refused'),
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
    asks: ['ehlo', 'mail', 'rcpt'],
    steps: ({ sender, recipient }) => [
      { name: 'greeting', send: '' },
      say('ehlo', 'eHlO probe.mailstorm.test'),
      say('mail', `mAiL fRoM:<${sender}>`),
      say('rcpt', `rCpT tO:<${recipient}>`),
    ],
    judge: answers({ ehlo: /^250$/, mail: /^250$/, rcpt: /^25[01]$/ }, 'case must not matter'),
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
    asks: ['rset', 'rcpt'],
    steps: (context) => [...HELLO, mail(context), say('rset', 'RSET'), rcpt(context)],
    judge(talk) {
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
      const { code = 0 } = talk.reply('vrfy') ?? {}
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
      const { code = 0 } = talk.reply('help') ?? {}
      if (code === 211 || code === 214) return { verdict: 'conforms' }
      // SHOULD, not MUST.
      return code >= 500 ? { verdict: 'not offered' } : { verdict: 'deviates', note: 'neither 211 nor 214' }
    },
  },
  {
    id: 'unknown-command',
    title: 'A command that nobody knows',
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
      if (talk.reply('quit')?.code !== 221) return { verdict: 'deviates', note: 'no 221' }
      const ended = [talk.exchange('quit'), talk.exchange('closed')].some((at) => at?.ending === 'closed')
      return ended || talk.exchange('closed') === undefined
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'the connection stays open' }
    },
  },
]
