import { describe, expect, test } from 'vitest'
import { type Check, rowOf } from '../check.ts'
import type { ProbeVerdict } from '../report.ts'
import { type Ending, type Exchange, Talk } from '../talk.ts'
import { CHECKS } from './all.ts'
import { PATIENCE_CHECKS } from './patience.ts'

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

const ENDINGS: readonly Ending[] = ['time over', 'closed', 'reset', 'tls failed']

function talkOf(came: Came, tookMs: number): Talk {
  return new Talk(Object.entries(came).map(([name, text]) => exchangeOf(name, text, tookMs)))
}

function exchangeOf(name: string, text: string, tookMs: number): Exchange {
  const ending = ENDINGS.find((known) => text.endsWith(known))
  const said = text.split(', ').filter((part) => /^\d/.test(part))
  const replies = said.map((reply) => ({
    code: Number(reply.slice(0, 3)),
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

function judged(id: string, came: Came, tookMs = 1_000) {
  const { verdict, note } = rowOf(checkOf(id), talkOf(came, tookMs))
  return { verdict, note }
}

const offering: Came = { greeting: '220 x.test', ehlo: `250 x.test / ${OFFERS}` }

test.each<[id: string, came: Came, verdict: ProbeVerdict, note: string]>([
  ['greeting', { greeting: '220 mx.test ready' }, 'conforms', ''],
  ['greeting', { greeting: '220 *** ready' }, 'deviates', 'its first word is no domain name'],
  ['greeting', { greeting: '554 go away' }, 'deviates', 'no 220'],
  ['helo', { greeting: '220 x', helo: '502 no' }, 'deviates', 'HELO must be taken'],
  ['case', { ...HELLO, mail: '250 ok', rcpt: '250 ok' }, 'conforms', ''],
  ['case', { ...HELLO, mail: '500 what' }, 'deviates', 'case must not matter'],
  ['rset', { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '503 no' }, 'conforms', ''],
  [
    'rset',
    { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '250 ok' },
    'deviates',
    'the transaction goes on after RSET',
  ],
  ['rset', { ...HELLO, mail: '250 ok', rset: '250 ok', rcpt: '500 no' }, 'conforms', ''],
  ['vrfy', { ...HELLO, vrfy: '252 maybe' }, 'conforms', ''],
  ['vrfy', { ...HELLO, vrfy: '502 no' }, 'not offered', ''],
  ['vrfy', { ...HELLO, vrfy: '354 go' }, 'deviates', 'no reply of VRFY'],
  ['help', { ...HELLO, help: '214 see' }, 'conforms', ''],
  ['help', { ...HELLO, help: '502 no' }, 'not offered', ''],
  ['help', { ...HELLO, help: '250 see' }, 'deviates', 'neither 211 nor 214'],
  ['quit', { ...HELLO, quit: '221 bye', closed: 'closed' }, 'conforms', ''],
  ['quit', { ...HELLO, quit: '221 bye', closed: 'time over' }, 'deviates', 'the connection stays open'],
  ['mail-first', { greeting: '220 x', mail: '250 ok' }, 'deviates', 'a session without EHLO may send mail'],
  ['rcpt-first', { ...HELLO, rcpt: '500 no' }, 'deviates', 'refused, but by 500: the reply is 503'],
  ['data-first', { ...HELLO, mail: '250 ok', data: '554 none' }, 'conforms', ''],
  ['data-first', { ...HELLO, mail: '250 ok', data: '354 go' }, 'deviates', 'a message to nobody is taken'],
  ['command-512', { ...HELLO, short: '250 ok', long: '250 ok' }, 'conforms', ''],
  [
    'command-512',
    { ...HELLO, short: '250 ok', long: '500 too long' },
    'deviates',
    'a line that every server has to take',
  ],
  [
    'command-512',
    { ...HELLO, short: '501 no', long: '501 no' },
    'unknown',
    'it takes no NOOP with a parameter',
  ],
  ['command-over', { ...HELLO, long: '500 no', rest: 'time over' }, 'conforms', 'longer lines are refused'],
  [
    'command-over',
    { ...HELLO, long: '500 no', rest: '500 no' },
    'deviates',
    'it takes one line for several commands',
  ],
  ['command-over', { ...HELLO, long: 'time over' }, 'deviates', 'it gives no reply'],
  ['lf-command', { ...HELLO, bare: 'time over' }, 'conforms', 'it waits for CRLF'],
  ['lf-command', { ...HELLO, bare: '250 ok' }, 'deviates', 'LF ends a command'],
  ['cr-command', { ...HELLO, bare: '250 ok', rest: '250 ok' }, 'deviates', 'CR ends a command'],
  ['text-600', { ...SMALL_ONE, text: '250 ok' }, 'conforms', ''],
  [
    'text-600',
    { ...SMALL_ONE, text: '500 Command too long' },
    'deviates',
    'it applies the 512 octets of a command line to text in DATA',
  ],
  ['text-over', { ...SMALL_ONE, text: '552 no' }, 'conforms', 'a longer line is refused'],
  ['dots', { ...SMALL_ONE, text: '250 ok', next: '500 what' }, 'deviates', 'it is out of step after them'],
  ['empty', { ...UP_TO_DATA, text: 'time over' }, 'deviates', 'it gives no reply'],
  [
    'end-lf-dot-lf',
    { ...UP_TO_DATA, 'false-end': '250 ok', end: '500 what' },
    'deviates',
    'LF.LF ends the message',
  ],
  ['end-lf-dot-lf', { ...UP_TO_DATA, 'false-end': 'time over', end: '250 ok' }, 'conforms', 'taken as text'],
  ['end-lf-dot-lf', { ...UP_TO_DATA, 'false-end': 'time over', end: '554 no' }, 'conforms', 'refused'],
  [
    'end-lf-dot-lf',
    { ...UP_TO_DATA, 'false-end': 'time over', end: 'time over' },
    'deviates',
    'it gives no reply to the true end',
  ],
  ['pipelining', { ...HELLO }, 'not offered', 'PIPELINING is not in its reply to EHLO'],
  ['pipelining', { ...offering, group: '250 a, 250 b, 354 c' }, 'conforms', ''],
  ['pipelining', { ...offering, group: '250 a, time over' }, 'deviates', '1 replies to three commands'],
  ['pipelining-dot', { ...offering, group: '250 a, time over' }, 'deviates', '3 of 4 replies never come'],
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
    'one octet more than its limit is taken at MAIL',
  ],
  ['size', { ...offering, mail: '250 ok', rset: '250 ok' }, 'conforms', 'it states no limit'],
  ['smtputf8', { ...offering, mail: '553 no' }, 'deviates', 'what it offers it does not take'],
  [
    'enhanced-codes',
    { ...offering, mail: '250 2.1.0 ok', rcpt: '250 ok' },
    'deviates',
    'no code in the reply to RCPT',
  ],
  ['starttls', { ...offering, starttls: '220 go, tls failed' }, 'deviates', 'no handshake succeeds'],
  ['starttls', { ...offering, starttls: '220 go', again: '250 x' }, 'conforms', ''],
  ['null-sender', { ...HELLO, mail: '550 no' }, 'deviates', 'it takes no bounces'],
  ['unknown-parameter', { ...HELLO, mail: '555 no' }, 'conforms', ''],
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

  test('nothing is claimed of a server that does not know the recipient', () => {
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

test('nothing is claimed where the conversation never came to the question', () => {
  const row = rowOf(checkOf('text-998'), talkOf({ ...HELLO, mail: '421 too busy' }, 1_000))
  expect(row).toMatchObject({
    verdict: 'unknown',
    note: 'it did not come to that: after mail came 421 too busy',
  })
})

test('every check has an id of its own and asks about steps that it takes', () => {
  const context = {
    sender: 'a@x.test',
    recipient: 'b@x.test',
    waitMs: 1,
    quietMs: 1,
    connections: 1,
    runId: 'r',
  }
  const all = [...CHECKS, ...PATIENCE_CHECKS]
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  for (const check of all) {
    const steps = check.steps(context).map(({ name }) => name)
    expect(steps, check.id).toEqual(expect.arrayContaining([...check.asks]))
  }
})
