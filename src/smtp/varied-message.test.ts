import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dotStuff } from './message.ts'
import { stuffed } from './varied-message.ts'

const piece = fc.constantFrom('\r\n', '\r\n.', '.', '..', '\r', '\n', '\n.', 'a', '.\r\n', '\r\n.\r\n')
const parts = fc.array(
  fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
  { maxLength: 5 },
)

test('doubles the same dots whatever the parts of a message are', () => {
  fc.assert(
    fc.property(parts, (texts) => {
      const sent = stuffed(texts.map((text) => Buffer.from(text)))
      expect(Buffer.concat(sent).toString()).toBe(dotStuff(Buffer.from(texts.join(''))).toString())
    }),
    { numRuns: 2_000 },
  )
})

test('copies nothing of a large message', () => {
  const body = Buffer.alloc(1_000_000, 'x')
  body.write('\r\n.', 500_000)
  const sent = stuffed([body])
  expect(sent.map(({ length }) => length)).toEqual([500_003, 499_998])
  expect(sent.map(({ buffer }) => buffer === body.buffer)).toEqual([true, true])
})
