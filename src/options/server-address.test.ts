import { describe, expect, it } from 'vitest'
import { readOptions } from './options.ts'
import { nameOfServer, nameServer, serverList, targetAt } from './server-address.ts'

describe('servers by URL', () => {
  it.each([
    ['smtp://mail.test', 'smtp://mail.test:25', { host: 'mail.test', port: 25, tls: { mode: 'none' } }],
    ['SMTP://Mail.test:2525/', 'smtp://mail.test:2525', { host: 'mail.test', port: 2525 }],
    ['smtps://[::1]', 'smtps://[::1]:465', { host: '::1', port: 465, tls: { mode: 'implicit' } }],
    ['smtp+starttls://127.0.0.1', 'smtp+starttls://127.0.0.1:587', { port: 587, tls: { mode: 'starttls' } }],
    ['lmtp://127.0.0.1:24', 'lmtp://127.0.0.1:24', { protocol: 'lmtp', tls: { mode: 'starttls' } }],
    ['lmtp+unix:/run/lmtp', 'lmtp+unix:/run/lmtp', { protocol: 'lmtp', path: '/run/lmtp' }],
    ['lmtp+unix:///run/lmtp', 'lmtp+unix:/run/lmtp', { path: '/run/lmtp' }],
    ['mx:Example.test', 'mx:example.test', { host: 'example.test', port: 25 }],
    ['mx:example.test:2525', 'mx:example.test:2525', { host: 'example.test', port: 2525 }],
    ['mx:25', 'mx:25', { host: 'mx', port: 25, tls: { mode: 'starttls' } }],
    ['lmtp:24', 'lmtp:24', { host: 'lmtp', port: 24 }],
  ])('%s is %s', (text, name, target) => {
    const [server] = serverList.schema.parse(text)
    if (server === undefined) throw new Error('no server')
    expect(nameOfServer(server)).toBe(name)
    // host:port, LMTP and MX leave the encryption to the load.
    expect(targetAt(server, { mode: 'starttls', verify: true })).toMatchObject(target)
    const plain = targetAt(server, { mode: undefined, verify: true })
    expect(plain.protocol).toBe(name.startsWith('lmtp') && name !== 'lmtp:24' ? 'lmtp' : undefined)
  })

  it.each([
    ['smtp://', 'has "smtp://", which is not smtp://host or smtp://host:port'],
    ['smtps://mail.test:0', 'has "smtps://mail.test:0", which is not smtps://host or smtps://host:port'],
    ['smtp://mail.test/inbox', 'has "smtp://mail.test/inbox", which is not smtp://host or smtp://host:port'],
    ['lmtp://127.0.0.1', 'has "lmtp://127.0.0.1", which is not lmtp://host:port'],
    ['http://127.0.0.1', 'has "http://127.0.0.1", whose scheme http:// is not known'],
    ['lmtp+unix:run/lmtp', 'has "lmtp+unix:run/lmtp", which has no absolute path: lmtp+unix:/path'],
    [
      `lmtp+unix:/${'x'.repeat(107)}`,
      `has "lmtp+unix:/${'x'.repeat(107)}", whose path is longer than 107 octets`,
    ],
    ['mx:-', 'has "mx:-", which is not mx:domain'],
    ['a:1,smtp://a:1,smtp://A:1', 'names smtp://A:1 twice'],
  ])('refuses %s', (text, wrong) => {
    expect(serverList.schema.safeParse(text).error?.issues[0]?.message).toContain(wrong)
  })

  it('takes no login in a URL, shows none, and says where it belongs', () => {
    const attempt = () => readOptions({ SMTP_TARGETS: 'a:25,smtp://user:se,cr@et@127.0.0.1:25' })
    expect(attempt).toThrow(
      'SMTP_TARGETS="a:25,smtp://***@127.0.0.1:25" has a login in a URL; STRESS_AUTH_USER and STRESS_AUTH_PASS take it.',
    )
    expect(attempt).not.toThrow('cr@et')
  })

  it.each([
    ['127.0.0.1', { host: '127.0.0.1', port: 53 }],
    ['127.0.0.1:5353', { host: '127.0.0.1', port: 5353 }],
    ['::1', { host: '::1', port: 53 }],
    ['[::1]:5353', { host: '::1', port: 5353 }],
    ['resolver.test', undefined],
    ['127.0.0.1:0', undefined],
  ])('the name server %s is %j', (text, expected) => {
    expect(nameServer.schema.safeParse(text).data).toEqual(expected)
  })

  it('refuses a TLS mode that a URL contradicts', () => {
    const SMTP_TARGETS = 'a:25,smtps://b'
    expect(() => readOptions({ SMTP_TARGETS, STRESS_TLS: 'starttls' })).toThrow(
      'STRESS_TLS=starttls contradicts SMTP_TARGETS=smtps://b:465, which is TLS mode implicit. Unset STRESS_TLS, or give the target as host:port.',
    )
    expect(() => readOptions({ SMTP_TARGETS, STRESS_TLS: 'implicit' })).not.toThrow()
  })
})
