import { describe, expect, it } from 'vitest'
import { greetingIn } from './reachability.ts'

const LONG_LINES = `220-${'x'.repeat(500)}\r\n`.repeat(20)

describe('greetingIn', () => {
  it.each([
    ['220 ready\r\n', { kind: 'ready' }],
    ['220\r\n', { kind: 'ready' }],
    ['220-one\r\n220-two\r\n220 three\r\n', { kind: 'ready' }],
    ['220 a line that ends in LF alone\n', { kind: 'ready' }],
    ['', { kind: 'unfinished' }],
    ['220 rea', { kind: 'unfinished' }],
    ['220-one\r\n', { kind: 'unfinished' }],
    ['554 no mail here\r\n', { kind: 'refused', line: '554 no mail here' }],
    ['421 too busy\r\n', { kind: 'refused', line: '421 too busy' }],
    ['220-one\r\n554 changed my mind\r\n', { kind: 'refused', line: '554 changed my mind' }],
    ['HTTP/1.1 400 Bad Request\r\n', { kind: 'http' }],
    ['<!DOCTYPE HTML>\n', { kind: 'http' }],
    ['SSH-2.0-OpenSSH_9.2\r\n', { kind: 'not-smtp', line: 'SSH-2.0-OpenSSH_9.2' }],
    ['2200 ready\r\n', { kind: 'not-smtp', line: '2200 ready' }],
    ['\x1b[31m*\r\n', { kind: 'not-smtp', line: '?[31m*' }],
    ['x'.repeat(8193), { kind: 'not-smtp', line: 'x'.repeat(100) }],
    // More than 8 KB of them, whole and in the middle of a line: what counts is each line.
    [`${LONG_LINES}220 ready\r\n`, { kind: 'ready' }],
    [`${LONG_LINES}220-and mo`, { kind: 'unfinished' }],
    [`${LONG_LINES}220 `, { kind: 'unfinished' }],
    [`220 ${'x'.repeat(8_185)}\r\n`, { kind: 'ready' }],
    [
      `220 ${'x'.repeat(8_190)}\r\n`,
      { kind: 'too-long', what: 'a line of more than 8192 octets', line: `220 ${'x'.repeat(96)}` },
    ],
    [
      `220-${'x'.repeat(8_190)}`,
      { kind: 'too-long', what: 'a line of more than 8192 octets', line: `220-${'x'.repeat(96)}` },
    ],
    [`${'220-x\r\n'.repeat(513)}`, { kind: 'too-long', what: 'more than 512 lines', line: '220-x' }],
  ])('%.40j', (text, greeting) => {
    expect(greetingIn(Buffer.from(text, 'latin1'))).toEqual(greeting)
  })
})
