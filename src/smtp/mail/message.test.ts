import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messageId } from '../../mail/id.ts'
import { MessageTemplate, type TemplateOptions } from '../../mail/template.ts'
import { envelopeFor } from './envelope.ts'
import { dotStuff, TemplateWriter } from './message.ts'

const options: TemplateOptions = {
  runId: 'run7',
  sender: 'a@example.com',
  recipients: ['b@example.com', 'c@example.com'],
  sizeBytes: 10_240,
  seed: 3,
  dateMs: Date.UTC(2026, 10, 22, 6, 0, 0),
}
const ENVELOPE = envelopeFor('a@example.com', ['b@example.com'], undefined)

const writerOf = (template: MessageTemplate) => new TemplateWriter(template, ENVELOPE)

function written(number: number, changes: Partial<TemplateOptions> = {}, envelopeFollows = false): string {
  const writer = writerOf(new MessageTemplate({ ...options, ...changes }))
  return Buffer.concat(writer.octets(number, envelopeFollows ? ENVELOPE : undefined)).toString('latin1')
}

function partsOf(text: string): { headers: Record<string, string>; body: string } {
  const end = text.indexOf('\r\n\r\n')
  const lines = text.slice(0, end).split('\r\n')
  const headers = lines.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string])
  return { headers: Object.fromEntries(headers), body: text.slice(end + 4, -'.\r\n'.length) }
}

describe('a message', () => {
  it.each([1_024, 10_240, 65_000, 65_536, 102_400, 1_048_576])(
    'of %d bytes is exactly that long before its final dot',
    (sizeBytes) => {
      const text = written(0, { sizeBytes })
      expect(text.length).toBe(sizeBytes + '.\r\n'.length)
      expect(text.endsWith('\r\n.\r\n')).toBe(true)
      expect(new MessageTemplate({ ...options, sizeBytes }).sizeBytes).toBe(sizeBytes)
    },
  )

  it.each([10_240, 200_000])(
    'of %d bytes carries its number in both ids and nothing else differs',
    (sizeBytes) => {
      const writer = writerOf(new MessageTemplate({ ...options, sizeBytes }))
      const texts = [0, 42, 9_999_999_999, 7].map((number) =>
        Buffer.concat(writer.octets(number, undefined)).toString('latin1'),
      )
      const ids = ['run7-0000000000', 'run7-0000000042', 'run7-9999999999', 'run7-0000000007']
      texts.forEach((text, index) => {
        const { headers } = partsOf(text)
        expect(headers['X-Mailstorm-Id']).toBe(ids[index])
        expect(headers['Message-ID']).toBe(`<${ids[index]}@mailstorm.test>`)
        expect(text.replaceAll(ids[index] as string, 'ID')).toBe(
          texts[0]?.replaceAll('run7-0000000000', 'ID'),
        )
      })
      expect(ids[1]).toBe(messageId('run7', 42))
    },
  )

  it('has the headers that RFC 5322 3.6 asks for, and the CRC of its body', () => {
    const { headers, body } = partsOf(written(1))
    expect(headers).toMatchObject({
      From: '<a@example.com>',
      To: '<b@example.com>',
      Subject: 'mailstorm load test message',
      Date: 'Sun, 22 Nov 2026 06:00:00 +0000',
      'MIME-Version': '1.0',
      'Content-Type': 'text/plain; charset=us-ascii',
      'X-Mailstorm-Body-Crc': crc32(Buffer.from(body, 'latin1')).toString(16).padStart(8, '0'),
    })
  })

  it('has no line of 78 characters or more', () => {
    expect(
      Math.max(
        ...written(1)
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThan(78)
  })

  it.each([10_240, 200_000])(
    'of %d bytes can have the next envelope behind it, and not the next time',
    (sizeBytes) => {
      const writer = writerOf(new MessageTemplate({ ...options, sizeBytes }))
      const alone = Buffer.concat(writer.octets(5, undefined)).toString('latin1')
      expect(Buffer.concat(writer.octets(5, ENVELOPE)).toString('latin1')).toBe(alone + ENVELOPE.whole)
      expect(Buffer.concat(writer.octets(5, undefined)).toString('latin1')).toBe(alone)
    },
  )

  it('does not share its number with a message of another writer', () => {
    const template = new MessageTemplate(options)
    const first = writerOf(template).octets(1, undefined)
    writerOf(template).octets(2, undefined)
    expect(partsOf(Buffer.concat(first).toString('latin1')).headers['X-Mailstorm-Id']).toBe('run7-0000000001')
  })

  it('is refused when its header alone is longer than it may be', () => {
    const refused = (sizeBytes: number) => () => written(0, { sizeBytes })
    const headBytes = written(0).indexOf('\r\n\r\n') + 4
    expect(refused(100)).toThrow(
      [
        `Failed to build a message of 100 bytes: its header alone takes ${headBytes}.`,
        `Ask for at least ${headBytes + 2} bytes.`,
      ].join('\n'),
    )
    expect(refused(headBytes + 1)).toThrow(`Ask for at least ${headBytes + 2} bytes.`)
    expect(partsOf(written(0, { sizeBytes: headBytes + 2 })).body).toBe('\r\n')
  })
})

describe('a message with a body of its own', () => {
  it('stuffs its dots, and counts size and CRC without them', () => {
    const body = Buffer.from('.\r\n..x\r\n\xff\r\n', 'latin1')
    const text = written(0, { body })
    const { headers, body: sent } = partsOf(text)
    expect(sent).toBe('..\r\n...x\r\n\xff\r\n')
    expect(headers['X-Mailstorm-Body-Crc']).toBe(crc32(body).toString(16).padStart(8, '0'))
    expect(new MessageTemplate({ ...options, body }).sizeBytes).toBe(text.length - '.\r\n'.length - 2)
  })

  it('may be empty', () => {
    expect(partsOf(written(0, { body: new Uint8Array() })).body).toBe('')
  })

  it.each(['no line end', 'lf only\n', 'cr only\r'])(
    'is refused when it does not end in CRLF: %j',
    (body) => {
      // The final dot would become part of its last line, and no server would ever answer.
      expect(() => written(0, { body: Buffer.from(body) })).toThrow(/Failed to build a message/)
    },
  )
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
