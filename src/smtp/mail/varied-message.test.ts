import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mailOf } from '../../mail/mail.ts'
import { envelopeFor } from './envelope.ts'
import { dotStuff } from './message.ts'
import { stuffed, VariedWriter } from './varied-message.ts'

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

test('writes header and end around the text that all bodies begin with, in any order of sizes', () => {
  const sizeBytes = {
    kind: 'weights',
    values: [700, 705, 2_000, 60_000, 70_000],
    weights: [1, 1, 1, 1, 1],
  } as const
  const mail = mailOf({
    ...{ runId: 'run7', seed: 3, dateMs: 0, sizeBytes },
    ...{ sender: 'jürgen@example.com', recipients: ['b@example.com'] },
  })
  const envelopes = fc.integer({ min: 0, max: 50 }).map((count) => {
    const recipients = Array.from({ length: count }, (_, index) => `r${index}@example.com`)
    return count === 0 ? undefined : envelopeFor('a@example.com', recipients, undefined)
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 200 }), envelopes)), (messages) => {
      const writer = new VariedWriter(mail)
      for (const [message, next] of messages) {
        const whole = [...mail.octetsOf(message), Buffer.from(`.\r\n${next?.whole ?? ''}`)]
        const written = Buffer.concat(writer.octets(message, next))
        expect(written.equals(Buffer.concat(whole))).toBe(true)
      }
    }),
  )
})
