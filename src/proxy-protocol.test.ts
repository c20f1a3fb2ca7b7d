import { expect, it } from 'vitest'
import { proxyHeader } from './proxy-protocol.ts'

const V4 = { localAddress: '127.0.0.2', localPort: 40_000, remoteAddress: '127.0.0.1', remotePort: 25 }
const V6 = { localAddress: '::1', localPort: 258, remoteAddress: '::1', remotePort: 65_535 }

it.each([
  [V4, undefined, 'PROXY TCP4 127.0.0.2 127.0.0.1 40000 25\r\n'],
  [V6, undefined, 'PROXY TCP6 ::1 ::1 258 65535\r\n'],
  [V4, ['192.0.2.1', '192.0.2.2'], 'PROXY TCP4 192.0.2.2 127.0.0.1 40000 25\r\n'],
  [V4, ['2001:db8::1'], 'PROXY TCP6 2001:db8::1 ::ffff:127.0.0.1 40000 25\r\n'],
  [V6, ['192.0.2.1'], 'PROXY TCP6 ::ffff:192.0.2.1 ::1 258 65535\r\n'],
])('version 1: %j, from %j', (ends, sources, line) => {
  const protocol = { version: 'v1', ...(sources && { sources }) } as const
  expect(proxyHeader(protocol, ends, 3).toString('latin1')).toBe(line)
})

const SIGNATURE = '0d0a0d0a000d0a515549540a'

it.each([
  [V4, undefined, `${SIGNATURE}2111000c7f0000027f0000019c400019`],
  [V6, undefined, `${SIGNATURE}21210024${'0'.repeat(31)}1${'0'.repeat(31)}10102ffff`],
  [
    V4,
    ['2001:db8:0:1::ff:192.0.2.1'],
    `${SIGNATURE}2121002420010db80000000100000 0ffc0000201${'0'.repeat(20)}ffff7f0000019c400019`.replace(
      ' ',
      '',
    ),
  ],
])('version 2: %j, from %j', (ends, sources, hex) => {
  const protocol = { version: 'v2', ...(sources && { sources }) } as const
  expect(proxyHeader(protocol, ends, 0).toString('hex')).toBe(hex)
})
