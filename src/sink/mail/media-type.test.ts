import { expect, test } from 'vitest'
import { boundaryOf } from './media-type.ts'

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
