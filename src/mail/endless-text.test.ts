import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EndlessText } from './endless-text.ts'

it('has bodies of exactly the length asked for, in lines under 78 characters, with their CRC', () => {
  const text = new EndlessText(3, 5_000_000)
  const lengths = fc.oneof(fc.integer({ min: 2, max: 400 }), fc.integer({ min: 2, max: 5_000_000 }))
  fc.assert(
    fc.property(lengths, (bytes) => {
      const known = text.bodyOf(bytes)
      const { crc } = known
      const body = Buffer.concat(text.parts(known))
      expect(body.length).toBe(bytes)
      expect(crc).toBe(crc32(body))
      // Its end is what is made for it, and the rest is looked through in one test below.
      const lines = body.subarray(-400).toString('latin1').split('\r\n')
      expect(lines.pop()).toBe('')
      // The first one may be cut in the middle of its CRLF.
      const whole = bytes <= 400 ? lines : lines.slice(1)
      expect(whole.every((line) => /^[a-z ]{0,76}$/.test(line))).toBe(true)
    }),
    { examples: [[2], [3], [78], [79], [80], [1_267_275], [1_048_320], [1_048_321], [2_096_640]] },
  )
})

it('repeats its block line by line, and holds no more of it however long a body is', () => {
  const text = new EndlessText(3, 50_000_000)
  const parts = text.parts(text.bodyOf(50_000_000))
  expect(new Set(parts.map(({ buffer }) => buffer)).size).toBeLessThanOrEqual(2)
  const lines = Buffer.concat(parts).toString('latin1').split('\r\n')
  expect(lines.slice(0, -2).every((line) => line.length === 76)).toBe(true)
})
