import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NullSession } from './session.ts'

/** Replies by their codes, to octets that come cut at these places. */
function codes(text: string, cuts: readonly number[] = []): string {
  const session = new NullSession()
  const octets = Buffer.from(text, 'latin1')
  const places = [0, ...[...cuts].map((cut) => cut % octets.length).sort((a, b) => a - b), octets.length]
  const replies = places.slice(1).map((end, index) => session.answer(octets.subarray(places[index], end)))
  return (replies.join('').match(/^\d{3}(?= )/gm) ?? []).join(' ')
}

const ENVELOPE = 'MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\n'
const ALL = `EHLO me\r\n${ENVELOPE}DATA\r\na\r\n..\r\nQUIT\r\n.\r\n${ENVELOPE}BDAT 6 LAST\r\nQUIT\r\nRSET\r\nMAIL FROM:<>\r\nBDAT 6 last\r\nQUIT\r\nNOOP\r\nQUIT\r\n`

test('takes messages by DATA and by BDAT, and reads the chunk of an envelope without recipients to its end', () => {
  expect(codes(ALL)).toBe('250 250 250 354 250 250 250 250 250 250 503 250 221')
})

test('answers alike however the octets are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(ALL.length), { maxLength: 12 }), (cuts) => {
      expect(codes(ALL, cuts)).toBe(codes(ALL))
    }),
  )
})

test('ends a session whose BDAT has no size: what follows cannot be told from commands', () => {
  const session = new NullSession()
  expect(session.answer(Buffer.from(`${ENVELOPE}BDAT x LAST\r\nNOOP\r\n`))).toMatch(/501 [^\r]*\r\n$/)
  expect(session.hasEnded).toBe(true)
})
