import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { BasicAuth } from './http-server.ts'

function authOf(text: string): BasicAuth {
  const folder = mkdtempSync(join(tmpdir(), 'sink-auth-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'auth')
  writeFileSync(path, text)
  return BasicAuth.fromFile(path)
}

function request(user: string, password: string): IncomingMessage {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  return { headers: { authorization } } as IncomingMessage
}

// Of OpenWall's crypt_blowfish 1.3 (wrapper.c), and of `MailHog bcrypt sécret`.
test.each([
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  ['U*U*', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK'],
  ['', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy'],
  ['sécret', '$2a$04$XumVwxrroAUxDZQen3AE4u45zc9hEBQ3CnGjToVtcVpZhQrvo/X1u'],
])('lets the password %j in, and no other', (password, hash) => {
  const auth = authOf(`someone:${hash}\n`)
  expect(auth.allows(request('someone', `${password}x`))).toBe(false)
  expect(auth.allows(request('someone', password))).toBe(true)
  expect(auth.allows(request('somebody', password))).toBe(false)
  expect(auth.allows({ headers: {} } as IncomingMessage)).toBe(false)
})

test.each([
  'someone',
  'someone:plain',
  'someone:$2a$05$short',
  'someone:$1$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  'someone:$2a$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
])('refuses an auth file with the line %s, and names the line', (line) => {
  expect(() => authOf(`\n${line}\n`)).toThrow('line 2 is not "user:bcrypt hash"')
})
