import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  enhancedStatus,
  isCompletion,
  isGoAhead,
  type Reply,
  ReplyParser,
  ReplySyntaxError,
  replyText,
} from './reply.ts'

const STALE = Buffer.from('\r\n250 stale\r\n')

/** All replies, and the error that ended them if there was one. */
function parse(chunks: readonly Buffer[]): {
  replies: Reply[]
  error: string | undefined
  midReply: boolean
} {
  const parser = new ReplyParser()
  const replies: Reply[] = []
  let error: string | undefined
  try {
    // As the socket's buffer does, each chunk has octets of an earlier one behind it.
    for (const chunk of chunks)
      parser.push(Buffer.concat([chunk, STALE]), chunk.length, (reply) => replies.push(reply))
  } catch (thrown) {
    if (!(thrown instanceof ReplySyntaxError)) throw thrown
    error = thrown.message
  }
  return { replies, error, midReply: parser.midReply }
}

const parseText = (text: string) => parse([Buffer.from(text, 'latin1')])

/** Cuts octets after the given lengths. */
function cut(octets: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  let at = 0
  for (const length of lengths) {
    chunks.push(octets.subarray(at, at + length))
    at += length
  }
  return [...chunks, octets.subarray(at)]
}

const code = fc.constantFrom(220, 250, 354, 421, 450, 535, 550, 559)
const text = fc.string({
  unit: fc.integer({ min: 32, max: 126 }).map((char) => String.fromCharCode(char)),
  maxLength: 40,
})
const reply = fc.record({ code, lines: fc.array(text, { minLength: 1, maxLength: 5 }) })
const octetsOf = ({ code, lines }: Reply) =>
  lines.map((line, index) => `${code}${index === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('')

describe('ReplyParser', () => {
  it('reads every reply, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.array(reply), fc.array(fc.nat(30)), (replies, lengths) => {
        const octets = Buffer.from(replies.map(octetsOf).join(''))
        expect(parse(cut(octets, lengths))).toEqual({ replies, error: undefined, midReply: false })
      }),
    )
  })

  it('finds the same fault in broken replies, whatever the chunks', () => {
    const piece = fc.constantFrom(
      '250',
      '-',
      ' ',
      'ok',
      '\r\n',
      '\n',
      '\r',
      '354 go\r\n',
      '199 x\r\n',
      '\xff',
      '\0',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(6)), (pieces, lengths) => {
        const octets = Buffer.from(pieces.join(''), 'latin1')
        const [whole, inChunks] = [parse([octets]), parse(cut(octets, lengths))]
        expect({ ...inChunks, midReply: 0 }).toEqual({ ...whole, midReply: 0 })
      }),
    )
  })

  it.each([7_000, 8_190, 8_191, 8_192, 8_193, 9_000, 60_000])(
    'judges a line of %d octets alike in one chunk and octet by octet',
    (length) => {
      const octets = Buffer.from(`250 ${'x'.repeat(length - 6)}\r\n`)
      const bytewise = cut(octets, Array<number>(length - 1).fill(1))
      expect(parse(bytewise).error).toBe(parse([octets]).error)
      expect(parse([octets]).error !== undefined).toBe(length > 8_192)
    },
  )

  it.each([
    ['250\r\n', [{ code: 250, lines: [''] }], 'a code alone (RFC 5321 4.2: text may be missing)'],
    ['250 \r\n', [{ code: 250, lines: [''] }], 'a code and a space'],
    ['200 ok\r\n', [{ code: 200, lines: ['ok'] }], 'the lowest code'],
    ['559 no\r\n', [{ code: 559, lines: ['no'] }], 'the highest'],
    ['250-a\r\n250\r\n', [{ code: 250, lines: ['a', ''] }], 'a last line without text'],
    [
      '250 a\r\n354 b\r\n',
      [
        { code: 250, lines: ['a'] },
        { code: 354, lines: ['b'] },
      ],
      'two at once',
    ],
    ['250 gr\xc3\xbc\xc3\x9fe\r\n', [{ code: 250, lines: ['grüße'] }], 'UTF-8 (RFC 6531)'],
    ['250 a\rb\r\n', [{ code: 250, lines: ['a\rb'] }], 'a CR within'],
  ])('reads %j: %3$s', (octets, replies) => {
    expect(parseText(octets)).toEqual({ replies, error: undefined, midReply: false })
  })

  it.each([
    ['250 ok\n', 'bare LF'],
    ['\n', 'bare LF'],
    ['250-a\n250 b\r\n', 'bare LF'],
    ['\r\n', 'not an SMTP reply'],
    ['25\r\n', 'not an SMTP reply'],
    ['2500 ok\r\n', 'not an SMTP reply'],
    ['250_ok\r\n', 'not an SMTP reply'],
    ['199 ok\r\n', 'not an SMTP reply'],
    ['600 ok\r\n', 'not an SMTP reply'],
    ['150 ok\r\n', 'not an SMTP reply'],
    ['2/0 ok\r\n', 'not an SMTP reply'],
    ['25/ ok\r\n', 'not an SMTP reply'],
    ['260 ok\r\n', 'not an SMTP reply'],
    ['25x ok\r\n', 'not an SMTP reply'],
    ['HTTP/1.1 400 Bad Request\r\n', 'not an SMTP reply: HTTP/1.1 400 Bad Request'],
    ['\x00\x1b[2J\r\n', 'not an SMTP reply: \\x00\\x1b[2J'],
    ['250-a\r\n251 b\r\n', 'different codes: 250 and 251'],
    ['250-a\r\n'.repeat(513), 'more than 512 lines'],
  ])('refuses %j', (octets, why) => {
    expect(parseText(octets).error).toContain(why)
  })

  it('limits each line, not the chunk that many came in', () => {
    const { replies, error, midReply } = parseText(`${'250 ok\r\n'.repeat(2_000)}250 not yet`)
    expect([replies.length, error, midReply]).toEqual([2_000, undefined, true])
  })

  it('does not wait for the end of a line that is too long already', () => {
    expect(parseText('2'.repeat(8_191)).error).toBeUndefined()
    expect(parseText('2'.repeat(8_192)).error).toBe('reply line longer than 8192 octets')
  })

  it('takes a reply of 512 lines', () => {
    expect(parseText(`${'250-a\r\n'.repeat(511)}250 b\r\n`)).toMatchObject({
      replies: [{ code: 250, lines: expect.objectContaining({ length: 512, 511: 'b' }) }],
      error: undefined,
    })
  })

  it('shows both codes of a reply that changes its mind, and what the line said that did', () => {
    expect(parseText('250-first\r\n250-second\r\n550 third\x07\r\n').error).toBe(
      'lines of one reply with different codes: 250 and 550: 250 first | second | 550 third',
    )
  })

  it('shows at most 80 octets of what is no reply', () => {
    expect(parseText(`${'x'.repeat(100)}\r\n`).error).toBe(`not an SMTP reply: ${'x'.repeat(80)}`)
  })

  it.each([
    ['', false],
    ['2', true],
    ['250 ok\r', true],
    ['250-a\r\n', true],
    ['250 ok\r\n', false],
    ['250 ok\r\n3', true],
  ])('after %j is in the middle of a reply: %s', (octets, midReply) => {
    expect(parseText(octets)).toMatchObject({ midReply, error: undefined })
  })

  it('tells replies apart that differ in one octet, however often the one has been read', () => {
    const read = (octets: string) => parseText(octets).replies[0]?.lines[0]
    for (const text of ['2.1.0 Ok', '2.1.0 OK', '2.1.0 Ok', '2.1.5 Ok', '2.1.0 Ok'])
      expect(read(`250 ${text}\r\n`)).toBe(text)
    expect(parseText('251 2.1.0 Ok\r\n').replies).toEqual([{ code: 251, lines: ['2.1.0 Ok'] }])
    expect(parseText('250-2.1.0 Ok\r\n250 2.1.0 Ok\r\n').replies[0]?.lines).toEqual(['2.1.0 Ok', '2.1.0 Ok'])
  })

  it('takes no known reply for a masked one', () => {
    const read = (mask?: (text: string) => string) => {
      const parser = new ReplyParser(mask)
      let text: string | undefined
      parser.push(Buffer.from('250 said secret\r\n'), 17, ({ lines }) => {
        text = lines[0]
      })
      return text
    }
    const mask = (text: string) => text.replace('secret', '***')
    expect([read(), read(mask), read()]).toEqual(['said secret', 'said ***', 'said secret'])
  })

  it('keeps no hold of the memory of a chunk, which the socket uses again', () => {
    const parser = new ReplyParser()
    const replies: Reply[] = []
    const chunk = Buffer.from('250 o')
    parser.push(chunk, chunk.length, (one) => replies.push(one))
    chunk.fill('x')
    parser.push(Buffer.from('k\r\n'), 3, (one) => replies.push(one))
    expect(replies).toEqual([{ code: 250, lines: ['ok'] }])
  })
})

describe('a reply', () => {
  const reply = (code: number): Reply => ({ code, lines: ['said'] })

  it.each([
    [200, true],
    [250, true],
    [251, true],
    [299, true],
    // They answer the greeting, QUIT and AUTH alone (RFC 5321 4.2.3, RFC 4954 6).
    [220, false],
    [221, false],
    [235, false],
    [300, false],
    [354, false],
    [450, false],
    [550, false],
  ])('of %d completes what was asked: %s', (code, completes) => {
    expect(isCompletion(reply(code))).toBe(completes)
  })

  it.each([220, 221, 235] as const)('of %d completes only that which it answers', (own) => {
    expect([220, 221, 235, 250, 251, 354].filter((code) => isCompletion(reply(code), own))).toEqual(
      [220, 221, 235, 250, 251].filter((code) => code === own || code >= 250),
    )
  })

  it.each([
    [299, false],
    [300, true],
    [354, true],
    [399, true],
    // RFC 4954 4: a challenge of AUTH.
    [334, false],
    [400, false],
    [250, false],
  ])('of %d lets DATA go on: %s', (code, goesOn) => {
    expect(isGoAhead(reply(code))).toBe(goesOn)
  })
})

describe('enhancedStatus', () => {
  it.each([
    ['5.7.1 no', '5.7.1'],
    ['2.0.0', '2.0.0'],
    ['4.123.456 x', '4.123.456'],
    ['no 5.7.1', undefined],
    ['3.1.1 x', undefined],
    ['5.7.1.2 x', undefined],
    ['5.1234.1 x', undefined],
    ['', undefined],
  ])('of "%s" is %s', (line, status) => {
    expect(enhancedStatus({ code: 550, lines: [line, '5.9.9 later line'] })).toBe(status)
  })
})

describe('replyText', () => {
  it('is one line without control characters, of bounded length', () => {
    expect(replyText({ code: 550, lines: ['a\x1b', 'b\t'] })).toBe('550 a | b')
    expect(replyText({ code: 550, lines: ['bad\0guy\u202e', '\u2028x'] })).toBe('550 bad guy | x')
    expect(replyText({ code: 550, lines: [`${'x'.repeat(494)}🦄🦄`] }).isWellFormed()).toBe(true)
    expect(replyText({ code: 550, lines: ['x'.repeat(8_000)] })).toHaveLength(500)
  })
})
