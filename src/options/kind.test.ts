import { describe, expect, it } from 'vitest'
import { domainName, isReservedDomain, mailAddress } from './address.ts'
import { countOrUnlimited, decimal, type Kind, line, oneOf, onOff, sizeInBytes, wholeNumber } from './kind.ts'
import { serverList } from './server-address.ts'

const size = sizeInBytes({ minBytes: 512, names: true, example: 'large' })
const whole = wholeNumber({ min: 1, max: 32, example: 3 })
const number = decimal({ min: 0.5, max: 10, example: 3 })
const word = oneOf(['auto', 'embedded'], 'auto')

describe('kinds of values', () => {
  it.each<[Kind<unknown>, string, unknown]>([
    [whole, '1', 1],
    [whole, '32', 32],
    [number, '0.5', 0.5],
    [number, '10', 10],
    [word, 'Auto', 'auto'],
    [onOff, '1', true],
    [onOff, '0', false],
    [line('text', 'x'), 'a b', 'a b'],
    [countOrUnlimited(5), '5', 5],
    [countOrUnlimited(5), 'Unlimited', 'unlimited'],
    [size, 'small', 1024],
    [size, 'xlarge', 1_048_576],
    [size, '512', 512],
    [size, '10KB', 10_240],
    [size, '1.5 mb', 1_572_864],
    [size, '1GB', 1_073_741_824],
    [size, '600b', 600],
    [domainName, 'smtp1.test.local', 'smtp1.test.local'],
    [mailAddress, "o'neil.x+tag@a-b.example", "o'neil.x+tag@a-b.example"],
    [serverList, 'Localhost:25', [{ host: 'localhost', port: 25 }]],
    [
      serverList,
      '[::1]:25, smtp_1:65535',
      [
        { host: '::1', port: 25 },
        { host: 'smtp_1', port: 65_535 },
      ],
    ],
  ])('%# reads %s', (kind, text, value) => {
    expect(kind.schema.parse(text)).toEqual(value)
  })

  it.each<[Kind<unknown>, string, string]>([
    [whole, '0', 'is too small'],
    [whole, '-3', 'is too small'],
    [whole, '33', 'is too large'],
    [whole, '1.5', 'is not a whole number'],
    [whole, '1e1', 'is not a whole number'],
    [whole, '0x10', 'is not a whole number'],
    [number, 'abc', 'is not a number'],
    [number, 'NaN', 'is not a number'],
    [number, 'Infinity', 'is not a number'],
    [number, '1,5', 'is not a number'],
    [number, '0.4', 'is too small'],
    [word, 'podman', 'is not known'],
    [onOff, 'yes', 'is neither 1 nor 0'],
    [line('text', 'x'), 'a\u0000b', 'has control characters'],
    [countOrUnlimited(5), '0', 'is too small'],
    [countOrUnlimited(5), '6', 'is too large'],
    [countOrUnlimited(5), 'many', 'is neither a whole number nor unlimited'],
    [size, 'huge', 'is not a size'],
    [size, 'toString', 'is not a size'],
    [size, '-1', 'is not a size'],
    [size, '511', 'is too small'],
    [size, '2GB', 'is too large'],
    [size, '1000.5', 'is not a whole number of bytes'],
    [domainName, 'a..b', 'is not a domain name'],
    [domainName, '-a.test', 'is not a domain name'],
    [mailAddress, 'nobody', 'is not a mail address'],
    [mailAddress, 'a@b@c.test', 'is not a mail address'],
    [mailAddress, 'a@b.test>\r\nRCPT TO:<x@y.test', 'is not a mail address'],
    [mailAddress, 'a b@c.test', 'is not a mail address'],
    [mailAddress, 'ä@c.test', 'is not a mail address'],
    [mailAddress, '.a@c.test', 'is not a mail address'],
    [mailAddress, `${'a'.repeat(65)}@c.test`, 'is not a mail address'],
    [mailAddress, `a@${'b'.repeat(64)}.test`, 'is not a mail address'],
    [serverList, 'localhost', 'has "localhost", which is not host:port'],
    [serverList, 'localhost:0', 'has "localhost:0", which is not host:port'],
    [serverList, 'localhost:65536', 'has "localhost:65536", which is not host:port'],
    [serverList, '::1:25', 'has "::1:25", which is not host:port'],
    [serverList, '[fish]:25', 'has "[fish]:25", which is not host:port'],
    [serverList, 'a:1,,b:2', 'has "", which is not host:port'],
    [serverList, 'a:1,A:1', 'names A:1 twice'],
  ])('%# refuses %s: %s', (kind, text, why) => {
    expect(kind.schema.safeParse(text).error?.issues[0]?.message).toBe(why)
  })
})

describe('isReservedDomain', () => {
  it.each([
    ['example.com', true],
    ['mail.EXAMPLE.org', true],
    ['a.b.test', true],
    ['localhost', true],
    ['x.invalid', true],
    ['smtp1.test.local', true],
    ['notexample.com', false],
    ['example.com.evil.de', false],
    ['mytest', false],
    ['example.de', false],
    ['printer.local', false],
  ])('%s: %s', (domain, reserved) => {
    expect(isReservedDomain(domain)).toBe(reserved)
  })
})
