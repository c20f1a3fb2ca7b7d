import { expect } from 'vitest'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { allCommands } from '../servers/record.ts'
import { close, hang, OFFERS_CHUNKING, type Script, type Steps, say } from '../servers/script.ts'
import {
  accepted,
  failed,
  type Group,
  impatient,
  newSessionEach,
  oneSession,
  refusedBy,
  type Seen,
  type Situation,
} from './situation.ts'

const MESSAGES = 3
const TWO = ['b@example.com', 'c@example.com']

/** Played at every level: what the server says of each recipient it says to the final dot, and to BDAT LAST. */
function byLmtp(
  title: string,
  { each, ...script }: Script & { readonly each?: readonly Steps[] },
  rest: Omit<Situation, 'title' | 'script'>,
): Situation {
  const said = each === undefined ? {} : { dot: twice(...each), bdat: twice(...each) }
  return {
    title,
    script: { ehlo: OFFERS_CHUNKING, lmtp: true, ...said, ...script },
    levels: PIPELINING_LEVELS,
    ...rest,
    sending: { recipients: TWO, protocol: 'lmtp', pipelineDepth: 1, ...rest.sending },
  }
}

const twice = (...steps: readonly Steps[]) => ({
  first: Array(MESSAGES).fill(steps).flat() as readonly Steps[],
})

const TAKEN = [say('250 2.0.0 taken')]

function refusedOf(count: number) {
  return ({ sent }: Seen): void =>
    expect(sent.samples.map((sample) => sample.recipientsRefused)).toEqual(sent.samples.map(() => count))
}

export const lmtpGroup: Group = {
  title: 'LMTP: a reply for each recipient (RFC 2033)',
  situations: [
    byLmtp(
      'the server takes the message for both recipients',
      { each: [TAKEN, TAKEN] },
      {
        expected: accepted,
        also: (seen) => {
          oneSession(seen)
          refusedOf(0)(seen)
          expect(allCommands(seen.sessions)[0]).toBe('LHLO [127.0.0.1]')
        },
      },
    ),
    byLmtp(
      'the server takes several messages in one write, each for both recipients',
      {},
      { sending: { pipelineDepth: 8 }, expected: accepted, also: oneSession },
    ),
    byLmtp(
      'the server takes the message for the first recipient and refuses it for the second with 552',
      { each: [TAKEN, [say('552 5.2.2 full')]] },
      { sending: { pipelineDepth: 8 }, expected: accepted, also: refusedOf(1) },
    ),
    byLmtp(
      'the server refuses the first recipient, and takes the message for the second',
      { rcpt: twice([say('550 5.1.1 who?')], [say('250 2.1.5 ok')]) },
      {
        sending: { pipelineDepth: 8 },
        expected: accepted,
        also: (seen) => {
          oneSession(seen)
          refusedOf(1)(seen)
        },
      },
    ),
    byLmtp(
      'the server refuses the message for both with 552 and 451: the first tells why',
      { each: [[say('552 5.2.2 full')], [say('451 4.2.0 busy')]] },
      { expected: refusedBy(552, 'accept'), also: oneSession },
    ),
    byLmtp(
      'the server defers the message for both with 451',
      { each: [[say('451 4.2.0 busy')], [say('451 4.2.0 busy')]] },
      { expected: refusedBy(451, 'accept'), also: oneSession },
    ),
    byLmtp(
      'the server refuses the first recipient with 550, and the message for the second with 451',
      { rcpt: twice([say('550 5.1.1 who?')], [say('250 2.1.5 ok')]), each: [[say('451 4.2.0 busy')]] },
      { expected: refusedBy(550, 'envelope'), also: oneSession },
    ),
    byLmtp(
      'the server refuses both recipients with 550, and DATA with 503',
      { rcpt: [say('550 5.1.1 who?')] },
      { sending: { pipelineDepth: 8 }, expected: refusedBy(550, 'envelope'), also: oneSession },
    ),
    byLmtp(
      'the server takes the message for the first recipient, then says 421 and closes',
      { each: [TAKEN, [say('421 4.3.2 going down'), close]] },
      {
        expected: accepted,
        also: (seen) => {
          newSessionEach(seen)
          refusedOf(1)(seen)
        },
      },
    ),
    byLmtp(
      'the server says 421 instead of the first reply and closes',
      { each: [[say('421 4.3.2 going down'), close], TAKEN] },
      { expected: refusedBy(421, 'accept'), also: newSessionEach },
    ),
    byLmtp(
      'the server takes the message for the first recipient, then closes: nobody knows of the second',
      { each: [TAKEN, [close]] },
      {
        expected: accepted,
        also: (seen) => {
          newSessionEach(seen)
          refusedOf(1)(seen)
          for (const { recipientFailures = [] } of seen.sent.samples)
            expect(recipientFailures[0]).toMatchObject({ outcome: 'failed', class: 'connection_closed' })
        },
      },
    ),
    byLmtp(
      'the server closes instead of the first reply',
      { dot: [close], bdat: [close] },
      { expected: failed('connection_closed', 'accept') },
    ),
    byLmtp(
      'the server answers once for two recipients, as by SMTP, and then no more',
      { each: [TAKEN, [hang]] },
      { sending: impatient, expected: accepted, also: refusedOf(1) },
    ),
    byLmtp(
      'the server says 354 instead of the second reply',
      { each: [TAKEN, [say('354 go on')]] },
      { expected: failed('protocol_error', 'accept'), unsureOfTaken: true },
    ),
    byLmtp(
      'the server has a third reply for two recipients: it answers nothing, and the session ends',
      { each: [TAKEN, [say('250 2.0.0 taken', '250 2.0.0 taken')]] },
      // At level `transactions` it would be the reply to the next MAIL.
      { levels: ['off', 'commands', 'chunks'], expected: accepted, also: refusedOf(0) },
    ),
    byLmtp(
      'an SMTP server does not know LHLO',
      { ehlo: [say('500 5.5.1 what?')] },
      { expected: refusedBy(500, 'ehlo') },
    ),
  ],
}
