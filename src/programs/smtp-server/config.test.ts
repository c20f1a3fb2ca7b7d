import { expect, test } from 'vitest'
import { readServerConfig } from './config.ts'

test('has a default for everything', () => {
  expect(readServerConfig({})).toEqual({
    domain: 'localhost',
    chunking: true,
    host: '127.0.0.1',
    port: 2525,
    implicitTlsPort: undefined,
    maxConnections: 100,
    maxMessageBytes: 10_485_760,
    tls: undefined,
    credentials: undefined,
    controlHost: '127.0.0.1',
    controlPort: 0,
    ledgerFile: undefined,
    ledgerTemporary: false,
  })
})

test('takes an empty variable for one that is not set', () => {
  expect(readServerConfig({ SMTP_PORT: '', SMTP_AUTH_USER: '' })).toEqual(readServerConfig({}))
})

test('reads the SMTP_ variables', () => {
  const env = {
    SMTP_DOMAIN: 'smtp1.test.local',
    SMTP_PORT: '0',
    SMTP_MAX_CONNECTIONS: '7',
    SMTP_MAX_MESSAGE_SIZE: '1024',
  }
  expect(readServerConfig(env)).toMatchObject({
    domain: 'smtp1.test.local',
    port: 0,
    maxConnections: 7,
    maxMessageBytes: 1024,
  })
})

test('cannot be changed afterwards', () => {
  expect(Object.isFrozen(readServerConfig({}))).toBe(true)
})

test('names every bad value at once, with what is allowed', () => {
  const env = { SMTP_PORT: '65536', SMTP_MAX_CONNECTIONS: '-1', SMTP_MAX_MESSAGE_SIZE: '1e3' }
  expect(() => readServerConfig(env)).toThrow(
    [
      'Failed to read the configuration: 3 problems.',
      '  SMTP_PORT="65536" is too large. Allowed: a whole number from 0 to 65,535. Set SMTP_PORT=2525, or unset it (default: 2525).',
      '  SMTP_MAX_CONNECTIONS="-1" is too small. Allowed: a whole number from 1 to 1,000,000. Set SMTP_MAX_CONNECTIONS=100, or unset it (default: 100).',
      '  SMTP_MAX_MESSAGE_SIZE="1e3" is not a whole number. Allowed: a whole number from 1 to 1,099,511,627,776. Set SMTP_MAX_MESSAGE_SIZE=10485760, or unset it (default: 10485760).',
    ].join('\n'),
  )
})

test.each([
  ['a certificate without its key', { SMTP_TLS_CERT: '-----BEGIN CERTIFICATE-----' }, /both or neither/],
  ['a port for TLS without a certificate', { SMTP_TLS_PORT: '0' }, /SMTP_TLS_PORT: needs SMTP_TLS_CERT/],
  ['a user without a password', { SMTP_AUTH_USER: 'user' }, /SMTP_AUTH_USER and SMTP_AUTH_PASS: give both/],
  ['a certificate file that is not there', { SMTP_TLS_CERT: '/no/cert.pem' }, /cannot be read \(ENOENT\)/],
  [
    'a line break in the domain',
    { SMTP_DOMAIN: 'a\r\nb' },
    /SMTP_DOMAIN="a\\r\\nb" is not valid. Allowed: a domain name/,
  ],
  [
    'a key that is none',
    { SMTP_TLS_CERT: '-----BEGIN CERTIFICATE-----', SMTP_TLS_KEY: '-----BEGIN PRIVATE KEY-----' },
    /not a matching pair/,
  ],
])('refuses %s', (_what, env, message) => {
  expect(() => readServerConfig(env)).toThrow(message)
})

test('never repeats a password', () => {
  const env = { SMTP_AUTH_USER: 'user', SMTP_AUTH_PASS: 'top secret' }
  expect(() => readServerConfig(env)).toThrow(
    'SMTP_AUTH_PASS=(not shown) is not valid. Allowed: printable ASCII',
  )
})
