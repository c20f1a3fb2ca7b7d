import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReplyReader } from './reply-reader.ts'

function read(...chunks: string[]) {
  const reader = new ReplyReader()
  for (const chunk of chunks) reader.push(chunk)
  return reader.take(reader.ready)
}

test.each([
  ['one line', ['250 ok\r\n'], [{ code: 250, lines: ['ok'], longestLineBytes: 8, bareLf: false }]],
  ['a code alone', ['250\r\n'], [{ code: 250, lines: [''], longestLineBytes: 5, bareLf: false }]],
  [
    'several lines',
    ['250-a\r\n250-bcd\r\n250 e\r\n'],
    [{ code: 250, lines: ['a', 'bcd', 'e'], longestLineBytes: 9, bareLf: false }],
  ],
  [
    'two replies at once',
    ['250 a\r\n354 b\r\n'],
    [
      { code: 250, lines: ['a'], longestLineBytes: 7, bareLf: false },
      { code: 354, lines: ['b'], longestLineBytes: 7, bareLf: false },
    ],
  ],
  [
    'a line that LF alone ends, told',
    ['250 a\n'],
    [{ code: 250, lines: ['a'], longestLineBytes: 6, bareLf: true }],
  ],
  [
    'what is no reply, under code 0',
    ['hello there\r\n'],
    [{ code: 0, lines: ['hello there'], longestLineBytes: 13, bareLf: true }],
  ],
  ['half a reply not at all', ['250-a\r\n250 b'], []],
])('reads %s', (_title, chunks, replies) => {
  expect(read(...chunks)).toEqual(replies)
})

test('reads the same whatever the chunks are', () => {
  const all = '220 a.test\r\n250-a\r\n250 b\r\n354 go\r\n'
  fc.assert(
    fc.property(fc.array(fc.nat(all.length)), (places) => {
      const at = [0, ...places.toSorted((a, b) => a - b), all.length]
      const chunks = at.slice(1).map((end, index) => all.slice(at[index], end))
      expect(read(...chunks)).toEqual(read(all))
    }),
  )
})
