import { describe, expect, it } from 'vitest'
import { asksForAnotherMechanism, authDialogue, isChallenge, mechanismsFor } from './auth.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('authDialogue', () => {
  it('answers the challenge of RFC 2195 2 as its example does', () => {
    const { command, answer } = authDialogue('CRAM-MD5', { user: 'tim', pass: 'tanstaaftanstaaf' })
    expect(command).toBe('AUTH CRAM-MD5')
    expect(answer('PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+')).toBe(
      'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw',
    )
  })

  it('says PLAIN as in the example of RFC 4616 4', () => {
    const { command } = authDialogue('PLAIN', { user: 'tim', pass: 'tanstaaftanstaaf' })
    expect(command).toBe(`AUTH PLAIN ${base64('\0tim\0tanstaaftanstaaf')}`)
  })

  it('repeats the response of PLAIN when the server did not take it with the command (RFC 4954 4)', () => {
    const { answer } = authDialogue('PLAIN', { user: 'tim', pass: 'x' })
    expect(answer('')).toBe(base64('\0tim\0x'))
  })

  it('says user, password, then gives up with LOGIN', () => {
    const { command, answer } = authDialogue('LOGIN', { user: 'tim', pass: 'geheim' })
    expect(command).toBe('AUTH LOGIN')
    expect([answer(''), answer(''), answer('')]).toEqual([base64('tim'), base64('geheim'), '*'])
  })

  it('sends names and passwords as UTF-8', () => {
    const { command } = authDialogue('PLAIN', { user: 'ü', pass: 'ß' })
    expect(command).toBe(`AUTH PLAIN ${base64('\0ü\0ß')}`)
  })
})

describe('AUTH PLAIN', () => {
  /** So many octets of response: base64 has four for three, and there are two NUL and the name. */
  const commandFor = (passwordBytes: number) =>
    authDialogue('PLAIN', { user: 'u', pass: 'x'.repeat(passwordBytes) }).command

  it('has its initial response as long as the command is at most 512 octets with CRLF (RFC 4954 4)', () => {
    expect(commandFor(369)).toHaveLength('AUTH PLAIN '.length + 496)
    expect(commandFor(372)).toBe('AUTH PLAIN')
    const { answer } = authDialogue('PLAIN', { user: 'u', pass: 'x'.repeat(372) })
    expect(answer('')).toBe(base64(`\0u\0${'x'.repeat(372)}`))
  })
})

describe('a challenge', () => {
  it.each(['', '=', 'VXNlcm5hbWU6', 'YQ==', 'YWI='])('may be %j (RFC 4954 8)', (text) => {
    expect(isChallenge(text)).toBe(true)
  })

  it.each(['Username:', 'YQ=', 'YQ', 'Y Q==', 'YQ==YQ==', '\u00e4', ' '])(
    '%j is cancelled in every mechanism: it is not base64',
    (text) => {
      for (const mechanism of ['PLAIN', 'LOGIN', 'CRAM-MD5'] as const)
        expect(authDialogue(mechanism, { user: 'u', pass: 'p' }).answer(text)).toBe('*')
    },
  )
})

describe('mechanismsFor', () => {
  const ALL = ['LOGIN', 'PLAIN', 'XOAUTH2', 'CRAM-MD5', 'OAUTHBEARER', 'SCRAM-SHA-256']

  it.each([
    [ALL, true, {}, ['PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'CRAM-MD5']],
    [ALL, false, {}, ['SCRAM-SHA-256', 'CRAM-MD5', 'PLAIN', 'LOGIN']],
    [ALL, true, { isToken: true }, ['OAUTHBEARER', 'XOAUTH2']],
    [['PLAIN', 'XOAUTH2'], false, { isToken: true }, ['XOAUTH2']],
    [['PLAIN'], true, { isToken: true }, []],
    [['LOGIN', 'PLAIN'], false, {}, ['PLAIN', 'LOGIN']],
    [['LOGIN', 'CRAM-MD5'], true, {}, ['LOGIN', 'CRAM-MD5']],
    [['GSSAPI', 'NTLM'], true, {}, []],
    [[], false, {}, []],
    [ALL, true, { mechanism: 'LOGIN' }, ['LOGIN']],
    [ALL, true, { mechanism: 'XOAUTH2' }, ['XOAUTH2']],
    [['PLAIN'], true, { mechanism: 'LOGIN' }, []],
  ] as const)('of %j with TLS %s and %j are %j', (offered, encrypted, login, mechanisms) => {
    expect(mechanismsFor(offered, encrypted, login)).toEqual(mechanisms)
  })
})

describe('a token', () => {
  const login = {
    user: 'someuser@example.com',
    pass: 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg',
    isToken: true,
  }

  it("goes by XOAUTH2 as in Google's example; a 334 is the server's error, and answered by nothing", () => {
    const { command, answer } = authDialogue('XOAUTH2', login)
    expect(command).toBe(
      'AUTH XOAUTH2 dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==',
    )
    expect([answer('eyJzdGF0dXMiOiI0MDEifQ=='), answer('')]).toEqual(['', '*'])
  })

  it('goes by OAUTHBEARER as RFC 7628 3.1 has it; a 334 is answered by one %x01 (3.2.3)', () => {
    const { command, answer } = authDialogue('OAUTHBEARER', { ...login, user: 'a,b=c' })
    expect(Buffer.from(command.split(' ')[2] ?? '', 'base64').toString()).toBe(
      `n,a=a=2Cb=3Dc,\x01auth=Bearer ${login.pass}\x01\x01`,
    )
    expect([answer('eyJzdGF0dXMiOiI0MDEifQ=='), answer('')]).toEqual(['AQ==', '*'])
  })

  it('too long for one command comes after 334, and then the error', () => {
    const { command, answer } = authDialogue('XOAUTH2', { user: 'u', pass: 't'.repeat(2_000) })
    expect(command).toBe('AUTH XOAUTH2')
    const response = base64(`user=u\x01auth=Bearer ${'t'.repeat(2_000)}\x01\x01`)
    expect([answer(''), answer('e30='), answer('')]).toEqual([response, '', '*'])
  })
})

it('another mechanism is tried after 504 and 534 alone (RFC 4954 6): 535 is a wrong password', () => {
  const codes = [334, 454, 500, 504, 530, 534, 535, 538]
  expect(codes.filter((code) => asksForAnotherMechanism({ code, lines: [''] }))).toEqual([504, 534])
})
