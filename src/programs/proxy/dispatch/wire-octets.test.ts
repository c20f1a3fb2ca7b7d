import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkHeader, UnfitMessage, WireEncoder } from './wire-message.ts'

/** What goes out for a message that comes in these chunks, and its size. */
function encoded(chunks: readonly Buffer[]): { wire: string; sizeBytes: number } {
  const encoder = new WireEncoder()
  const parts = chunks.flatMap((chunk) => encoder.push(chunk).map((part): Buffer => Buffer.from(part)))
  parts.push(...encoder.end())
  return { wire: Buffer.concat(parts).toString('latin1'), sizeBytes: encoder.sizeBytes }
}

const whole = (text: string) => encoded([Buffer.from(text, 'latin1')])

/** RFC 5321 4.1.1.4, 4.5.2, as a receiver has it. */
function received(wire: string): string {
  expect(wire.endsWith('\r\n.\r\n') || wire === '.\r\n').toBe(true)
  return wire.slice(0, -3).replace(/(^|\r\n)\./g, '$1')
}

const CASES: [string, string, string][] = [
  ['nothing', '', '.\r\n'],
  ['a line', 'a\r\n', 'a\r\n.\r\n'],
  ['a line without its end', 'a', 'a\r\n.\r\n'],
  ['a bare LF', 'a\nb\n', 'a\r\nb\r\n.\r\n'],
  ['a bare CR', 'a\rb\r', 'a\r\nb\r\n.\r\n'],
  ['CR CR LF', 'a\r\r\nb', 'a\r\n\r\nb\r\n.\r\n'],
  ['dots', '.\r\n..\r\na.\r\n.b', '..\r\n...\r\na.\r\n..b\r\n.\r\n'],
  ['a dot behind a bare LF, which some servers take for the end', 'a\n.\nb', 'a\r\n..\r\nb\r\n.\r\n'],
]

test.each(CASES)('writes %s', (_what, given, wire) => {
  expect(whole(given).wire).toBe(wire)
})

test('gives a receiver the same lines, however they are cut into chunks, and counts their octets', () => {
  const piece = fc.constantFrom('\r', '\n', '\r\n', '.', '..', 'a', 'bc', '\r\n.\r\n', '\n.', 'x'.repeat(300))
  fc.assert(
    fc.property(fc.array(fc.array(piece, { maxLength: 8 }), { maxLength: 6 }), (pieces) => {
      const chunks = pieces.map((parts) => Buffer.from(parts.join(''), 'latin1'))
      const text = Buffer.concat(chunks).toString('latin1')
      if (/[^\r\n]{999}/.test(text)) return
      const lines = text.replace(/\r\n|\r|\n/g, '\r\n')
      const expected = lines === '' || lines.endsWith('\r\n') ? lines : `${lines}\r\n`
      const { wire, sizeBytes } = encoded(chunks)
      expect(received(wire)).toBe(expected)
      // The end of the last line is added after the count of what came.
      expect(sizeBytes).toBe(expected.length)
      expect(wire.replace(/\r\n/g, '')).not.toMatch(/[\r\n]/)
    }),
    { numRuns: 2_000 },
  )
})

test('refuses a line of more than 998 octets, in one chunk or in many', () => {
  expect(() => whole(`${'x'.repeat(998)}\r\n`)).not.toThrow()
  expect(() => whole('x'.repeat(999))).toThrow(UnfitMessage)
  expect(() => encoded(Array(999).fill(Buffer.from('x')))).toThrow('999 octets')
})

describe('a header', () => {
  const meant = ['Subject', 'X-Own']
  const check =
    (text: string, encoding: BufferEncoding = 'utf8') =>
    () =>
      checkHeader(Buffer.from(text, encoding), meant)

  test.each([
    ['its fields in any case and order', 'x-own: a\r\nSUBJECT: b'],
    ['fewer fields', 'Subject: b'],
    ['folded fields', `Subject: a\r\n ${'b'.repeat(997)}\r\n\tc`],
  ])('may have %s', (_what, text) => {
    expect(check(text)).not.toThrow()
  })

  test.each([
    ['a field that was not meant', 'Subject: a\r\nBcc: b', 'unintended field: bcc'],
    ['a field twice that was meant once', 'Subject: a\r\nSubject: b', 'unintended field: subject'],
    ['an empty line', 'Subject: a\r\n\r\nbody', 'end before its last field'],
    ['a bare LF', 'Subject: a\nBcc: b', 'octet 10'],
    ['a bare CR', 'Subject: a\rBcc: b', 'octet 13'],
    ['a NUL', 'Subject: a\0b', 'octet 0'],
    ['octets beyond ASCII', 'Subject: \u010d', 'octet 196'],
    ['a line that is no field', 'Subject: a\r\nno field', 'not a field'],
    ['a blank at its begin', ' Subject: a', 'begin with a blank'],
    ['a line of 999 octets', `Subject: ${'a'.repeat(990)}`, '999 octets'],
  ])('may not have %s', (_what, text, why) => {
    expect(check(text)).toThrow(why)
  })

  test('is checked as octets, where U+010D and U+010A that were narrowed are CR and LF', () => {
    expect(check('Subject: a\u010d\u010aBcc: b', 'latin1')).toThrow('unintended field: bcc')
  })
})
