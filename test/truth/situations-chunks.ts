import { expect } from 'vitest'
import { allCommands } from '../servers/record.ts'
import { close, hang, OFFERS_CHUNKING, reset, type Script, say, wait } from '../servers/script.ts'
import {
  accepted,
  failed,
  type Group,
  impatient,
  newSessionEach,
  oneSession,
  refusedBy,
  type Situation,
} from './situation.ts'

/** Played at level `chunks`, each message alone in its write or all in one: it must end alike. */
function inChunks(title: string, script: Script, rest: Omit<Situation, 'title' | 'script' | 'levels'>) {
  return { title, script: { ehlo: OFFERS_CHUNKING, ...script }, levels: ['chunks'], ...rest } as const
}

const ALONE = { pipelineDepth: 1 } as const

export const chunkGroup: Group = {
  title: 'Level `chunks`: whole messages by BDAT (RFC 3030)',
  situations: [
    inChunks(
      'the server takes all that comes in one write',
      {},
      {
        expected: accepted,
        also: (seen) => {
          oneSession(seen)
          expect(allCommands(seen.sessions).some((command) => command === 'DATA')).toBe(false)
        },
      },
    ),
    inChunks(
      'the server refuses BDAT LAST with 554',
      { bdat: [say('554 5.6.0 no')] },
      {
        expected: refusedBy(554, 'accept'),
        also: oneSession,
      },
    ),
    inChunks(
      'the server defers BDAT LAST with 451',
      { bdat: [say('451 4.3.0 later')] },
      {
        expected: refusedBy(451, 'accept'),
      },
    ),
    inChunks(
      'the server refuses MAIL with 550, and swallows the chunk',
      { mail: [say('550 5.7.1 not you')] },
      {
        expected: refusedBy(550, 'envelope'),
        also: oneSession,
      },
    ),
    inChunks(
      'the server refuses the recipient with 550',
      { rcpt: [say('550 5.1.1 who?')] },
      {
        expected: refusedBy(550, 'envelope'),
        also: oneSession,
      },
    ),
    inChunks(
      'the server refuses one of two recipients',
      {
        rcpt: {
          first: Array(3)
            .fill([[say('250 ok')], [say('550 5.1.1 who?')]])
            .flat(),
        },
      },
      {
        sending: { recipients: ['b@example.com', 'c@example.com'] },
        expected: accepted,
        also: ({ sent }) => expect(sent.samples.map((sample) => sample.recipientsRefused)).toEqual([1, 1, 1]),
      },
    ),
    inChunks(
      'the server refuses MAIL with 550 and still says 250 to BDAT LAST: its replies are out of step',
      { mail: [say('550 5.7.1 not you')], rcpt: [say('550 5.7.1 nor you')], bdat: [say('250 2.0.0 taken')] },
      { expected: failed('protocol_error', 'accept'), unsureOfTaken: true },
    ),
    inChunks(
      'the server says 354 to BDAT LAST',
      { bdat: [say('354 go on')] },
      {
        expected: failed('protocol_error', 'accept'),
      },
    ),
    inChunks(
      'the server refuses RSET, which stands before each MAIL',
      { rset: [say('500 5.5.1 what?')] },
      {
        // What is behind the first message of a write has ended with its session.
        sending: ALONE,
        expected: failed('protocol_error', 'accept'),
        unsureOfTaken: true,
        also: newSessionEach,
      },
    ),
    inChunks(
      'the server says 421 to BDAT LAST and closes',
      { bdat: [say('421 4.3.2 going down'), close] },
      {
        expected: refusedBy(421, 'accept'),
        also: newSessionEach,
      },
    ),
    inChunks(
      'the server says 421 to RCPT and closes',
      { rcpt: [say('421 4.3.2 going down'), close] },
      {
        expected: refusedBy(421, 'envelope'),
        also: newSessionEach,
      },
    ),
    inChunks(
      'the server closes at MAIL: all that went out with it is in doubt',
      { mail: [close] },
      {
        expected: failed('connection_closed', 'accept'),
      },
    ),
    inChunks(
      'the server closes at BDAT LAST',
      { bdat: [close] },
      {
        expected: failed('connection_closed', 'accept'),
      },
    ),
    inChunks(
      'the server resets the connection at BDAT LAST',
      { bdat: [wait(20), reset] },
      {
        expected: failed('connection_reset', 'accept'),
      },
    ),
    inChunks(
      'the server says nothing to BDAT LAST, ever',
      { bdat: [hang] },
      {
        sending: impatient,
        expected: failed('timeout', 'accept'),
      },
    ),
  ],
}
