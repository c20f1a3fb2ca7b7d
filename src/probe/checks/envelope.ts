import { answers, type Check, type Judgement, unanswered } from '../check.ts'
import { HELLO, mail, rcpt, type Step, say } from '../step.ts'
import { cameText, type Talk } from '../talk.ts'

/** RFC 5321 4.5.3.1.1. */
const LOCAL_PART_OCTETS = 64
/** RFC 5321 4.5.3.1.8: a server must accept 100 recipients. */
const MIN_RECIPIENTS = 100
const MOST_RECIPIENTS = 1_000

/** Questions about sender and recipients. */
export const ENVELOPE_CHECKS: readonly Check[] = [
  {
    id: 'null-sender',
    title: 'MAIL FROM:<>, the sender of bounces',
    rfc: 'RFC 5321 4.5.5',
    plain: 'data',
    asks: ['mail', 'rcpt', 'data'],
    // Up to the text: smtp-protocol takes MAIL FROM:<>, and tells DATA that there was no MAIL.
    steps: (context) => [...HELLO, say('mail', 'MAIL FROM:<>'), rcpt(context), say('data', 'DATA')],
    judge: answers({ mail: /^250$/, rcpt: /^25[01]$/, data: /^354$/ }, 'it accepts no bounces'),
  },
  {
    id: 'postmaster',
    title: 'RCPT TO:<postmaster>, without a domain',
    rfc: 'RFC 5321 4.5.1',
    asks: ['rcpt'],
    steps: (context) => [...HELLO, mail(context), say('rcpt', 'RCPT TO:<postmaster>')],
    judge: answers({ rcpt: /^25[01]$/ }, 'a postmaster without a domain is refused'),
  },
  {
    id: 'local-part-64',
    title: 'Local part of 64 octets',
    rfc: 'RFC 5321 4.5.3.1.1',
    plain: 'mail',
    asks: ['mail'],
    steps({ sender }) {
      const address = `${'p'.repeat(LOCAL_PART_OCTETS)}${sender.slice(sender.lastIndexOf('@'))}`
      return [
        ...HELLO,
        say('mail', `MAIL FROM:<${address}>`, { shown: 'MAIL with a local part of 64 octets' }),
      ]
    },
    judge: answers({ mail: /^250$/ }, 'an address that every server must accept'),
  },
  {
    id: 'unknown-parameter',
    title: 'MAIL with an unknown parameter',
    rfc: 'RFC 5321 4.1.1.11',
    plain: 'mail',
    asks: ['mail'],
    steps: (context) => [...HELLO, mail(context, ' XPROBE=1')],
    judge(talk) {
      const nothing = unanswered(talk, 'mail')
      if (nothing !== undefined) return nothing
      const code = talk.reply('mail')?.code ?? 0
      if (/^(555|50[134])$/.test(String(code))) return { verdict: 'conforms' }
      return {
        verdict: 'deviates',
        note:
          code < 400
            ? 'it is accepted, not answered with 555'
            : `refused, but with ${code}: the reply is 555`,
      }
    },
  },
  {
    id: 'recipients',
    title: 'Recipients of one message: 100, and up to 1,000',
    rfc: 'RFC 5321 4.5.3.1.8, 4.5.3.1.10',
    asks: ['rcpt-1', `rcpt-${MIN_RECIPIENTS}`, `rcpt-${MOST_RECIPIENTS}`],
    steps(context) {
      const [local, domain] = [/^.*(?=@)/, /@[^@]*$/].map((part) => part.exec(context.recipient)?.[0] ?? '')
      const steps: Step[] = Array.from({ length: MOST_RECIPIENTS }, (_, index) =>
        say(`rcpt-${index + 1}`, `RCPT TO:<${local}+${index + 1}${domain}>`, { after: /^2/ }),
      )
      return [...HELLO, mail(context), ...steps]
    },
    judge: judgeRecipients,
  },
]

function judgeRecipients(talk: Talk): Judgement {
  const asked = talk.exchanges.filter(({ name }) => name.startsWith('rcpt-'))
  const taken = asked.filter(({ replies: [reply] }) => reply !== undefined && reply.code < 300).length
  const last = asked.at(-1)
  if (taken >= MOST_RECIPIENTS) return { verdict: 'conforms', note: '1,000 or more' }
  if (last === undefined || taken === asked.length) {
    return {
      verdict: taken >= MIN_RECIPIENTS ? 'conforms' : 'unknown',
      note: `${taken}, then the session ended`,
    }
  }
  const nothing = unanswered(talk, last.name)
  if (taken < MIN_RECIPIENTS && nothing?.verdict === 'unknown' && last.replies.length === 0) {
    return taken === 0 ? nothing : { ...nothing, note: `${taken}, then ${nothing.note}` }
  }
  if (taken === 0) return { verdict: 'unknown', note: 'it refuses the recipient of this probe' }
  return {
    verdict: taken >= MIN_RECIPIENTS ? 'conforms' : 'deviates',
    note: `${taken}, then ${cameText(last)}`,
  }
}
