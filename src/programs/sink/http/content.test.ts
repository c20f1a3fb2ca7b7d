import { expect, test } from 'vitest'
import { boundaryOf, partsOf, readContent, readMessage } from './content.ts'

test('reads a header whose message has no body, and no blank line because that was the last CRLF', () => {
  const content = readMessage('Subject: x\r\n folded\r\nTo: y\r\n')
  expect([...content.headers]).toEqual([
    ['Subject', ['x folded']],
    ['To', ['y']],
  ])
  expect([content.body, content.size]).toEqual(['', 28])
})

test('takes a text that ends with an empty line for a text', () => {
  expect(readMessage('no header here\r\n')).toMatchObject({ body: 'no header here\r\n', size: 16 })
})

test('does not join a line that begins with a space to nothing', () => {
  expect([...readContent(' lost\r\nA: b\r\n\r\n').headers]).toEqual([['A', ['b']]])
})

test('finds no parts in anything but a multipart, nor under another spelling of Content-Type', () => {
  expect(partsOf(readContent('Content-Type: text/plain\r\n\r\nx'))).toBeUndefined()
  expect(
    partsOf(readContent('content-type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nx')),
  ).toBeUndefined()
})

test.each([
  ['multipart/mixed; boundary=abc', 'abc'],
  ['multipart/mixed;boundary="a b"', 'a b'],
  ['multipart/mixed; charset=x ; Boundary = abc ;', 'abc'],
  ['multipart/mixed;\tboundary="a\\"b\\c"', 'a"b\\c'],
  ['multipart/mixed', ''],
  ['multipart/mixed; boundary', ''],
  ['multipart/mixed; boundary=', ''],
  ['multipart/mixed; boundary=a b', ''],
  ['multipart/mixed; boundary="open', ''],
  ['multipart/mixed; boundary=a; boundary=b', ''],
  ['multipart/; boundary=a', ''],
  ['', ''],
])('finds in %j the boundary %j', (contentType, boundary) => {
  expect(boundaryOf(contentType)).toBe(boundary)
})

test('takes a multipart of any depth, the first hundred levels apart', () => {
  const number = (level: number) => String(level).padStart(5, '0')
  const levels = Array.from({ length: 20_000 }, (_, level) => {
    return `Content-Type: multipart/mixed; boundary=b${number(level)}\r\n\r\n--b${number(level)}\r\n`
  })
  let parts: ReturnType<typeof readContent>['parts'] = partsOf(readContent(levels.join('')))
  let depth = 0
  for (; parts !== undefined; parts = parts[0]?.parts) depth++
  expect(depth).toBe(100)
})
