import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReplyReader } from './replies.ts'

function read(...chunks: string[]) {
  const reader = new ReplyReader()
  for (const chunk of chunks) reader.push(chunk)
  return reader.take(reader.ready)
}

test.each([
  [
    'one line',
    ['250 ok\r\n'],
    [{ code: 250, codes: [250], lines: ['ok'], longestLineBytes: 8, bareLf: false }],
  ],
  [
    'a code alone',
    ['250\r\n'],
    [{ code: 250, codes: [250], lines: [''], longestLineBytes: 5, bareLf: false }],
  ],
  [
    'several lines',
    ['250-a\r\n250-bcd\r\n250 e\r\n'],
    [{ code: 250, codes: [250], lines: ['a', 'bcd', 'e'], longestLineBytes: 9, bareLf: false }],
  ],
  [
    'two replies at once',
    ['250 a\r\n354 b\r\n'],
    [
      { code: 250, codes: [250], lines: ['a'], longestLineBytes: 7, bareLf: false },
      { code: 354, codes: [354], lines: ['b'], longestLineBytes: 7, bareLf: false },
    ],
  ],
  [
    'a line that LF alone ends, told',
    ['250 a\n'],
    [{ code: 250, codes: [250], lines: ['a'], longestLineBytes: 6, bareLf: true }],
  ],
  [
    'lines of different codes as one reply of all of them',
    ['250-a\r\n251-b\r\n250 c\r\n'],
    [{ code: 250, codes: [250, 251], lines: ['a', 'b', 'c'], longestLineBytes: 7, bareLf: false }],
  ],
  ['what is no reply not as one', ['hello there\r\n2500 a\r\n250_a\r\n\n'], []],
  ['half a reply not at all', ['250-a\r\n250 b'], []],
])('reads %s', (_title, chunks, replies) => {
  expect(read(...chunks)).toEqual(replies)
})

test('reads the same replies however they are chunked', () => {
  const all = '220 a.test\r\n250-a\r\n250 b\r\n354 go\r\n'
  fc.assert(
    fc.property(fc.array(fc.nat(all.length)), (places) => {
      const at = [0, ...places.toSorted((a, b) => a - b), all.length]
      const chunks = at.slice(1).map((end, index) => all.slice(at[index], end))
      expect(read(...chunks)).toEqual(read(all))
    }),
  )
})

test.each([
  ['without a code', 'hello there\r\n250 ok\r\n', ['hello there']],
  ['with four digits', '2500 ok\r\n250 ok\r\n', ['2500 ok']],
  ['with another separator', '250_ok\n250 ok\r\n', ['250_ok']],
  ['within a reply', '250-a\r\njunk\r\n250 ok\r\n', ['junk']],
])('gives lines %s apart, and the reply besides', (_title, text, strays) => {
  const reader = new ReplyReader()
  reader.push(text)
  expect(reader.takeStrays()).toEqual(strays)
  expect(reader.take(1)).toMatchObject([{ code: 250, bareLf: false }])
})

test.each([
  ['lines of one reply', '250-x\r\n'],
  ['octets without a line end', 'x'],
  ['lines that are no replies', 'junk\r\n'],
  ['whole replies', '250 ok\r\n'],
])('reads no more when there is no end of %s', (_title, text) => {
  const reader = new ReplyReader()
  let pushed = 0
  while (!reader.overflowed && pushed < 10_000_000) {
    reader.push(text.repeat(1_000))
    pushed += text.length * 1_000
  }
  expect(reader.overflowed).toBe(true)
  expect(pushed).toBeLessThan(140_000)
  const kept = JSON.stringify([reader.take(Number.POSITIVE_INFINITY), reader.takeStrays()])
  expect(kept.length).toBeLessThan(150_000)
})

test('keeps the beginning of a long line, and its length', () => {
  const [reply] = read(`250 ${'x'.repeat(20_000)}\r\n`)
  expect(reply).toMatchObject({ code: 250, longestLineBytes: 20_006 })
  expect(reply?.lines[0]).toHaveLength(1_000)
})
