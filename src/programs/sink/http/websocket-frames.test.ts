import { expect, test } from 'vitest'
import { encodeFrame, FrameReader, OPCODES } from './websocket-frames.ts'

test.each([
  [0, [0x81, 0]],
  [125, [0x81, 125]],
  [126, [0x81, 126, 0, 126]],
  [65_535, [0x81, 126, 0xff, 0xff]],
  [65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('begins a text frame of %d bytes as RFC 6455 5.2 says', (length, head) => {
  const frame = encodeFrame(OPCODES.text, Buffer.alloc(length))
  expect([...frame.subarray(0, head.length)]).toEqual(head)
  expect(frame.length).toBe(head.length + length)
})

// RFC 6455 5.7: a single-frame masked text message "Hello".
const MASKED_HELLO = Buffer.from('818537fa213d7f9f4d5158', 'hex')

test('reads masked frames whole or byte by byte', () => {
  const ping = Buffer.from('898000000000', 'hex')
  const expected = [expect.objectContaining({ opcode: 1, payload: Buffer.from('Hello') })]
  expect(new FrameReader().push(MASKED_HELLO)).toEqual(expected)
  const reader = new FrameReader()
  expect([...MASKED_HELLO].flatMap((byte) => reader.push(Buffer.from([byte])))).toEqual(expected)
  expect(
    new FrameReader().push(Buffer.concat([MASKED_HELLO, ping, MASKED_HELLO])).map(({ opcode }) => opcode),
  ).toEqual([1, 9, 1])
})

test('reports a long frame at once, keeps nothing of it, and reads on behind it', () => {
  const long = Buffer.concat([
    Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4]),
    Buffer.alloc(65_536),
  ])
  const reader = new FrameReader()
  expect(reader.push(long.subarray(0, 100))).toMatchObject([{ opcode: 2, length: 65_536 }])
  expect(reader.push(Buffer.concat([long.subarray(100), MASKED_HELLO]))).toMatchObject([
    { opcode: 1, length: 5 },
  ])
})
