import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RawClient } from './raw-client.fixture.ts'
import { ListenersRig } from './smtp-listeners.fixture.ts'

const rig = new ListenersRig()
const MAIL = 'MAIL FROM:<a@example.com>\r\n'
const ENVELOPE = `${MAIL}RCPT TO:<b@example.com>\r\n`

const bdat = (octets: string, last = '') => `BDAT ${octets.length}${last}\r\n${octets}`

/** A message of ours, with the digest of its body; the text is octets as latin1. */
function messageOf(id: string, body: string): string {
  const crc = crc32(Buffer.from(body, 'latin1')).toString(16).padStart(8, '0')
  return `X-Mailstorm-Id: ${id}\r\nX-Mailstorm-Body-Crc: ${crc}\r\n\r\n${body}`
}

async function codes(client: RawClient, count: number): Promise<string> {
  const replies: string[] = []
  for (let at = 0; at < count; at++) replies.push((await client.reply()).slice(0, 3))
  return replies.join(' ')
}

test('a message by BDAT is in the ledger as by DATA, and its octets are not looked at', async () => {
  await rig.serve()
  const raw = await rig.readyClient()
  const text = messageOf('data-1', 'a\r\n.\r\nQUIT\r\n..b\r\n')
  expect(await raw.send(text)).toBe('250 2.6.0 OK: message queued')
  const chunked = text.replace('data-1', 'bdat-1')
  raw.write(ENVELOPE + bdat(chunked.slice(0, 60)) + bdat('') + bdat(chunked.slice(60), ' LAST'))
  expect(await codes(raw, 4)).toBe('250 250 250 250')
  expect(await raw.reply()).toBe('250 2.6.0 OK: message queued')
  for (const run of ['data', 'bdat']) {
    expect(rig.ledger.of(run), run).toMatchObject({ accepted: 1, bytes: text.length, corrupted: 0 })
  }
})

test('takes an empty LAST, lower case, octets that are no lines, and a bare LF before a dot', async () => {
  await rig.serve()
  const raw = await rig.readyClient()
  const text = messageOf('r-1', '\0\xff\n..\n.\r\nno line end')
  raw.write(`${ENVELOPE}bdat ${text.length}\r\n${text}BDAT 0 last\r\nNOOP\r\n`)
  expect(await codes(raw, 5)).toBe('250 250 250 250 250')
  expect(rig.ledger.of('r')).toMatchObject({ accepted: 1, bytes: text.length, corrupted: 0 })
})

test('swallows the chunk of an envelope without recipients before it answers (RFC 3030 2)', async () => {
  await rig.serve()
  const raw = await rig.readyClient()
  raw.write(`${MAIL}RCPT TO:<>\r\n${bdat('QUIT\r\nQUIT\r\n', ' LAST')}RSET\r\n`)
  expect(await codes(raw, 4)).toBe('250 501 503 250')
  raw.write(bdat('MAIL FROM:<x@example.com>\r\n', ' LAST'))
  raw.write(ENVELOPE + bdat(messageOf('r-1', 'x'), ' LAST'))
  expect(await codes(raw, 4)).toBe('503 250 250 250')
  expect(rig.ledger.of('r')).toMatchObject({ accepted: 1 })
})

test('answers a message beyond the limit by 552, and each chunk that follows, but not the next message', async () => {
  await rig.serve({ SMTP_MAX_MESSAGE_SIZE: '100' })
  const raw = await rig.readyClient()
  raw.write(ENVELOPE + bdat('x'.repeat(60)) + bdat('x'.repeat(60)) + bdat('x') + bdat('', ' LAST'))
  expect(await codes(raw, 6)).toBe('250 250 250 552 552 552')
  raw.write(ENVELOPE + bdat('x'.repeat(100), ' LAST') + ENVELOPE + bdat('x'.repeat(101), ' LAST'))
  expect(await codes(raw, 6)).toBe('250 250 250 250 250 552')
  expect(rig.ledger.of('')).toMatchObject({ accepted: 1 })
})

test('answers DATA and RCPT within chunks by 503, and BDAT after DATA', async () => {
  await rig.serve()
  const raw = await rig.readyClient()
  raw.write(`${ENVELOPE + bdat('x')}DATA\r\nRCPT TO:<c@example.com>\r\n${MAIL}${bdat('y', ' LAST')}`)
  expect(await codes(raw, 7)).toBe('250 250 250 503 503 503 250')
  raw.write(`${ENVELOPE}DATA\r\nx\r\n.\r\n${bdat('y', ' LAST')}NOOP\r\n`)
  expect(await codes(raw, 6)).toBe('250 250 354 250 503 250')
})

test.each(['RSET', 'EHLO client.example'])('forgets the chunks before a %s', async (command) => {
  await rig.serve()
  const raw = await rig.readyClient()
  const text = messageOf('r-2', 'whole')
  raw.write(`${ENVELOPE}${bdat(messageOf('r-1', 'half'))}${command}\r\n${bdat('x', ' LAST')}`)
  expect(await codes(raw, 5)).toBe('250 250 250 250 503')
  raw.write(ENVELOPE + bdat(text, ' LAST'))
  expect(await codes(raw, 3)).toBe('250 250 250')
  expect(rig.ledger.of('r')).toMatchObject({ accepted: 1, bytes: text.length, corrupted: 0 })
})

test('hangs up on a BDAT whose size cannot be read: what follows could be taken for commands', async () => {
  await rig.serve()
  const raw = await rig.readyClient()
  raw.write(`${ENVELOPE}BDAT x LAST\r\nNOOP\r\n`)
  expect(await codes(raw, 3)).toBe('250 250 501')
  await raw.closed()
})

test('a client that goes away within a chunk leaves nothing in the ledger', async () => {
  await rig.serve()
  const raw = await rig.readyClient()
  raw.write(`${ENVELOPE}${bdat('x')}BDAT 100 LAST\r\nhalf`)
  expect(await codes(raw, 3)).toBe('250 250 250')
  raw.close()
  const next = await rig.readyClient()
  next.write(ENVELOPE + bdat(messageOf('r-1', 'x'), ' LAST'))
  expect(await codes(next, 3)).toBe('250 250 250')
  expect(rig.ledger.of('')).toMatchObject({ accepted: 0 })
})

test('is not offered, and BDAT is unknown, with SMTP_CHUNKING=false', async () => {
  await rig.serve({ SMTP_CHUNKING: 'false' })
  const raw = rig.client()
  await raw.reply()
  expect(await raw.say('EHLO client.example')).not.toContain('CHUNKING')
  expect(await raw.say('BDAT 0 LAST')).toMatch(/^500 /)
})

test('however messages, chunks and segments are cut, each is answered in order and has its own entry', async () => {
  await rig.serve()
  const body = fc.string({ unit: fc.constantFrom('\r', '\n', '.', 'a', '\xff', '\0', 'B'), maxLength: 40 })
  const cuts = fc.array(fc.nat(150), { maxLength: 4 })
  const message = fc.record({ body, cuts, refused: fc.boolean() })
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 4 }), cuts, async (messages, segments) => {
      run += 1
      const raw = await rig.readyClient()
      let wire = ''
      let replies = ''
      let accepted = 0
      let bytes = 0
      messages.forEach(({ body: text, cuts: at, refused }, n) => {
        const content = messageOf(`cut${run}-${n}`, text)
        const chunks = pieces(content, at)
        wire += refused ? `${MAIL}RCPT TO:<>\r\n` : ENVELOPE
        wire += chunks.map((chunk, i) => bdat(chunk, i === chunks.length - 1 ? ' LAST' : '')).join('')
        if (refused) wire += 'RSET\r\n'
        replies += refused
          ? `250 501 ${'503 '.repeat(chunks.length)}250 `
          : `250 250 ${'250 '.repeat(chunks.length)}`
        if (!refused) accepted += 1
        if (!refused) bytes += content.length
      })
      for (const segment of pieces(wire, segments)) {
        raw.write(segment)
        await new Promise(setImmediate)
      }
      const expected = replies.trim()
      expect(await codes(raw, expected.split(' ').length)).toBe(expected)
      raw.close()
      expect(rig.ledger.of(`cut${run}`)).toMatchObject({ accepted, bytes, corrupted: 0 })
    }),
    { numRuns: 60 },
  )
})

/** The text cut at these places, in order; some pieces may be empty. */
function pieces(text: string, at: readonly number[]): string[] {
  const places = [...at].map((place) => Math.min(place, text.length)).sort((a, b) => a - b)
  return [...places, text.length].map((end, n) => text.slice(places[n - 1] ?? 0, end))
}
