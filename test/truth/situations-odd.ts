import { expect } from 'vitest'
import { allCommands } from '../servers/record.ts'
import { close, DEFAULT_STEPS, drip, raw, reset, type Script, type Stage, say } from '../servers/script.ts'
import { accepted, failed, type Group, newSessionEach, oneSession, refusedBy } from './situation.ts'

const MEGABYTE = 1024 * 1024

const dripped: Record<
  Exclude<Stage, 'helo' | 'starttls' | 'auth' | 'rset' | 'bdat'>,
  ReturnType<typeof drip>[]
> = {
  greeting: [drip('220-one\r\n220 two\r\n')],
  ehlo: [drip('250-here\r\n250-PIPELINING\r\n250 SIZE 10000000\r\n')],
  mail: [drip('250 2.1.0 ok\r\n')],
  rcpt: [drip('250 2.1.5 ok\r\n')],
  data: [drip('354 go ahead\r\n')],
  dot: [drip('250-2.0.0 it is\r\n250 2.0.0 taken\r\n')],
  quit: [drip('221 2.0.0 bye\r\n')],
}

export const oddGroup: Group = {
  title: 'Odd, slow or foreign servers',
  situations: [
    { title: 'the server sends every reply one byte at a time', script: dripped, expected: accepted },
    {
      title: 'the server does not know EHLO (502): HELO',
      script: { ehlo: [say('502 5.5.1 what?')] },
      expected: accepted,
      also: ({ sessions }) => {
        const [ehlo, helo, mail] = allCommands(sessions)
        expect([ehlo?.slice(0, 4), helo?.slice(0, 4)]).toEqual(['EHLO', 'HELO'])
        // Nothing was offered, so there is no SIZE= (RFC 1870 6.1).
        expect(mail).toBe('MAIL FROM:<a@example.com>')
      },
    },
    {
      title: 'the server knows neither EHLO (502) nor HELO (503)',
      script: { ehlo: [say('502 what?')], helo: [say('503 no')] },
      expected: refusedBy(502, 'ehlo'),
      also: ({ sent }) => {
        expect(sent.samples[0]?.failure?.text).toBe('502 what? (HELO: 503 no)')
      },
    },
    {
      title: 'the server refuses EHLO with 550 5.7.1 and HELO with 503: EHLO tells why',
      script: { ehlo: [say('550 5.7.1 blocked')], helo: [say('503 5.5.1 bad sequence')] },
      expected: { ...refusedBy(550, 'ehlo'), enhanced: '5.7.1' },
    },
    {
      title: 'the server does not know EHLO (502) and refuses HELO with 550: HELO tells why',
      script: { ehlo: [say('502 what?')], helo: [say('550 5.7.1 blocked')] },
      expected: { ...refusedBy(550, 'ehlo'), enhanced: '5.7.1' },
      also: ({ sent }) => {
        expect(sent.samples[0]?.failure?.text).toBe('550 5.7.1 blocked (EHLO: 502 what?)')
      },
    },
    {
      title: 'the server refuses EHLO with 550 and closes',
      script: { ehlo: [say('550 5.7.1 blocked'), close] },
      expected: { ...refusedBy(550, 'ehlo'), enhanced: '5.7.1' },
    },
    {
      title: 'the server greets with 220- and then 521: its text is kept',
      script: { greeting: [say('220-mx.example.com', '521 5.7.1 blocked, see https://example.com'), close] },
      expected: failed('protocol_error', 'greeting'),
      also: ({ sent }) => {
        expect(sent.samples[0]?.failure?.text).toContain('220 mx.example.com | 521 5.7.1 blocked, see https')
      },
    },
    ...[
      { title: 'EHLO', script: { ehlo: [say('251-here', '251 PIPELINING')] } },
      { title: 'MAIL', script: { mail: [say('251 2.1.0 ok')] } },
      { title: 'the final dot', script: { dot: [say('252 2.0.0 taken')] } },
      { title: 'the final dot, a code that is not defined,', script: { dot: [say('200 2.0.0 taken')] } },
      { title: 'MAIL, RCPT and the final dot', script: everywhere('211 fine') },
    ].map(({ title, script }) => ({
      title: `the server answers ${title} with a 2yz other than 250: the first digit decides`,
      script,
      expected: accepted,
      also: oneSession,
    })),
    {
      title: 'the server answers DATA with 350: the first digit decides',
      script: { data: [say('350 go ahead')] },
      expected: accepted,
    },
    ...[220, 221, 235].map((code) => ({
      title: `the server answers the final dot with ${code}, which answers another command`,
      script: { dot: [say(`${code} hello`)] },
      expected: failed('protocol_error', 'accept'),
      unsureOfTaken: true as const,
    })),
    {
      title: 'the server says 421 in the middle of a message of 1 MB and keeps reading',
      script: { body: { afterBytes: 100_000, steps: [say('421 4.3.2 going down')] } },
      sending: { sizeBytes: MEGABYTE },
      expected: refusedBy(421, 'accept'),
      also: newSessionEach,
    },
    {
      title: 'the server says 552 in the middle of a message of 1 MB and keeps reading',
      script: { body: { afterBytes: 100_000, steps: [say('552 5.3.4 too big')] } },
      sending: { sizeBytes: MEGABYTE },
      expected: refusedBy(552, 'accept'),
      also: oneSession,
    },
    {
      title: 'the server refuses the final dot with 554: the session goes on',
      script: { dot: [say('554 5.6.0 no')] },
      expected: refusedBy(554, 'accept'),
      also: oneSession,
    },
    {
      title: 'an HTTP server answers',
      script: { greeting: [raw('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'), close] },
      expected: failed('protocol_error', 'greeting'),
    },
    {
      title: 'the server greets with a line of 1 MB',
      script: { greeting: [raw(`220 ${'x'.repeat(MEGABYTE)}\r\n`)] },
      expected: failed('protocol_error', 'greeting'),
    },
    {
      title: 'the server never ends its EHLO reply',
      script: { ehlo: [say(...Array<string>(600).fill('250-AND-ON'))] },
      expected: failed('protocol_error', 'ehlo'),
    },
    {
      title: 'nobody listens on the port',
      script: {},
      port: 'closed',
      expected: failed('connection_refused', 'connect'),
    },
    {
      title: 'the server closes each session that was idle: the next message gets a new one',
      script: {},
      endsIdle: true,
      expected: accepted,
      also: newSessionEach,
    },
    {
      title: 'the server says 421 to each session that was idle: the next message gets a new one',
      script: { idleSteps: [say('421 4.4.2 idle'), close] },
      endsIdle: true,
      expected: accepted,
      also: newSessionEach,
    },
    {
      title: 'the server closes after each message that it accepted: the next message gets a new session',
      script: { dot: [...DEFAULT_STEPS.dot, close] },
      expected: accepted,
      also: newSessionEach,
    },
    {
      title:
        'the server resets the connection after each message that it accepted: the next one gets a new session',
      script: { dot: [...DEFAULT_STEPS.dot, reset] },
      expected: accepted,
      also: newSessionEach,
    },
    {
      title: 'the server says 421 after each message that it accepted: the next message gets a new session',
      script: { dot: [...DEFAULT_STEPS.dot, say('421 4.4.2 that is all'), close] },
      expected: accepted,
      also: newSessionEach,
    },
  ],
}

function everywhere(reply: string): Script {
  const steps = [say(reply)]
  return { mail: steps, rcpt: steps, dot: steps }
}
