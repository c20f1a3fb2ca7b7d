import { describe, expect, it } from 'vitest'
import { tlsErrorText } from './tls-error.ts'

/** As Node 24 words them; thread id and source path vary. */
const openSsl = (id: string, reason: string, line: number) =>
  new Error(
    `${id}:error:0A00010B:SSL routines:tls_validate_record_header:${reason}:../deps/openssl/openssl/ssl/record/methods/tlsany_meth.c:${line}:\n`,
  )

describe('tlsErrorText', () => {
  it('is the same for every thread and build: OpenSSL says its reason, not its ids and paths', () => {
    const texts = [
      openSsl('00C6A1F5FF7F0000', 'wrong version number', 77),
      openSsl('40A7', 'wrong version number', 80),
    ]
    expect(texts.map(tlsErrorText)).toEqual(
      Array(2).fill('the answer to the TLS handshake is not TLS (OpenSSL: wrong version number)'),
    )
  })

  it.each([
    [
      'packet length too long',
      'the answer to the TLS handshake is not TLS (OpenSSL: packet length too long)',
    ],
    [
      'ssl/tls alert handshake failure',
      'the other side ended TLS by an alert (OpenSSL: ssl/tls alert handshake failure)',
    ],
    ['unsupported protocol', 'TLS failed (OpenSSL: unsupported protocol)'],
  ])('of "%s" is "%s"', (reason, text) => {
    expect(tlsErrorText(openSsl('40A7', reason, 1))).toBe(text)
  })

  it('keeps what Node says of certificates, without its advice on how to run Node', () => {
    const error = new Error(
      'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
    )
    expect(tlsErrorText(error)).toBe('self-signed certificate')
  })

  it('is never empty: an AggregateError has its causes', () => {
    expect(tlsErrorText(new AggregateError([new Error('connect ECONNREFUSED ::1:25')], ''))).toBe(
      'connect ECONNREFUSED ::1:25',
    )
  })
})
