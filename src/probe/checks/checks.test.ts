import { describe, expect, test } from 'vitest'
import { type Check, type PlainRefusal, plainRefusal, rowOf } from '../check.ts'
import { CHECKS } from '../probe.ts'
import type { ProbeVerdict } from '../report.ts'
import { type Ending, type Exchange, Talk } from '../talk.ts'
import { PATIENCE_CHECKS } from './session.ts'

const HELLO: Came = { greeting: '220 x.test', ehlo: '250 x.test' }
const OFFERS = 'PIPELINING / SIZE 1000 / 8BITMIME / SMTPUTF8 / CHUNKING / STARTTLS / ENHANCEDSTATUSCODES'
const UP_TO_DATA: Came = { ...HELLO, mail: '250 ok', rcpt: '250 ok', data: '354 go' }
const SMALL_ONE: Came = {
  ...UP_TO_DATA,
  small: '250 ok',
  'mail-2': '250 ok',
  'rcpt-2': '250 ok',
  'data-2': '354 go',
}

/** What came by name of step: replies with commas between, or why none came. */
type Came = Readonly<Record<string, string>>

const ENDINGS: readonly Ending[] = ['time over', 'closed', 'reset', 'tls failed', 'no connection', 'local']

function talkOf(came: Came, tookMs: number): Talk {
  return new Talk(Object.entries(came).map(([name, text]) => exchangeOf(name, text, tookMs)))
}

function exchangeOf(name: string, text: string, tookMs: number): Exchange {
  const ending = ENDINGS.find((known) => text.endsWith(known))
  const said = text.split(', ').filter((part) => /^\d/.test(part))
  const replies = said.map((reply) => ({
    code: Number(reply.slice(0, 3)),
    codes: [Number(reply.slice(0, 3))],
    lines: reply.slice(4).split(' / '),
    longestLineBytes: reply.length,
    bareLf: false,
  }))
  return { name, sent: name, replies, tookMs, ...(ending === undefined ? {} : { ending }) }
}

function checkOf(id: string): Check {
  const check = [...CHECKS, ...PATIENCE_CHECKS].find((candidate) => candidate.id === id)
  if (check === undefined) throw new Error(`there is no check ${id}`)
  return check
}

function judged(id: string, came: Came, tookMs = 1_000, plain?: PlainRefusal) {
  const { verdict, note } = rowOf(checkOf(id), talkOf(came, tookMs), plain)
  return { verdict, note }
}

const offering: Came = { greeting: '220 x.test', ehlo: `250 x.test / ${OFFERS}` }

test.each<[id: string, came: Came, verdict: ProbeVerdict, note: string]>([
  ['greeting', { greeting: '220 mx.test ready' }, 'conforms', ''],
  ['greeting', { greeting: '220 *** ready' }, 'deviates', 'its first word is not a domain name'],
  ['greeting', { greeting: '554 go away' }, 'unknown', 'it accepts no session of this probe'],
  ['greeting', { greeting: '250 hi' }, 'deviates', 'no 220'],
  ['greeting', { greeting: 'no connection' }, 'unknown', 'no connection within 1 s'],
  ['greeting', { greeting: 'closed' }, 'deviates', 'it ends the session without a reply'],
  ['ehlo', { greeting: '220 x', ehlo: '250 x hello' }, 'conforms', ''],
  ['ehlo', { greeting: '220 *', ehlo: '250-mx.test' }, 'conforms', ''],
  [
    'ehlo',
    { greeting: '220 mx.test', ehlo: '250 Hello probe / SIZE' },
    'deviates',
    'its first word is "Hello", where its domain belongs',
  ],
  [
    'ehlo',
    { greeting: '220 x', ehlo: '502 what', helo: '250 x' },
    'deviates',
    'EHLO is refused; HELO is accepted',
  ],
  ['helo', { greeting: '220 x', helo: '502 no' }, 'deviates', 'HELO must be accepted'],
  ['case', { ...HELLO, mail: '250 ok', rcpt: '250 ok' }, 'conforms', ''],
  ['case', { ...HELLO, mail: '500 what' }, 'deviates', 'case must not matter'],
  ['case', { greeting: '220 x', ehlo: '500 what', helo: '250 x', mail: '250', rcpt: '250' }, 'conforms', ''],
  ['case', { greeting: '220 x', ehlo: '500 what', helo: '500 what' }, 'deviates', 'case must not matter'],
  ['rset', { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '503 no' }, 'conforms', ''],
  [
    'rset',
    { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '250 ok' },
    'deviates',
    'the transaction goes on after RSET',
  ],
  ['rset', { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '500 no' }, 'conforms', ''],
  [
    'rset',
    { ...HELLO, early: '250 ok', mail: '250 ok', rset: '250 ok', rcpt: '250 ok' },
    'unknown',
    'it takes RCPT without MAIL, which shows nothing',
  ],
  ['vrfy', { ...HELLO, vrfy: '252 maybe' }, 'conforms', ''],
  ['vrfy', { ...HELLO, vrfy: '502 no' }, 'not offered', ''],
  ['vrfy', { ...HELLO, vrfy: '354 go' }, 'deviates', 'not a reply to VRFY'],
  ['help', { ...HELLO, help: '214 see' }, 'conforms', ''],
  ['help', { ...HELLO, help: '502 no' }, 'not offered', ''],
  ['help', { ...HELLO, help: '250 see' }, 'deviates', 'neither 211 nor 214'],
  ['quit', { ...HELLO, quit: '221 bye', closed: 'closed' }, 'conforms', ''],
  ['quit', { ...HELLO, quit: '221 bye', closed: 'time over' }, 'deviates', 'the connection stays open'],
  ['mail-first', { greeting: '220 x', mail: '250 ok' }, 'deviates', 'a session without EHLO may send mail'],
  ['rcpt-first', { ...HELLO, rcpt: '500 no' }, 'deviates', 'refused, but with 500: the reply is 503'],
  ['data-first', { ...HELLO, mail: '250 ok', data: '554 none' }, 'conforms', ''],
  ['data-first', { ...HELLO, mail: '250 ok', data: '354 go' }, 'deviates', 'a message to nobody is accepted'],
  ['command-512', { ...HELLO, short: '250 ok', long: '250 ok' }, 'conforms', ''],
  ['command-512', { ...HELLO, short: '200 ok', long: '200 ok' }, 'conforms', ''],
  [
    'command-512',
    { ...HELLO, short: '250 ok', long: '500 too long' },
    'deviates',
    'a line that every server must accept',
  ],
  [
    'command-512',
    { ...HELLO, short: '501 no', long: '501 no' },
    'unknown',
    'it refuses NOOP with a parameter',
  ],
  ['command-over', { ...HELLO, long: '500 no', rest: 'time over' }, 'conforms', 'longer lines are refused'],
  [
    'command-over',
    { ...HELLO, long: '500 no', rest: '500 no' },
    'deviates',
    'it reads one line as several commands',
  ],
  [
    'command-over',
    { ...HELLO, short: '502 what', long: '502 what', rest: 'time over' },
    'unknown',
    'it refuses NOOP with a parameter',
  ],
  ['command-over', { ...HELLO, long: 'closed' }, 'deviates', 'it ends the session without a reply'],
  ['command-over', { ...HELLO, long: '421 too long' }, 'conforms', 'longer lines end the session, with 421'],
  ['lf-command', { ...HELLO, bare: 'time over' }, 'conforms', 'it waits for CRLF'],
  ['lf-command', { ...HELLO, bare: '250 ok' }, 'deviates', 'LF ends a command'],
  ['lf-command', { ...HELLO, whole: '250 ok', bare: '500 no' }, 'conforms', 'it refuses a bare LF'],
  ['lf-command', { ...HELLO, whole: '502 what', bare: '502 what' }, 'unknown', 'it refuses RSET'],
  ['cr-command', { ...HELLO, bare: '250 ok', rest: '250 ok' }, 'deviates', 'CR ends a command'],
  ['text-600', { ...SMALL_ONE, text: '250 ok' }, 'conforms', ''],
  [
    'text-600',
    { ...SMALL_ONE, text: '500 Command too long' },
    'deviates',
    'it applies the 512 octets of a command line to text in DATA',
  ],
  ['text-over', { ...SMALL_ONE, text: '552 no' }, 'conforms', 'a longer line is refused'],
  ['dots', { ...SMALL_ONE, text: '250 ok', next: '250 ok' }, 'conforms', 'none of them ends the message'],
  [
    'dots',
    { ...SMALL_ONE, before: '502 what', text: '250 ok', next: '502 what' },
    'conforms',
    'none of them ends the message',
  ],
  ['dots', { ...SMALL_ONE, text: '250 ok', next: '500 what' }, 'deviates', 'it is out of step after them'],
  ['pipelining', { ...HELLO }, 'not offered', 'PIPELINING is not in its reply to EHLO'],
  ['pipelining', { ...offering, group: '250 a, 250 b, 354 c' }, 'conforms', ''],
  ['pipelining', { ...offering, group: '250 a, time over' }, 'deviates', '2 of 3 replies never arrive'],
  ['pipelining-dot', { ...offering, group: '250 a, time over' }, 'deviates', '3 of 4 replies never arrive'],
  [
    'size',
    { ...offering, mail: '250 ok', rset: '250 ok', large: '552 no' },
    'conforms',
    'its limit is 1000 octets',
  ],
  [
    'size',
    { ...offering, mail: '250 ok', rset: '250 ok', large: '250 ok' },
    'deviates',
    'one octet more than its limit is accepted at MAIL',
  ],
  [
    'size',
    { ...offering, mail: '250 ok', rset: '250 ok', large: '550 no' },
    'deviates',
    'one octet more than its limit is refused, but with 550: the reply is 552 or 452',
  ],
  [
    'size',
    { greeting: '220 x', ehlo: '250 x / SIZE', mail: '250 ok', rset: '250 ok' },
    'conforms',
    'it states no limit',
  ],
  ['size', { ...offering, mail: '250 ok', rset: '250 ok' }, 'unknown', 'it did not come to LARGE'],
  [
    'size',
    { greeting: '220 x', ehlo: '250 x / SIZE lots', mail: '250 ok' },
    'deviates',
    '"lots" is not a number of octets',
  ],
  ['smtputf8', { ...offering, mail: '553 no' }, 'deviates', 'it refuses what it offers'],
  [
    'enhanced-codes',
    { ...offering, mail: '250 2.1.0 ok', rcpt: '250 ok' },
    'deviates',
    'no code in the reply to RCPT',
  ],
  ['starttls', { ...offering, starttls: '220 go, tls failed' }, 'deviates', 'no handshake succeeds'],
  ['starttls', { ...offering, starttls: '220 go', again: '250 x' }, 'conforms', ''],
  ['null-sender', { ...HELLO, mail: '550 no' }, 'deviates', 'it accepts no bounces'],
  ['null-sender', { ...UP_TO_DATA, data: '503 MAIL expected' }, 'deviates', 'it accepts no bounces'],
  ['unknown-parameter', { ...HELLO, mail: '555 no' }, 'conforms', ''],
  ['unknown-parameter', { ...HELLO, mail: '450 no' }, 'deviates', 'refused, but with 450: the reply is 555'],
  ['vrfy', { ...HELLO, vrfy: '421 bye' }, 'unknown', 'it ends the session with 421'],
  [
    'message',
    { ...HELLO, mail: '250 ok', rcpt: '550 who' },
    'unknown',
    'it accepts no message of this probe: see STRESS_SENDER and STRESS_RECIPIENT',
  ],
])('%s: %j is judged %s', (id, came, verdict, note) => {
  expect(judged(id, came)).toEqual({ verdict, note })
})

describe('recipients', () => {
  const taken = (count: number): Came =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`rcpt-${index + 1}`, '250 ok']))
  const head: Came = { ...HELLO, mail: '250 ok' }

  test.each<[number, ProbeVerdict, string]>([
    [99, 'deviates', '99, then 452 full'],
    [100, 'conforms', '100, then 452 full'],
  ])('%i taken: %s', (count, verdict, note) => {
    const came = { ...head, ...taken(count), [`rcpt-${count + 1}`]: '452 full' }
    expect(judged('recipients', came)).toEqual({ verdict, note })
  })

  test('no verdict on a server that does not know the recipient', () => {
    expect(judged('recipients', { ...head, 'rcpt-1': '550 who' })).toMatchObject({ verdict: 'unknown' })
  })
})

describe('silence', () => {
  test.each<[tookMs: number, came: string, verdict: ProbeVerdict, note: string]>([
    [10_000, 'time over', 'unknown', 'longer than 10 s'],
    [310_000, 'time over', 'conforms', 'longer than 310 s'],
    [3_200, '421 bye', 'deviates', 'it ends the session after 3.2 s'],
    [300_000, 'closed', 'conforms', 'it ends the session after 300 s'],
  ])('%i ms, then %s: %s', (tookMs, came, verdict, note) => {
    expect(judged('patience-command', { ...HELLO, silence: came }, tookMs)).toEqual({ verdict, note })
  })
})

test('no verdict where the conversation never reached the question', () => {
  const row = rowOf(checkOf('text-998'), talkOf({ ...HELLO, mail: '421 too busy' }, 1_000))
  expect(row).toMatchObject({
    verdict: 'unknown',
    note: 'it did not come to that: after mail came 421 too busy',
  })
})

describe('an answer that was not waited for', () => {
  test.each<[id: string, came: Came]>([
    ['noop', { ...HELLO, noop: 'time over' }],
    ['postmaster', { ...HELLO, mail: '250 ok', rcpt: 'time over' }],
    ['recipients', { ...HELLO, mail: '250 ok', 'rcpt-1': 'time over' }],
    ['size', { ...offering, mail: '250 ok', rset: '250 ok', large: 'time over' }],
    ['text-998', { ...SMALL_ONE, text: 'time over' }],
    ['message', { ...HELLO, mail: '250 ok', rcpt: 'time over' }],
    ['vrfy', { ...HELLO, vrfy: 'time over' }],
  ])('is no finding: %s', (id, came) => {
    const { verdict, note } = judged(id, came, 5_000)
    expect(verdict).toBe('unknown')
    expect(note).toMatch(/^no reply to \S+ within 5 s; RFC 5321 4\.5\.3\.2 has clients wait longer$/)
  })

  test('is one after five minutes', () => {
    expect(judged('noop', { ...HELLO, noop: 'time over' }, 310_000)).toEqual({
      verdict: 'deviates',
      note: 'no reply to noop within 310 s',
    })
  })
})

describe('where a plain message is refused', () => {
  const plain = plainRefusal(talkOf({ ...HELLO, mail: '250 ok', rcpt: '550 no such user' }, 1))

  test.each<[id: string, came: Came]>([
    ['pipelining', { ...offering, group: '250 a, 550 no, 503 none' }],
    ['8bitmime', { ...offering, mail: '250 ok', rcpt: '550 no' }],
    ['smtputf8', { ...offering, mail: '250 ok', rcpt: '550 no' }],
    ['rset', { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '550 no' }],
    ['case', { ...HELLO, mail: '250 ok', rcpt: '550 no' }],
  ])('nothing is claimed of %s', (id, came) => {
    expect(judged(id, came, 1_000, plain)).toMatchObject({ verdict: 'unknown' })
  })

  test('a fault before that is still a deviation', () => {
    expect(judged('null-sender', { ...HELLO, mail: '550 no' }, 1_000, plain)).toMatchObject({
      verdict: 'deviates',
    })
    expect(judged('rset', { ...HELLO, mail: '250 ok', rset: '250', rcpt: '250 ok' }, 1, plain)).toMatchObject(
      {
        verdict: 'deviates',
      },
    )
  })
})

test('an extension is not offered by a server without EHLO', () => {
  expect(judged('size', { greeting: '220 x', ehlo: '502 what', helo: '250 x' })).toEqual({
    verdict: 'not offered',
    note: 'it does not know EHLO',
  })
})

const CONTEXT = {
  sender: 'a@x.test',
  recipient: 'b@x.test',
  waitMs: 1,
  quietMs: 1,
  connections: 1,
  runId: 'r',
}

test('nothing that is sent to other servers has an end of a text but CRLF.CRLF, or no line at all', () => {
  const talk = talkOf({ ...offering, mail: '250 ok' }, 1)
  for (const check of [...CHECKS, ...PATIENCE_CHECKS]) {
    for (const { name, send } of check.steps(CONTEXT)) {
      const octets = typeof send === 'string' ? send : (send(talk) ?? '')
      expect(octets.replaceAll('\r\n.\r\n', ''), `${check.id} ${name}`).not.toMatch(/(^|[\r\n])\.[\r\n]/)
    }
  }
})

test('every check has an id of its own and asks about steps that it takes', () => {
  const all = [...CHECKS, ...PATIENCE_CHECKS]
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  for (const check of all) {
    const steps = check.steps(CONTEXT).map(({ name }) => name)
    expect(steps, check.id).toEqual(expect.arrayContaining([...check.asks]))
  }
})
