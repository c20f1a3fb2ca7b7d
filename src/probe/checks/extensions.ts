import { foreignText } from '../../text/foreign-text.ts'
import { answers, type Check, type Judgement, unanswered } from '../check.ts'
import { content, GO_AHEAD, HELLO, mail, messageText, rcpt, say, upToData, WHATEVER } from '../step.ts'
import type { Talk } from '../talk.ts'

/** Uses each offered extension once. */
export const EXTENSION_CHECKS: readonly Check[] = [
  {
    id: 'pipelining',
    title: 'PIPELINING: MAIL, RCPT, DATA in one write',
    rfc: 'RFC 2920 3.1',
    needs: 'PIPELINING',
    plain: 'data',
    asks: ['group'],
    steps: ({ sender, recipient }) => [
      ...HELLO,
      say('group', `MAIL FROM:<${sender}>\r\nRCPT TO:<${recipient}>\r\nDATA`, { replies: 3 }),
    ],
    judge: (talk) => judgeGroup(talk, [250, 250, 354]),
  },
  {
    id: 'pipelining-dot',
    title: 'PIPELINING: final dot and next MAIL in one write',
    rfc: 'RFC 2920 3.1',
    needs: 'PIPELINING',
    plain: 'text',
    asks: ['group'],
    steps(context) {
      const { sender, recipient } = context
      const next = `MAIL FROM:<${sender}>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`
      return [
        ...upToData(context),
        {
          name: 'group',
          send: `${messageText(context, 'group', 'first')}.\r\n${next}`,
          shown: 'a message, its dot, MAIL, RCPT, DATA',
          replies: 4,
          after: GO_AHEAD,
        },
      ]
    },
    judge: (talk) => judgeGroup(talk, [250, 250, 250, 354]),
  },
  {
    id: 'size',
    title: 'SIZE: small is accepted, too large is refused',
    rfc: 'RFC 1870 6.1',
    needs: 'SIZE',
    plain: 'mail',
    asks: ['mail', 'large'],
    steps: (context) => [
      ...HELLO,
      mail(context, ' SIZE=1000'),
      say('rset', 'RSET'),
      {
        name: 'large',
        send: (talk) => {
          const limit = limitOf(talk)
          return limit === undefined ? undefined : `MAIL FROM:<${context.sender}> SIZE=${limit + 1n}\r\n`
        },
        after: /^250/,
      },
    ],
    judge: judgeSize,
  },
  {
    id: '8bitmime',
    title: '8BITMIME: text with eight bits',
    rfc: 'RFC 6152 3',
    needs: '8BITMIME',
    plain: 'text',
    asks: ['mail', 'text'],
    steps: (context) => [
      ...HELLO,
      mail(context, ' BODY=8BITMIME'),
      rcpt(context),
      say('data', 'DATA'),
      content(context, { name: 'text', body: 'caf\xc3\xa9', shown: 'text with octets above 127' }),
    ],
    judge: answers({ mail: /^250$/, text: /^250$/ }, 'it refuses what it offers'),
  },
  {
    id: 'smtputf8',
    title: 'SMTPUTF8: an address in UTF-8',
    rfc: 'RFC 6531 3.4',
    needs: 'SMTPUTF8',
    plain: 'text',
    asks: ['mail', 'rcpt', 'text'],
    steps(context) {
      const domain = context.sender.slice(context.sender.lastIndexOf('@'))
      // Octets as latin1: ü is C3 BC in UTF-8.
      return [
        ...HELLO,
        say('mail', `MAIL FROM:<pr\xc3\xbcfung${domain}> SMTPUTF8`, {
          shown: `MAIL FROM:<prüfung${domain}> SMTPUTF8`,
        }),
        rcpt(context),
        say('data', 'DATA'),
        content(context, { name: 'text', body: 'utf8', shown: 'a small message' }),
      ]
    },
    judge: answers({ mail: /^250$/, rcpt: /^25[01]$/, text: /^250$/ }, 'it refuses what it offers'),
  },
  {
    id: 'chunking',
    title: 'CHUNKING: a message by BDAT',
    rfc: 'RFC 3030 2',
    needs: 'CHUNKING',
    plain: 'text',
    asks: ['bdat'],
    steps(context) {
      const text = messageText(context, 'bdat', 'chunk')
      const bdat = {
        send: `BDAT ${text.length} LAST\r\n${text}`,
        shown: `BDAT ${text.length} LAST and the chunk`,
      }
      return [...HELLO, mail(context), rcpt(context), { name: 'bdat', after: /^250/, ...bdat }]
    },
    judge: answers({ bdat: /^250$/ }, 'it refuses what it offers'),
  },
  {
    id: 'enhanced-codes',
    title: 'ENHANCEDSTATUSCODES: x.x.x in its replies',
    rfc: 'RFC 2034 4',
    needs: 'ENHANCEDSTATUSCODES',
    asks: ['mail', 'rcpt'],
    steps: (context) => [...HELLO, mail(context), rcpt(context)],
    judge(talk) {
      for (const name of ['mail', 'rcpt']) {
        const nothing = talk.exchange(name) && unanswered(talk, name)
        if (nothing !== undefined) return nothing
      }
      const without = ['mail', 'rcpt'].filter((name) => {
        const { code, lines } = talk.reply(name) ?? { code: 0, lines: [] }
        const [reply = ''] = lines
        // RFC 2034 4, RFC 3463 2: the class is the first digit of the reply code, also in a refusal.
        return code !== 0 && !(/^[245]\.\d{1,3}\.\d{1,3}(?: |$)/.test(reply) && reply[0] === String(code)[0])
      })
      return without.length === 0
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: `no code in the reply to ${without.join(' and ').toUpperCase()}` }
    },
  },
  {
    id: 'starttls',
    title: 'STARTTLS: a handshake, and EHLO again',
    rfc: 'RFC 3207 4',
    needs: 'STARTTLS',
    asks: ['starttls', 'again'],
    steps: () => [
      ...HELLO,
      say('starttls', 'STARTTLS', { thenSecure: true }),
      say('again', 'EHLO probe.mailstorm.test', { after: WHATEVER }),
    ],
    judge(talk) {
      const nothing = unanswered(talk, 'starttls')
      if (nothing !== undefined) return nothing
      if (talk.reply('starttls')?.code === 454)
        return { verdict: 'unknown', note: 'TLS is not available now' }
      if (talk.reply('starttls')?.code !== 220) return { verdict: 'deviates', note: 'no 220' }
      if (talk.exchange('starttls')?.ending !== undefined) {
        return { verdict: 'deviates', note: 'no handshake succeeds' }
      }
      return answers({ again: /^250$/ }, 'EHLO is refused under TLS')(talk)
    },
  },
]

/** Commands in one write each get a reply, in order (RFC 2920 3.1). */
function judgeGroup(talk: Talk, expected: readonly number[]): Judgement {
  const { replies = [], unasked = [], ending } = talk.exchange('group') ?? {}
  if (unasked.length > 0)
    return { verdict: 'unknown', note: 'it sends replies that nothing asked for: see its replies' }
  const codes = replies.map(({ code }) => code)
  if (codes.join() === expected.join()) return { verdict: 'conforms' }
  const missing = expected.length - codes.length
  const nothing = unanswered(talk, 'group')
  if (missing === 0 || codes.length === 0 || codes.at(-1) === 421 || ending === 'too much') {
    return nothing ?? { verdict: 'deviates', note: `not ${expected.join(', ')}` }
  }
  return { verdict: 'deviates', note: `${missing} of ${expected.length} replies never arrive` }
}

/** RFC 1870 4: up to twenty digits; without any, or with 0, there is no fixed limit. */
function limitOf(talk: Talk): bigint | undefined {
  const parameter = talk.extension('SIZE') ?? ''
  return /^\d{1,20}$/.test(parameter) && BigInt(parameter) > 0n ? BigInt(parameter) : undefined
}

function judgeSize(talk: Talk): Judgement {
  const parameter = talk.extension('SIZE') ?? ''
  if (!/^\d{0,20}$/.test(parameter)) {
    return { verdict: 'deviates', note: `"${foreignText(parameter, 60)}" is not a number of octets` }
  }
  const small = unanswered(talk, 'mail')
  if (small !== undefined) return small
  if (talk.reply('mail')?.code !== 250) return { verdict: 'deviates', note: 'a small SIZE is refused' }
  const limit = limitOf(talk)
  if (limit === undefined) return { verdict: 'conforms', note: 'it states no limit' }
  const large = unanswered(talk, 'large')
  if (large !== undefined) return large
  const code = talk.reply('large')?.code ?? 0
  if (code === 552 || code === 452) return { verdict: 'conforms', note: `its limit is ${limit} octets` }
  return {
    verdict: 'deviates',
    note:
      code < 400
        ? 'one octet more than its limit is accepted at MAIL'
        : `one octet more than its limit is refused, but with ${code}: the reply is 552 or 452`,
  }
}
