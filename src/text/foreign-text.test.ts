import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutText, foreignText } from './foreign-text.ts'

test.for([
  ['plain text stays as it is', '550 5.1.1 no such user', '550 5.1.1 no such user'],
  ['letters of any script and emoji stay', '550 Empfänger 不明 🦄', '550 Empfänger 不明 🦄'],
  ['line ends become one space', 'a\r\nb\nc', 'a b c'],
  ['NUL, which a database refuses', '550 bad\0guy', '550 bad guy'],
  ['C0, DEL and C1', 'a\u0001b\u007fc\u0085d', 'a b c d'],
  ['tabs', 'a\t\tb', 'a b'],
  ['line and paragraph separators', 'a\u2028b\u2029c', 'a b c'],
  ['embeddings, overrides, isolates', 'a\u202ab\u202ec\u2066d\u2069e', 'a b c d e'],
  ['direction marks', 'a\u200eb\u200fc\u061cd', 'a b c d'],
  ['a lone high surrogate', 'a\ud83eb', 'a\ufffdb'],
  ['a lone low surrogate at the end', 'a\udd84', 'a\ufffd'],
  ['colours and cursor movements go', '\u001b[31mred\u001b[0m\u001b[2Jx', 'redx'],
  ['titles of terminals go', '\u001b]0;owned\u0007ok', 'ok'],
  ['titles that ST ends go', '\u001b]0;owned\u001b\\ok', 'ok'],
  ['device control strings go', '\u001bPq#0\u001b\\ok\u0090q\u009cok', 'okok'],
  ['a title without an end hides nothing', '\u001b]0;shown', '0;shown'],
  ['a terminal is not reset', 'a\u001bcb', 'ab'],
  ['a lone escape goes', 'a\u001b', 'a'],
  ['8-bit CSI goes', 'a\u009b31mb', 'ab'],
  ['space around it goes', '\0 a \n', 'a'],
])('foreign text: %s', ([, given, expected]) => {
  expect(foreignText(given)).toBe(expected)
})

test('turns values other than strings into text', () => {
  expect([undefined, null, 550, { toString: () => 'a\0b' }].map((one) => foreignText(one))).toEqual([
    '',
    '',
    '550',
    'a b',
  ])
})

test.for([
  ['fits', 'abcd', 4, 'abcd'],
  ['is cut with an ellipsis', 'abcde', 4, 'abc…'],
  ['counts characters, not units of UTF-16', '🦄🦄🦄🦄', 4, '🦄🦄🦄🦄'],
  ['is never cut in the middle of a character', 'ab🦄🦄🦄', 4, 'ab🦄…'],
  ['leaves one character', 'abc', 1, '…'],
  ['leaves none', 'abc', 0, ''],
] as const)('length: %s', ([, given, length, expected]) => {
  expect(foreignText(given, length)).toBe(expected)
  expect(cutText(given, length)).toBe(expected)
})

test('marks a cut even when only unexamined text is missing', () => {
  expect(foreignText(`ab${'\0'.repeat(10_000)}c`, 10)).toBe('ab…')
})

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ min: 0, max: 0xff_ff }), { maxLength: 60 })
    .map((units) => String.fromCharCode(...units)),
  fc
    .array(
      fc.constantFrom('\u001b', '[', ']', '\u009b', '\u0007', '\ud83e', '\udd84', '\u202e', 'a', '0', ' '),
    )
    .map((parts) => parts.join('')),
)

test('whatever comes, the text is one well-formed printable line within its length, and cleaning again changes nothing', () => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 50 }), (given, length) => {
      const text = foreignText(given, length)
      expect(text.isWellFormed()).toBe(true)
      expect(text).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u)
      expect([...text].length).toBeLessThanOrEqual(length)
      expect(foreignText(text, length)).toBe(text)
    }),
  )
})

test('a long hostile text costs no more than its length allows', () => {
  const hostile = ['\u001b]', '\u001b[', '\u009b0', '\u0090', '\u2028'].map((part) => part.repeat(1_000_000))
  const fromMs = performance.now()
  for (const text of hostile) foreignText(text)
  expect(performance.now() - fromMs).toBeLessThan(1_000)
})
