import { expect } from 'vitest'
import { allCommands } from '../servers/record.ts'
import { close, hang, say } from '../servers/script.ts'
import { accepted, type Group, impatient, newSessionEach, oneSession, refusedBy } from './situation.ts'

const twoRecipients = ['b@example.com', 'c@example.com']
const PIPELINED = ['commands', 'transactions'] as const

export const envelopeGroup: Group = {
  title: 'Recipients, RSET and QUIT',
  situations: [
    {
      title: 'the server refuses one of two recipients',
      script: {
        rcpt: {
          first: Array(3)
            .fill([[say('250 ok')], [say('550 5.1.1 who?')]])
            .flat(),
        },
      },
      sending: { recipients: twoRecipients },
      expected: accepted,
      also: ({ sent }) => expect(sent.samples.map((sample) => sample.recipientsRefused)).toEqual([1, 1, 1]),
    },
    {
      title: 'the server refuses two of two recipients with 550 and 451: the first tells why',
      script: {
        rcpt: {
          first: Array(3)
            .fill([[say('550 5.1.1 who?')], [say('451 4.2.0 busy')]])
            .flat(),
        },
      },
      sending: { recipients: twoRecipients },
      expected: refusedBy(550, 'envelope'),
      also: (seen) => {
        oneSession(seen)
        // RFC 5321 4.1.1.5: the sender stands until it is reset.
        expect(allCommands(seen.sessions).filter((command) => command === 'RSET')).toHaveLength(3)
      },
    },
    {
      title: 'the server accepts the first recipient, then says 421 to the second and closes',
      script: {
        rcpt: {
          first: Array(3)
            .fill([[say('250 ok')], [say('421 4.3.2 going down'), close]])
            .flat(),
        },
      },
      sending: { recipients: twoRecipients },
      expected: refusedBy(421, 'envelope'),
    },
    {
      title: 'the server answers 251 and 252 to RCPT',
      script: {
        rcpt: {
          first: Array(3)
            .fill([[say('251 will forward')], [say('252 will try')]])
            .flat(),
        },
      },
      sending: { recipients: twoRecipients },
      expected: accepted,
      also: ({ sent }) => expect(sent.samples.every((sample) => sample.recipientsRefused === 0)).toBe(true),
    },
    {
      title: 'the server refuses all recipients with 550 and still says 354 to DATA: a lone dot ends it',
      script: { rcpt: [say('550 5.1.1 who?')], data: [say('354 go ahead')], dot: [say('554 5.5.1 nobody')] },
      expected: refusedBy(550, 'envelope'),
      also: ({ sessions, level }) => {
        const messages = sessions.flatMap((session) => session.messages)
        // Lock-step never says DATA then.
        expect(messages.map((message) => message.octets.length)).toEqual(level === 'off' ? [] : [0, 0, 0])
      },
    },
    {
      title: 'the server refuses MAIL with 550, says 354 to DATA and closes at the lone dot',
      script: { mail: [say('550 5.7.1 not you')], data: [say('354 go ahead')], dot: [close] },
      levels: PIPELINED,
      expected: refusedBy(550, 'envelope'),
    },
    {
      title: 'the server refuses MAIL with 550 and closes, a session per message',
      script: { mail: [say('550 5.7.1 not you'), close] },
      sending: { messagesPerSession: 1 },
      expected: refusedBy(550, 'envelope'),
      also: newSessionEach,
    },
    {
      title: 'the server refuses the recipient with 550 and closes at RSET',
      script: { rcpt: [say('550 5.1.1 who?')], rset: [close] },
      expected: refusedBy(550, 'envelope'),
      also: newSessionEach,
    },
    {
      title: 'the server refuses the recipient with 550 and RSET too',
      script: { rcpt: [say('550 5.1.1 who?')], rset: [say('500 5.5.1 what?')] },
      expected: refusedBy(550, 'envelope'),
      also: newSessionEach,
    },
    { title: 'the server closes at QUIT', script: { quit: [close] }, expected: accepted },
    { title: 'the server says 500 to QUIT', script: { quit: [say('500 no')] }, expected: accepted },
    {
      title: 'the server says nothing to QUIT, ever',
      script: { quit: [hang] },
      sending: impatient,
      expected: accepted,
    },
  ],
}
