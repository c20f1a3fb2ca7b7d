import { expect, it } from 'vitest'
import { NO_CAPABILITIES, readCapabilities } from './capabilities.ts'

const said = (...keywords: string[]) => readCapabilities({ code: 250, lines: ['mx.example', ...keywords] })

it.each([
  [[], NO_CAPABILITIES],
  [['PIPELINING'], { pipelining: true }],
  [['pipelining', 'Size 100', 'StartTLS'], { pipelining: true, size: true, sizeLimit: 100, startTls: true }],
  [['SMTPUTF8'], { smtpUtf8: true }],
  [['SIZE'], { size: true }],
  [['AUTH PLAIN LOGIN'], { auth: ['PLAIN', 'LOGIN'] }],
  [['auth cram-md5'], { auth: ['CRAM-MD5'] }],
  [['AUTH=LOGIN PLAIN'], { auth: ['LOGIN', 'PLAIN'] }],
  [['AUTH PLAIN', 'AUTH=LOGIN'], { auth: ['PLAIN', 'LOGIN'] }],
  [['XPIPELINING', 'SIZES', 'NOSTARTTLS'], NO_CAPABILITIES],
  [['  SIZE 5 '], { size: true, sizeLimit: 5 }],
  [['SIZE 0'], { size: true }],
  [['SIZE much'], { size: true }],
  [['SIZE 5x'], { size: true }],
  [['SIZE x5'], { size: true }],
  [['SIZE 10000000000000000000'], { size: true, sizeLimit: 1e19 }],
  [['SIZE 100000000000000000000'], { size: true }],
  [['SIZE=7'], { size: true, sizeLimit: 7 }],
  [['AUTH   PLAIN   LOGIN'], { auth: ['PLAIN', 'LOGIN'] }],
])('reads %j', (keywords, expected) => {
  expect(said(...keywords)).toEqual({ ...NO_CAPABILITIES, ...expected })
})

it('takes the first line for the greeting, whatever it says', () => {
  expect(readCapabilities({ code: 250, lines: ['PIPELINING'] })).toEqual(NO_CAPABILITIES)
})

it('tells one server from another, and the same in each session', () => {
  expect(said('PIPELINING')).toMatchObject({ pipelining: true })
  expect(said('SIZE 9')).toMatchObject({ pipelining: false, sizeLimit: 9 })
  const reply = { code: 250, lines: ['server', 'SIZE 9'] }
  expect(readCapabilities(reply)).toBe(readCapabilities(reply))
})
