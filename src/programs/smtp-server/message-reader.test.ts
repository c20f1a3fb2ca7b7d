import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageReader } from './message-reader.ts'

function read(message: string, ...cuts: number[]) {
  const bytes = Buffer.from(message, 'latin1')
  const reader = new MessageReader()
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let start = 0
  for (const end of ends) {
    reader.push(bytes.subarray(start, end))
    start = end
  }
  return reader.end()
}

const crc = (body: string) => crc32(Buffer.from(body, 'latin1')).toString(16).padStart(8, '0')
const message = (body: string, crcOfBody = crc(body)) =>
  `Subject: x\r\nX-Mailstorm-Id: run-1-42\r\nX-Mailstorm-Body-Crc: ${crcOfBody}\r\n\r\n${body}`

test('reads id, size and a body that matches its CRC', () => {
  const text = message('line\r\n.dot\r\n')
  expect(read(text)).toEqual({ id: 'run-1-42', bytes: text.length, intact: true })
})

test('reads the same whatever the segments are', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.nat(), { maxLength: 12 }), (body, cuts) => {
      const text = message(Buffer.from(body).toString('latin1'))
      expect(read(text, ...cuts)).toEqual({ id: 'run-1-42', bytes: text.length, intact: true })
    }),
  )
})

test('finds a body that was changed by one character', () => {
  expect(read(message('line\r\n', crc('lime\r\n')))).toMatchObject({ intact: false })
})

test('finds a CRC header that was damaged', () => {
  expect(read(message('line\r\n', 'zzz'))).toMatchObject({ intact: false })
})

test('takes field names in any case and a CRC in upper case', () => {
  const body = 'b\r\n'
  const text = `x-MAILSTORM-id:r-1\r\nx-mailstorm-BODY-crc:${crc(body).toUpperCase()} \r\n\r\n${body}`
  expect(read(text)).toMatchObject({ id: 'r-1', intact: true })
})

test.each([
  ['in the body only', 'Subject: x\r\n\r\nX-Mailstorm-Id: run-1\r\n'],
  ['behind an empty header', '\r\nX-Mailstorm-Id: run-1\r\n\r\nbody\r\n'],
  ['without a run', 'X-Mailstorm-Id: 1\r\n\r\nbody\r\n'],
  ['with a quote in it', 'X-Mailstorm-Id: run"-1\r\n\r\nbody\r\n'],
  ['behind 64 KiB of header', `Subject: ${'x'.repeat(65_536)}\r\nX-Mailstorm-Id: run-1\r\n\r\nbody\r\n`],
])('takes no id %s', (_where, text) => {
  expect(read(text, 40_000, 65_545)).toEqual({ id: '', bytes: text.length, intact: true })
})

test('reads a message whose header is long, whatever the segments are', () => {
  const body = 'line\r\n\r\nand more\r\n'
  const long = message(body).replace('\r\n\r\n', `\r\n${'To: someone\r\n'.repeat(10_000)}\r\n`)
  const headEnd = long.indexOf('\r\n\r\n')
  fc.assert(
    fc.property(fc.array(fc.integer({ min: headEnd - 6, max: headEnd + 6 }), { maxLength: 6 }), (cuts) => {
      expect(read(long, 70_000, ...cuts)).toEqual({ id: 'run-1-42', bytes: long.length, intact: true })
    }),
  )
  expect(read(long.replace('and more', 'and less'), 70_000)).toMatchObject({ intact: false })
})

test('reads a message that is a header alone', () => {
  expect(read('X-Mailstorm-Id: run-7\r\nX-Mailstorm-Body-Crc: 00000000\r\n')).toMatchObject({
    id: 'run-7',
    intact: true,
  })
})

test('takes an empty message', () => {
  expect(read('')).toEqual({ id: '', bytes: 0, intact: true })
})
