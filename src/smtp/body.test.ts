import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dotStuff, textBody } from './message.ts'

describe('textBody', () => {
  it('has exactly the size asked for, in lines under 78 characters that end in CRLF, none with a dot first', () => {
    for (let sizeBytes = 2; sizeBytes <= 3_000; sizeBytes++) {
      const text = textBody(sizeBytes, sizeBytes).toString('latin1')
      expect(text.length).toBe(sizeBytes)
      const lines = text.split('\r\n')
      expect(lines.pop()).toBe('')
      expect(lines.every((line) => /^[a-z ]{0,77}$/.test(line))).toBe(true)
    }
  })

  it('is the same for the same seed and another for another', () => {
    expect(textBody(10_000, 7)).toEqual(textBody(10_000, 7))
    expect(textBody(10_000, 7)).not.toEqual(textBody(10_000, 8))
  })

  it('is empty for no bytes', () => {
    expect(textBody(0, 1)).toHaveLength(0)
  })
})

describe('dotStuff', () => {
  it.each([
    ['', ''],
    ['.\r\n', '..\r\n'],
    ['..\r\n', '...\r\n'],
    ['a.\r\n', 'a.\r\n'],
    ['.\r\n.\r\n.\r\n', '..\r\n..\r\n..\r\n'],
    ['a\r\n.b\r\n\r\n.\r\n', 'a\r\n..b\r\n\r\n..\r\n'],
    // RFC 5321 2.3.8: only CRLF ends a line.
    ['a\n.b\r.c\r\n', 'a\n.b\r.c\r\n'],
  ])('of %j is %j', (body, stuffed) => {
    expect(dotStuff(Buffer.from(body)).toString()).toBe(stuffed)
  })

  it('is undone by taking the first dot of each line away, and never leaves a line of one dot', () => {
    const pieces = fc.array(fc.constantFrom('.', '..', 'x', '\r\n', '\r\n.', '\xff', ' '))
    fc.assert(
      fc.property(pieces, (parts) => {
        const body = `${parts.join('')}\r\n`
        const lines = dotStuff(Buffer.from(body, 'latin1')).toString('latin1').split('\r\n')
        expect(lines).not.toContain('.')
        expect(lines.map((line) => (line.startsWith('.') ? line.slice(1) : line)).join('\r\n')).toBe(body)
      }),
    )
  })
})
