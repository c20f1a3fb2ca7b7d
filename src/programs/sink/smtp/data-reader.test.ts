import fc from 'fast-check'
import { expect, test } from 'vitest'
import { stuffed } from '../contract/raw-smtp.ts'
import { DataReader } from './data-reader.ts'

function read(wire: string, cuts: readonly number[] = []): { content: string; rest: string | undefined } {
  let content = ''
  const reader = new DataReader((piece) => {
    content += piece.toString('latin1')
  })
  const bytes = Buffer.from(wire, 'latin1')
  const ends = [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
  let at = 0
  for (const [index, end] of ends.entries()) {
    const rest = reader.push(bytes.subarray(at, end))
    at = end
    if (rest === undefined) continue
    return {
      content,
      rest:
        rest.toString('latin1') +
        ends
          .slice(index + 1)
          .map((next) => {
            const piece = bytes.toString('latin1', at, next)
            at = next
            return piece
          })
          .join(''),
    }
  }
  return { content, rest: undefined }
}

test.each([
  ['an ordinary message', 'a\r\nb\r\n.\r\nQUIT', 'a\r\nb\r\n', 'QUIT'],
  ['an empty message', '.\r\n', '', ''],
  ['a message of one empty line', '\r\n.\r\n', '\r\n', ''],
  ['a stuffed first line', '..a\r\n.\r\n', '.a\r\n', ''],
  ['a first line of one stuffed dot', '..\r\n.\r\n', '.\r\n', ''],
  ['a dot that nobody stuffed', '.a\r\n.b\r\n.\r\n', 'a\r\nb\r\n', ''],
  ['a dot before a bare CR', '.\ra\r\n.\rb\r\n.\r\n', '\ra\r\n\rb\r\n', ''],
  ['line feeds around a dot', 'a\n.\nb\n.\r\nc\r\n.\nd\r\n.\r\n', 'a\n.\nb\n.\r\nc\r\n\nd\r\n', ''],
  ['a bare CR before the end', 'a\r\r\n.\r\n', 'a\r\r\n', ''],
])('reads %s, whole or byte by byte', (_, wire, content, rest) => {
  expect(read(wire)).toEqual({ content, rest })
  expect(
    read(
      wire,
      Array.from({ length: wire.length }, (_, i) => i),
    ),
  ).toEqual({ content, rest })
})

test('does not end at a line feed, and goes on waiting', () => {
  expect(read('a\n.\n').rest).toBeUndefined()
  expect(read('a\r\n.').rest).toBeUndefined()
  expect(read('a\r\n.\r').rest).toBeUndefined()
})

test('gives back any content that was stuffed, wherever TCP cuts it', () => {
  const piece = fc.constantFrom('\r\n', '.', '..', '\r', '\n', '\r\n.', 'a', '\r\n.\r\n', '\0', '\xff')
  const content = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''))
  const cuts = fc.array(fc.nat(80), { maxLength: 12 })
  fc.assert(
    fc.property(content, cuts, (text, where) => {
      const wire = `${stuffed(text).toString('latin1')}\r\n.\r\nNEXT`
      expect(read(wire, where)).toEqual({ content: `${text}\r\n`, rest: 'NEXT' })
    }),
    { seed: 5321, numRuns: 2_000 },
  )
})
