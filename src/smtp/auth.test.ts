import { describe, expect, it } from 'vitest'
import { authDialogue, chooseMechanism } from './auth.ts'

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

describe('chooseMechanism', () => {
  it.each([
    [['LOGIN', 'PLAIN', 'CRAM-MD5'], true, 'PLAIN'],
    [['LOGIN', 'PLAIN', 'CRAM-MD5'], false, 'CRAM-MD5'],
    [['LOGIN', 'PLAIN'], false, 'PLAIN'],
    [['LOGIN', 'CRAM-MD5'], true, 'LOGIN'],
    [['GSSAPI', 'NTLM'], true, undefined],
    [[], false, undefined],
  ])('of %j with TLS %s is %s', (offered, encrypted, mechanism) => {
    expect(chooseMechanism(offered, encrypted)).toBe(mechanism)
  })
})
