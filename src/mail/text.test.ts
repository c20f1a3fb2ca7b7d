import { describe, expect, it } from 'vitest'
import { textBody } from './text.ts'

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
    // Mulberry32, so that a run can be repeated with another version.
    expect(textBody(40, 7).toString()).toBe('ab vqmohrwhexqgljqj h feejqxc rtv t zb\r\n')
  })

  it('is empty for no bytes', () => {
    expect(textBody(0, 1)).toHaveLength(0)
  })
})
