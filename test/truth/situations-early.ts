import { expect } from 'vitest'
import { close, deafen, raw, say } from '../servers/script.ts'
import { accepted, failed, type Group, newSessionEach, refusedBy, type Seen } from './situation.ts'

/** More than the buffers of both kernels take. */
const HUGE = {
  body: Buffer.from(`${'x'.repeat(76)}\r\n`.repeat(260_000)),
  schedule: { executor: 'shared-iterations', messages: 2 },
} as const
/** Where no envelope is under way, for whose reply the second one would be taken. */
const BEFORE_NEXT = ['off', 'commands'] as const
const AFTER_BYTES = 100_000

/** Not before the message was sent, and no octet of it where the reply came before the first. */
function nothingTaken({ sessions }: Seen): void {
  expect(sessions.flatMap((session) => session.messages)).toEqual([])
}

/** A reply counts for what was sent before it, and for nothing else. */
export const earlyGroup: Group = {
  title: 'Replies that come before what they would answer',
  situations: [
    {
      title: 'the server says 354 and 250 in one packet',
      script: { data: [raw('354 go\r\n250 early\r\n')] },
      expected: failed('protocol_error', 'transfer'),
      also: nothingTaken,
    },
    {
      title: 'the server says 354 and 250 in one packet, the message has 20 MB',
      script: { data: [raw('354 go\r\n250 early\r\n')] },
      sending: HUGE,
      expected: failed('protocol_error', 'transfer'),
      also: nothingTaken,
    },
    {
      title: 'the server says 354 and half of a 250 in one packet, the other half after the message',
      script: { data: [raw('354 go\r\n250 ear')], dot: [raw('ly\r\n')] },
      expected: failed('protocol_error', 'accept'),
    },
    {
      title: 'the server says 354 and 554 in one packet: a refusal, and the end of the session',
      script: { data: [raw('354 go\r\n554 5.6.0 no\r\n')] },
      expected: refusedBy(554, 'accept'),
      also: newSessionEach,
    },
    {
      title: 'the server says 250 in the middle of a message of 20 MB and keeps reading',
      script: { body: { afterBytes: AFTER_BYTES, steps: [say('250 2.0.0 early')] } },
      sending: HUGE,
      expected: failed('protocol_error', 'transfer'),
      also: newSessionEach,
    },
    {
      title: 'the server says 250 in the middle of a message of 20 MB and stops reading',
      script: { body: { afterBytes: AFTER_BYTES, steps: [say('250 2.0.0 early'), deafen] } },
      sending: HUGE,
      expected: failed('protocol_error', 'transfer'),
      also: newSessionEach,
    },
    {
      title: 'the server says 552 in the middle of a message of 20 MB and stops reading',
      script: { body: { afterBytes: AFTER_BYTES, steps: [say('552 5.3.4 too big'), deafen] } },
      sending: HUGE,
      expected: refusedBy(552, 'accept'),
      also: newSessionEach,
    },
    {
      title: 'the server says 250 twice to the final dot: the second answers nothing, and the session ends',
      script: { dot: [raw('250 2.0.0 taken\r\n250 2.0.0 taken\r\n')] },
      levels: BEFORE_NEXT,
      expected: accepted,
      also: newSessionEach,
    },
    {
      title: "the server says 250 and 554 to the final dot: the 554 is not the next message's",
      script: { dot: [raw('250 2.0.0 taken\r\n554 5.6.0 no\r\n')] },
      levels: BEFORE_NEXT,
      expected: accepted,
      also: newSessionEach,
    },
    {
      title: 'the server says 250 after its greeting, before EHLO',
      script: { greeting: [raw('220 hi\r\n250 hello\r\n')] },
      expected: failed('protocol_error', 'ehlo'),
    },
    {
      title: 'the server says 421 after its greeting and closes',
      script: { greeting: [raw('220 hi\r\n421 4.3.2 busy\r\n'), close] },
      expected: refusedBy(421, 'ehlo'),
    },
    {
      title: 'the server answers EHLO twice',
      script: { ehlo: [raw('250 hello\r\n250 hello\r\n')] },
      expected: failed('protocol_error', 'envelope'),
    },
    {
      title: 'the server answers MAIL twice',
      script: { mail: [raw('250 2.1.0 ok\r\n250 2.1.0 ok\r\n')] },
      levels: ['off'],
      expected: failed('protocol_error', 'envelope'),
    },
    {
      title: 'the server answers MAIL twice: DATA then gets what was for RCPT',
      script: { mail: [raw('250 2.1.0 ok\r\n250 2.1.0 ok\r\n')] },
      levels: ['commands', 'transactions'],
      expected: failed('protocol_error', 'data'),
    },
    {
      title: 'the server refuses MAIL and says one 550 too many: DATA then gets what was for RCPT',
      script: { mail: [raw('550 5.7.1 no\r\n550 5.7.1 no\r\n')], rcpt: [say('250 ok')] },
      levels: ['commands', 'transactions'],
      expected: failed('protocol_error', 'data'),
    },
  ],
}
