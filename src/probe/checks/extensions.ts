import { answers, type Check } from '../check.ts'
import { content, GO_AHEAD, HELLO, mail, messageText, rcpt, say, upToData, WHATEVER } from '../step.ts'

/** Each extension that is offered, used once. */
export const EXTENSION_CHECKS: readonly Check[] = [
  {
    id: 'pipelining',
    title: 'PIPELINING: MAIL, RCPT, DATA in one write',
    rfc: 'RFC 2920 3.1',
    needs: 'PIPELINING',
    asks: ['group'],
    steps: ({ sender, recipient }) => [
      ...HELLO,
      say('group', `MAIL FROM:<${sender}>\r\nRCPT TO:<${recipient}>\r\nDATA`, { replies: 3 }),
    ],
    judge(talk) {
      const codes = talk.exchange('group')?.replies.map(({ code }) => code) ?? []
      if (codes.length < 3) return { verdict: 'deviates', note: `${codes.length} replies to three commands` }
      return codes.join() === '250,250,354'
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'not 250, 250 and 354' }
    },
  },
  {
    id: 'pipelining-dot',
    title: 'PIPELINING: final dot and next MAIL in one write',
    rfc: 'RFC 2920 3.1',
    needs: 'PIPELINING',
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
    judge(talk) {
      const codes = talk.exchange('group')?.replies.map(({ code }) => code) ?? []
      if (codes.join() === '250,250,250,354') return { verdict: 'conforms' }
      const lost = 4 - codes.length
      return {
        verdict: 'deviates',
        note: lost > 0 ? `${lost} of 4 replies never come` : 'not 250, 250, 250, 354',
      }
    },
  },
  {
    id: 'size',
    title: 'SIZE: small is taken, too large is refused',
    rfc: 'RFC 1870 6.1',
    needs: 'SIZE',
    asks: ['mail', 'large'],
    steps: (context) => [
      ...HELLO,
      mail(context, ' SIZE=1000'),
      say('rset', 'RSET'),
      {
        name: 'large',
        send: (talk) => {
          const limit = Number(talk.extension('SIZE'))
          return limit > 0 ? `MAIL FROM:<${context.sender}> SIZE=${limit + 1}\r\n` : undefined
        },
        after: /^250/,
      },
    ],
    judge(talk) {
      if (talk.reply('mail')?.code !== 250) return { verdict: 'deviates', note: 'a small SIZE is refused' }
      const large = talk.reply('large')?.code
      // RFC 1870 4: no number, or 0, is no fixed limit.
      if (large === undefined) return { verdict: 'conforms', note: 'it states no limit' }
      return /^(552|452)$/.test(String(large))
        ? { verdict: 'conforms', note: `its limit is ${talk.extension('SIZE')} octets` }
        : { verdict: 'deviates', note: 'one octet more than its limit is taken at MAIL' }
    },
  },
  {
    id: '8bitmime',
    title: '8BITMIME: text with eight bits',
    rfc: 'RFC 6152 3',
    needs: '8BITMIME',
    asks: ['mail', 'text'],
    steps: (context) => [
      ...HELLO,
      mail(context, ' BODY=8BITMIME'),
      rcpt(context),
      say('data', 'DATA'),
      content(context, { name: 'text', body: 'caf\xc3\xa9', shown: 'text with octets above 127' }),
    ],
    judge: answers({ mail: /^250$/, text: /^250$/ }, 'what it offers it does not take'),
  },
  {
    id: 'smtputf8',
    title: 'SMTPUTF8: an address in UTF-8',
    rfc: 'RFC 6531 3.4',
    needs: 'SMTPUTF8',
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
    judge: answers({ mail: /^250$/, rcpt: /^25[01]$/, text: /^250$/ }, 'what it offers it does not take'),
  },
  {
    id: 'chunking',
    title: 'CHUNKING: a message by BDAT',
    rfc: 'RFC 3030 2',
    needs: 'CHUNKING',
    asks: ['bdat'],
    steps(context) {
      const text = messageText(context, 'bdat', 'chunk')
      const bdat = {
        send: `BDAT ${text.length} LAST\r\n${text}`,
        shown: `BDAT ${text.length} LAST and the chunk`,
      }
      return [...HELLO, mail(context), rcpt(context), { name: 'bdat', after: /^250/, ...bdat }]
    },
    judge: answers({ bdat: /^250$/ }, 'what it offers it does not take'),
  },
  {
    id: 'enhanced-codes',
    title: 'ENHANCEDSTATUSCODES: 2.x.x in its replies',
    rfc: 'RFC 2034 4',
    needs: 'ENHANCEDSTATUSCODES',
    asks: ['mail', 'rcpt'],
    steps: (context) => [...HELLO, mail(context), rcpt(context)],
    judge(talk) {
      const without = ['mail', 'rcpt'].filter(
        (name) => !/^2\.\d+\.\d+ /.test(talk.reply(name)?.lines[0] ?? ''),
      )
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
      if (talk.reply('starttls')?.code !== 220) return { verdict: 'deviates', note: 'no 220' }
      if (talk.exchange('starttls')?.ending !== undefined) {
        return { verdict: 'deviates', note: 'no handshake succeeds' }
      }
      return answers({ again: /^250$/ }, 'EHLO is refused under TLS')(talk)
    },
  },
]
