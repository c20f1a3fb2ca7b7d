import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, test as sequential } from 'vitest'
import { type Oddity, openOddServer } from '../../src/probe/odd-server.fixture.ts'
import { probe, QUESTIONS } from '../../src/probe/probe.ts'
import type { ProbeReport, ProbeVerdict } from '../../src/probe/report.ts'
import type { ProbeContext } from '../../src/probe/step.ts'

/** Each mostly waits for replies that do not come. */
const test = sequential.concurrent

const CONTEXT: ProbeContext = {
  sender: 'a@x.test',
  recipient: 'b@x.test',
  waitMs: 600,
  quietMs: 30,
  connections: 5,
  runId: 'probe-1',
}

async function probed(oddity: Oddity, context: Partial<ProbeContext> = {}) {
  using target = await openOddServer(oddity)
  const report = await probe({ name: 'odd', target, context: { ...CONTEXT, ...context }, stamp: 's' })
  return { report, flooded: target.flooded, row: (id: string) => report.rows.find((row) => row.id === id) }
}

/** Ids of the rows that say this, and what they say. */
function saying(report: ProbeReport, verdict: ProbeVerdict): Record<string, string> {
  const rows = report.rows.filter((row) => row.verdict === verdict)
  return Object.fromEntries(rows.map(({ id, note }) => [id, note]))
}

/** What the odd server does in all of these tests: it takes commands in any order, and any parameter. */
const USUAL_DEVIATIONS = {
  'data-first': 'a message to nobody is accepted',
  'mail-first': 'a session without EHLO may send mail',
  'nested-mail': 'a transaction begins within another',
  quit: 'no 221',
  'rcpt-first': 'a recipient without a sender is accepted',
  size: 'one octet more than its limit is accepted at MAIL',
  'unknown-parameter': 'it is accepted, not answered with 555',
}

test('the odd server by itself deviates in its usual ways', async () => {
  expect(saying((await probed({})).report, 'deviates')).toEqual(USUAL_DEVIATIONS)
})

const is = (verb: string) => (line: string) => line.toUpperCase().startsWith(verb)

test('a reply line without a code is one deviation, and hides no other', async () => {
  const ehlo = 'hello there\r\n250-odd.test\r\n250-PIPELINING\r\n250 SIZE 1000000'
  const { report } = await probed({ command: (line) => (is('EHLO')(line) ? ehlo : undefined) })
  expect(saying(report, 'deviates')).toEqual({
    ...USUAL_DEVIATIONS,
    replies: 'a line without a reply code (to EHLO probe.mailstorm.test): "hello there"',
  })
})

test('a reply that has no code at all is no refusal', async () => {
  const { report, row } = await probed({ command: (line) => (is('NOOP')(line) ? 'fine' : undefined) })
  expect(row('noop')).toMatchObject({
    verdict: 'unknown',
    note: 'its reply has no code: see its replies',
    came: 'a line without a code: "fine", nothing more',
  })
  expect(saying(report, 'deviates')).toEqual({
    ...USUAL_DEVIATIONS,
    replies: 'a line without a reply code (to NOOP): "fine"',
  })
})

test('different codes in one reply are named', async () => {
  const ehlo = '250-odd.test\r\n251-PIPELINING\r\n250 SIZE 1000000'
  const { report } = await probed({ command: (line) => (is('EHLO')(line) ? ehlo : undefined) })
  expect(saying(report, 'deviates')).toEqual({
    ...USUAL_DEVIATIONS,
    replies: 'the lines of a reply have different codes, 250, 251 (to EHLO probe.mailstorm.test)',
  })
})

test('a reply line that ends in LF alone is reported as that', async () => {
  const { report } = await probed({ greeting: '220-odd.test\n220 odd.test' })
  expect(saying(report, 'deviates')).toEqual({
    ...USUAL_DEVIATIONS,
    replies: 'a reply line ends with LF alone (its greeting)',
  })
})

sequential.each([
  ['lines', '250-more\r\n'.repeat(1_000)],
  ['octets of one line', `250 ${'x'.repeat(100_000)}`],
])('a reply of endless %s is read to a limit, and named', async (_title, said) => {
  const { report, flooded } = await probed({ flood: (line) => (is('NOOP')(line) ? said : undefined) })
  expect(saying(report, 'deviates')).toEqual({
    ...USUAL_DEVIATIONS,
    replies: 'a reply does not end within 65,536 octets (to NOOP): the rest was not read',
  })
  expect(saying(report, 'unknown')).toMatchObject({ noop: 'its reply has no end: see its replies' })
  expect(JSON.stringify(report).length).toBeLessThan(40_000)
  // Eight commands are NOOP; each connection is cut after 64 KB and what the kernel has taken by then.
  expect(flooded()).toBeLessThan(100_000_000)
})

test('a long reply line is cut in the report', async () => {
  const { report } = await probed({ greeting: `220-odd.test\r\n220 ${'x'.repeat(60_000)}` })
  expect(saying(report, 'deviates')).toEqual({
    ...USUAL_DEVIATIONS,
    replies: 'a reply line is longer than 512 octets (its greeting)',
  })
  expect(JSON.stringify(report).length).toBeLessThan(60_000)
})

test('an unsolicited reply does not shift the ones after it', async () => {
  const { report } = await probed({
    command: (line) => (is('MAIL')(line) ? '250 ok\r\n250 and again' : undefined),
  })
  const { replies, ...others } = saying(report, 'deviates')
  expect(others).toEqual(USUAL_DEVIATIONS)
  expect(replies).toMatch(/^a reply that nothing asked for \(after the one to MAIL .*\): 250 and again$/i)
})

test('an unsolicited reply that comes a little later does not shift them either', async () => {
  using target = await startLate()
  const report = await probe({ name: 'odd', target, context: CONTEXT, stamp: 's' })
  const { replies, ...others } = saying(report, 'deviates')
  expect(others).toEqual(USUAL_DEVIATIONS)
  expect(replies).toMatch(/^a reply that nothing asked for/)
})

/** Says a second 250 to each MAIL, 5 ms after the first. */
async function startLate() {
  const inner = await openOddServer()
  const server = createServer((client) => {
    const socket = connect(inner.port, inner.host)
    for (const each of [client, socket]) each.on('error', () => {})
    client.on('data', (chunk) => {
      socket.write(chunk)
      if (String(chunk).startsWith('MAIL'))
        setTimeout(() => client.writable && client.write('250 again\r\n'), 5)
    })
    client.on('close', () => socket.destroy())
    client.on('end', () => socket.end())
    socket.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const end = () => {
    server.close()
    inner[Symbol.dispose]()
  }
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, [Symbol.dispose]: end }
}

test('plaintext after the 220 to STARTTLS is reported', async () => {
  const { report } = await probed({
    command: (line) => {
      if (is('STARTTLS')(line)) return '220 go\r\n250 injected'
      return is('EHLO')(line) ? '250-odd.test\r\n250-SIZE 9\r\n250 STARTTLS' : undefined
    },
  })
  expect(saying(report, 'deviates')).toMatchObject({
    replies: 'a reply that nothing asked for (after the one to STARTTLS): 250 injected',
  })
})

test('a server without EHLO is asked by HELO, and deviates in that alone', async () => {
  const { report, row } = await probed({ command: (line) => (is('EHLO')(line) ? '502 what' : undefined) })
  const { size: _notOffered, ...others } = USUAL_DEVIATIONS
  expect(saying(report, 'deviates')).toEqual({ ...others, ehlo: 'EHLO is refused; HELO is accepted' })
  expect(row('text-998')).toMatchObject({ verdict: 'conforms' })
  expect(row('case')).toMatchObject({ verdict: 'conforms' })
  expect(row('pipelining')).toMatchObject({ verdict: 'not offered', note: 'it does not know EHLO' })
  expect(Object.keys(saying(report, 'unknown'))).toEqual([
    ...['rset', 'ehlo-again'],
    ...['patience-start', 'patience-command', 'patience-data'],
  ])
})

test('what belongs to an extension is not sent to a server that does not offer it', async () => {
  const lines: string[] = []
  await probed({
    command: (line) => {
      lines.push(line)
      return is('EHLO')(line) ? '250 odd.test' : undefined
    },
  })
  expect(lines.filter((line) => /BDAT|SMTPUTF8|SIZE=|BODY=|STARTTLS/.test(line))).toEqual([])
  expect(lines).toContain('RCPT TO:<postmaster>')
})

test('an answer that comes after the wait is no refusal of the recipient', async () => {
  const { row } = await probed({ delayMs: (line) => (is('RCPT')(line) ? 1_500 : 0) }, { waitMs: 250 })
  expect(row('recipients')).toMatchObject({ verdict: 'unknown' })
  expect(row('recipients')?.note).toMatch(/^no reply to RCPT TO:<b\+1@x\.test> within \d+\.\d+ s; RFC 5321/)
  expect(row('message')).toMatchObject({ verdict: 'unknown' })
  expect(row('postmaster')).toMatchObject({ verdict: 'unknown' })
})

test('a server that refuses the plain message does not deviate in its extensions', async () => {
  const { report } = await probed({ command: (line) => (is('RCPT')(line) ? '550 no such user' : undefined) })
  expect(saying(report, 'unknown')).toMatchObject({
    message: 'it accepts no message of this probe: see STRESS_SENDER and STRESS_RECIPIENT',
    pipelining: 'a plain message is refused as well: 550 no such user',
  })
  expect(saying(report, 'deviates')).toMatchObject({ postmaster: 'a postmaster without a domain is refused' })
  expect(saying(report, 'deviates')).not.toHaveProperty('pipelining')
})

test('a server that refuses MAIL with 550 is not reported to have accepted it', async () => {
  const { row } = await probed({
    command: (line) => (/SIZE=1000001|XPROBE/.test(line) ? '550 no' : undefined),
  })
  expect(row('size')?.note).toBe(
    'one octet more than its limit is refused, but with 550: the reply is 552 or 452',
  )
  expect(row('unknown-parameter')?.note).toBe('refused, but with 550: the reply is 555')
})

test('a server that dies during the probe is reported as gone, once', async () => {
  const { report } = await probed({ diesAt: is('NOOP') })
  const at = QUESTIONS.findIndex(({ id }) => id === 'noop')
  expect(report.remarks).toEqual([
    `It is down: since "${QUESTIONS[at + 1]?.title}" every connection is refused. ${at + 1} of ${QUESTIONS.length} questions were asked.`,
  ])
  expect(saying(report, 'deviates')).toEqual({})
  expect(report.rows[at]).toMatchObject({ verdict: 'unknown', note: 'the server ended within it' })
  expect(report.rows.slice(at + 1).filter(({ id }) => id !== 'replies')).toEqual(
    QUESTIONS.slice(at + 1)
      .filter(({ id }) => id !== 'replies')
      .map(({ id, title, rfc }) => ({ id, title, rfc, sent: '', came: '', verdict: 'unknown', note: '' })),
  )
})

test('a server that closes its listening socket under load is not gone', async () => {
  const { report, row } = await probed({ refusesFrom: 4 }, { connections: 10 })
  expect(row('connections')).toMatchObject({
    verdict: 'conforms',
    came: '4 times 220, then connection refused',
    note: '4, then its listening socket is closed',
  })
  expect(saying(report, 'deviates')).toEqual(USUAL_DEVIATIONS)
})

test('EHLO has to name the domain of the server', async () => {
  const { row } = await probed({ command: (line) => (is('EHLO')(line) ? '250 Hello friend' : undefined) })
  expect(row('ehlo')).toMatchObject({
    verdict: 'deviates',
    note: 'its first word is "Hello", where its domain belongs',
  })
})
