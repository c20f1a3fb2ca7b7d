import { expect, test } from 'vitest'
import { bcryptMatches, isBcryptHash } from './bcrypt.ts'

// Of OpenWall's crypt_blowfish 1.3 (wrapper.c), and of `MailHog bcrypt sécret`.
test.each([
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
  ['sécret', '$2a$04$XumVwxrroAUxDZQen3AE4u45zc9hEBQ3CnGjToVtcVpZhQrvo/X1u'],
])('knows the password %j again', (password, hash) => {
  expect(isBcryptHash(hash)).toBe(true)
  expect(bcryptMatches(password, hash)).toBe(true)
  expect(bcryptMatches(`${password}x`, hash)).toBe(false)
})

test('matches nothing against what is no bcrypt hash', () => {
  for (const hash of [
    '',
    'plain',
    '$2a$05$short',
    '$1$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  ]) {
    expect([isBcryptHash(hash), bcryptMatches('', hash)], hash).toEqual([false, false])
  }
})
