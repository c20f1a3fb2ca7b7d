import fc from 'fast-check'
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import smtpServer from 'smtp-server/package.json' with { type: 'json' }
import { expect, test } from 'vitest'
import { assertReplaceable, ContentStream } from './prompt-server.ts'

test('is written for npm smtp-server 3.21: read its changes before you raise it', () => {
  expect(smtpServer.version).toMatch(/^3\.21\./)
})

test('the installed npm smtp-server is as our replacements expect it', () => {
  expect(() => assertReplaceable()).not.toThrow()
})

test('refuses to run with a changed package, and says what is missing', () => {
  expect(() => assertReplaceable([[SMTPConnection, 'init', 'setTimeout(ready, 200)']])).toThrow(
    'Failed to start: the installed npm smtp-server has no "setTimeout(ready, 200)" in init().',
  )
  expect(() => assertReplaceable([[SMTPConnection, 'noSuchMethod', 'x']])).toThrow('in noSuchMethod()')
})

interface Parsed {
  readonly content: string
  readonly bytes: number
  readonly commands: readonly string[]
}

/** Parses as a connection does: DATA, content and what follows, cut wherever TCP cuts. */
async function parsed(wire: string, cuts: readonly number[] = []): Promise<Parsed> {
  const stream = new ContentStream()
  const commands: string[] = []
  let content = ''
  let bytes = 0
  stream.oncommand = (command, next) => {
    commands.push(command.toString('latin1'))
    if (commands.at(-1) === 'DATA') {
      const data = stream.startDataMode()
      data.on('data', (chunk: Buffer) => {
        content += chunk.toString('latin1')
      })
      data.on('end', () => {
        bytes = data.byteLength
        stream.continue()
      })
    }
    next?.()
  }
  const octets = Buffer.from(wire, 'latin1')
  const ends = [...cuts.filter((cut) => cut < octets.length).toSorted((a, b) => a - b), octets.length]
  let at = 0
  for (const end of ends) {
    stream.write(octets.subarray(at, end))
    at = end
  }
  stream.end()
  await new Promise((resolve) => stream.once('finish', resolve))
  return { content, bytes, commands }
}

test.each([
  ['two dots behind a bare LF', 'one\n..two\r\n.\r\n', 'one\n..two\r\n'],
  ['two dots behind a bare CR', 'one\r..two\r\n.\r\n', 'one\r..two\r\n'],
  ['a stuffed dot', 'one\r\n..two\r\n.\r\n', 'one\r\n.two\r\n'],
  ['a stuffed dot in the first line', '..one\r\n.\r\n', '.one\r\n'],
  ['no line at all', '.\r\n', ''],
])('takes the stuffed dot behind CRLF alone (RFC 5321 4.5.2): %s', async (_title, wire, content) => {
  const whole = { content, bytes: content.length, commands: ['DATA', 'NEXT'] }
  expect(await parsed(`DATA\r\n${wire}NEXT\r\n`)).toEqual(whole)
  expect(
    await parsed(
      `DATA\r\n${wire}NEXT\r\n`,
      [...wire].map((_, at) => at + 6),
    ),
  ).toEqual(whole)
})

test('no other line end ends a message', async () => {
  const text = 'a\n.\nb\n.\r\nc\r.\rd\r.\r\ne\r\n.\n'
  const { content, commands } = await parsed(
    `DATA\r\n${text.replace('\r\n.\n', '\r\n..\n')}f\r\n.\r\nNEXT\r\n`,
  )
  expect(content).toBe(`${text}f\r\n`)
  expect(commands).toEqual(['DATA', 'NEXT'])
})

test('restores dot-stuffed content wherever TCP cuts it, and passes on the command after it', async () => {
  const piece = fc.constantFrom(
    '\r\n',
    '.',
    '..',
    '\r',
    '\n',
    '\n..',
    '\r\n.',
    'a',
    '\r\n.\r\n',
    '\0',
    '\xff',
  )
  const pieces = fc.array(piece, { maxLength: 30 })
  const cuts = fc.array(fc.nat(100), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(pieces, cuts, async (some, where) => {
      const content = `${some.join('')}\r\n`
      const stuffed = content.replace(/(^|\r\n)\./g, '$1..')
      expect(await parsed(`DATA\r\n${stuffed}.\r\nNEXT\r\n`, where)).toEqual({
        content,
        bytes: content.length,
        commands: ['DATA', 'NEXT'],
      })
    }),
    { numRuns: 500 },
  )
})
