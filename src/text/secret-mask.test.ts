import fc from 'fast-check'
import { expect, test } from 'vitest'
import { secretMaskFor, tokenMaskFor } from './secret-mask.ts'

const bob = { user: 'bob', pass: 'hunter22' }
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')

test.for([
  ['the password', '535 5.7.8 hunter22 is wrong for bob', '535 5.7.8 *** is wrong for bob'],
  ['the password inside a word', 'pw=xhunter22x', 'pw=x***x'],
  ['AUTH PLAIN’s answer', `no: ${base64('\0bob\0hunter22')}`, 'no: ***'],
  ['AUTH PLAIN’s answer, cut short', `no: ${base64('\0bob\0hunter22').slice(0, 10)}`, 'no: ***'],
  ['AUTH PLAIN’s answer with the name twice', base64('bob\0bob\0hunter22'), '***'],
  ['AUTH LOGIN’s answer', `not ${base64('hunter22')}!`, 'not ***!'],
  ['user:pass', base64('bob:hunter22'), '***'],
  ['CRAM-MD5’s answer', base64(`bob ${'0f'.repeat(16)}`), '***'],
  ['CRAM-MD5’s digest', `bob ${'0f'.repeat(16)} differs`, '*** differs'],
  ['the line of the command', '502 unknown: auth xoauth2 dXNlcj1ib2I=', '502 unknown: auth xoauth2 ***'],
  ['every one of several', 'hunter22, hunter22', '***, ***'],
])('masks %s', ([, given, expected]) => {
  expect(secretMaskFor(bob)(given as string)).toBe(expected)
})

test.for([
  ['the name', '550 bob is unknown', { user: 'bob', pass: 'x' }],
  ['the mechanisms of an EHLO line', '250-AUTH PLAIN LOGIN CRAM-MD5', bob],
  ['a short password inside of words', 'the cat catches', { user: 'bob', pass: 'a' }],
] as const)('leaves %s', ([, text, credentials]) => {
  expect(secretMaskFor(credentials)(text)).toBe(text)
})

test('a short or common password is masked as a word', () => {
  expect(secretMaskFor({ user: 'bob', pass: 'test' })('535 test failed, testing (test)')).toBe(
    '535 *** failed, testing (***)',
  )
})

test.for(['pä55wörd', 'a+b(c)[d]|e', '$&', '漢字', '\\', 'with space'])('masks %s in every form', (pass) => {
  const mask = secretMaskFor({ user: 'bob', pass })
  const forms = [
    pass,
    encodeURIComponent(pass),
    base64(pass),
    base64(`\0bob\0${pass}`),
    Buffer.from(pass).toString('latin1'),
  ]
  for (const form of forms) expect(mask(`535 <${form}> no`)).toMatch(/^535 <\*\*\*> no$/)
})

test('whatever the password, it does not pass, nor does its base64', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 6, maxLength: 30, unit: 'grapheme' }),
      fc.string({ minLength: 1, maxLength: 20 }),
      (pass, user) => {
        fc.pre(!'535 says *** to'.includes(pass.trim()) && pass.trim().length >= 6)
        const mask = secretMaskFor({ user, pass })
        expect(mask(`535 says ${pass} to`)).not.toContain(pass)
        expect(mask(`535 says ${base64(pass)} to`)).not.toContain(base64(pass))
        expect(mask(`535 says ${base64(`\0${user}\0${pass}`)} to`)).toBe('535 says *** to')
      },
    ),
  )
})

test('masks the token of an HTTP API, and nothing without a token', () => {
  expect(tokenMaskFor('t0ken-of-the-admin')('{"detail":"x-api-token t0ken-of-the-admin is wrong"}')).toBe(
    '{"detail":"x-api-token *** is wrong"}',
  )
  expect(tokenMaskFor(undefined)('as it is')).toBe('as it is')
  expect(secretMaskFor({ user: '', pass: '' })('as it is 0123456789abcdef0123456789abcdef')).toBe(
    'as it is 0123456789abcdef0123456789abcdef',
  )
})
