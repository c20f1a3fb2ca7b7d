import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authDialogue } from './auth.ts'
import { Scram, ScramError } from './scram.ts'

const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`

describe('SCRAM-SHA-256', () => {
  it('says and proves what the example of RFC 7677 3 does', () => {
    const scram = new Scram('user', 'pencil', NONCE)
    expect(scram.first).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    expect(scram.final(SERVER_FIRST)).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    )
    scram.verify('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
    expect(scram.isVerified).toBe(true)
  })

  it.each([
    ['another nonce', 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096', /nonce does not begin/],
    ['a nonce that adds nothing', `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, /adds nothing/],
    ['a nonce that is not printable', `r=${NONCE}\u0007,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`, /not printable/],
    ['no salt', `r=${NONCE}x,s=,i=4096`, /the salt has 0 octets; 1 to 1024/],
    ['too few iterations', `r=${NONCE}x,s=W22Z,i=1`, /asks for 1 iterations; 4,096 to 200,000 are allowed/],
    [
      'iterations that would take minutes',
      `r=${NONCE}x,s=W22Z,i=999999999`,
      /asks for 999,999,999 iterations/,
    ],
    ['no number', `r=${NONCE}x,s=W22Z,i=1e9`, /asks for no number of iterations/],
    ['an extension', `m=ext,r=${NONCE}x,s=W22Z,i=4096`, /demands an extension/],
    ['an error', 'e=unknown-user', /the error unknown-user/],
    ['nothing', '', /nonce/],
  ])('gives up on a server that sends %s', (_what, first, message) => {
    const scram = new Scram('user', 'pencil', NONCE)
    expect(() => scram.final(first)).toThrow(message)
    expect(() => scram.final(first)).toThrow(ScramError)
  })

  it.each(['v=AAAA', 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G8=', 'e=invalid-proof', 'x', ''])(
    'does not believe a server that ends with %j',
    (final) => {
      const scram = new Scram('user', 'pencil', NONCE)
      scram.final(SERVER_FIRST)
      expect(() => scram.verify(final)).toThrow(ScramError)
      expect(scram.isVerified).toBe(false)
    },
  )

  it('agrees with a server of a few lines, whatever name and password are', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (user, pass) => {
        const scram = new Scram(user, pass, NONCE)
        const first = `r=${NONCE}server,s=${Buffer.from('salt').toString('base64')},i=4096`
        const final = scram.final(first)
        const withoutProof = final.slice(0, final.lastIndexOf(',p='))
        const all = `${scram.first.slice('n,,'.length)},${first},${withoutProof}`
        const salted = pbkdf2Sync(pass.normalize('NFKC'), 'salt', 4_096, 32, 'sha256')
        const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
        const key = hmac(salted, 'Client Key')
        const signature = hmac(createHash('sha256').update(key).digest(), all)
        const proof = Buffer.from(key.map((octet, at) => octet ^ (signature[at] as number)))
        expect(final.slice(withoutProof.length)).toBe(`,p=${proof.toString('base64')}`)
        scram.verify(`v=${hmac(hmac(salted, 'Server Key'), all).toString('base64')}`)
        expect(scram.isVerified).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('writes comma and equals sign of a name as RFC 5802 5.1 says, and applies SASLprep', () => {
    expect(new Scram('a,b=c', 'x', 'N').first).toBe('n,,n=a=2Cb=3Dc,r=N')
    // RFC 4013 3: I SOFT-HYPHEN X, the Roman numeral nine, the ordinal indicator.
    expect(new Scram('I\u00adX', 'x', 'N').first).toBe('n,,n=IX,r=N')
    expect(new Scram('\u2168', 'x', 'N').first).toBe('n,,n=IX,r=N')
    expect(new Scram('\u00aa', 'x', 'N').first).toBe('n,,n=a,r=N')
  })

  it('is a dialogue of three answers, and 235 without proof is not believed', () => {
    const dialogue = authDialogue('SCRAM-SHA-256', { user: 'user', pass: 'pencil' })
    const [, , first = ''] = dialogue.command.split(' ')
    const nonce = Buffer.from(first, 'base64').toString().split('r=')[1]
    const challenge = Buffer.from(`r=${nonce}x,s=W22Z,i=4096`).toString('base64')
    expect(Buffer.from(dialogue.answer(challenge), 'base64').toString()).toMatch(/^c=biws,r=.*,p=/)
    expect(dialogue.unproved).toMatch(/235 without having proved/)
    expect(dialogue.answer(Buffer.from('v=AAAA').toString('base64'))).toBe('*')
    expect(dialogue.problem).toMatch(/does not know the password/)
  })
})
