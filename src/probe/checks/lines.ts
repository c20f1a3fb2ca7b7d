import { type Check, type Judgement, unanswered } from '../check.ts'
import { HELLO, say, WHATEVER } from '../step.ts'

/** RFC 5321 4.5.3.1.4: the command line with its CRLF. */
const MAX_COMMAND_BYTES = 512
const LONG_COMMAND_BYTES = 2_000

/** A NOOP of this length; its parameter is ignored (RFC 5321 4.1.1.9). */
function noop(octets: number): string {
  return `NOOP ${'x'.repeat(octets - 'NOOP \r\n'.length)}`
}

const REFUSES_NOOP: Judgement = { verdict: 'unknown', note: 'it refuses NOOP with a parameter' }

/** Questions about command lines: their length and their end. */
export const LINE_CHECKS: readonly Check[] = [
  {
    id: 'command-512',
    title: 'Command line of 512 octets',
    rfc: 'RFC 5321 4.5.3.1.4',
    asks: ['long'],
    steps: () => [
      ...HELLO,
      say('short', 'NOOP x'),
      say('long', noop(MAX_COMMAND_BYTES), { shown: `NOOP of ${MAX_COMMAND_BYTES} octets`, after: WHATEVER }),
    ],
    judge(talk) {
      const nothing = unanswered(talk, 'long')
      if (nothing !== undefined) return nothing
      const short = talk.reply('short')?.code
      if (short === undefined || short >= 400) return REFUSES_NOOP
      // As to a short one: Guerrilla says 200.
      return talk.reply('long')?.code === short
        ? { verdict: 'conforms' }
        : { verdict: 'deviates', note: 'a line that every server must accept' }
    },
  },
  {
    id: 'command-over',
    title: 'Command line of 2,000 octets',
    rfc: 'RFC 5321 4.5.3.1.9',
    asks: ['long', 'rest'],
    steps: ({ quietMs }) => [
      ...HELLO,
      say('short', 'NOOP x'),
      say('long', noop(LONG_COMMAND_BYTES), {
        shown: `NOOP of ${LONG_COMMAND_BYTES} octets`,
        after: WHATEVER,
      }),
      { name: 'rest', send: '', withinMs: quietMs },
    ],
    judge(talk) {
      const code = talk.reply('long')?.code
      if (code === 421) return { verdict: 'conforms', note: 'longer lines end the session, with 421' }
      const nothing = unanswered(talk, 'long')
      if (nothing !== undefined || code === undefined) return nothing ?? { verdict: 'unknown' }
      if (talk.reply('rest') !== undefined) {
        return { verdict: 'deviates', note: 'it reads one line as several commands' }
      }
      const short = talk.reply('short')?.code
      if (short !== undefined && short >= 400) return REFUSES_NOOP
      return {
        verdict: 'conforms',
        note: code < 300 ? 'longer lines are accepted' : 'longer lines are refused',
      }
    },
  },
  {
    id: 'lf-command',
    title: 'Command ended by LF alone',
    rfc: 'RFC 5321 2.3.8',
    asks: ['bare'],
    steps: ({ quietMs }) => [
      ...HELLO,
      say('whole', 'RSET'),
      { name: 'bare', send: 'RSET\n', after: WHATEVER, withinMs: quietMs },
    ],
    judge(talk) {
      const whole = talk.reply('whole')?.code
      if (whole !== undefined && whole >= 400) return { verdict: 'unknown', note: 'it refuses RSET' }
      const code = talk.reply('bare')?.code
      if (code === undefined && talk.exchange('bare')?.ending === 'time over') {
        return { verdict: 'conforms', note: 'it waits for CRLF' }
      }
      if (code === undefined) return { verdict: 'conforms', note: 'it ends the session' }
      return code < 400
        ? { verdict: 'deviates', note: 'LF ends a command' }
        : { verdict: 'conforms', note: 'it refuses a bare LF' }
    },
  },
  {
    id: 'cr-command',
    title: 'CR alone within a command',
    rfc: 'RFC 5321 2.3.8',
    asks: ['bare', 'rest'],
    steps: ({ quietMs }) => [
      ...HELLO,
      { name: 'bare', send: 'NOOP\rNOOP\r\n', after: /^250/ },
      { name: 'rest', send: '', withinMs: quietMs },
    ],
    judge(talk) {
      if (talk.exchange('rest')?.replies.length) return { verdict: 'deviates', note: 'CR ends a command' }
      return unanswered(talk, 'bare') ?? { verdict: 'conforms', note: 'one line, one reply' }
    },
  },
]
