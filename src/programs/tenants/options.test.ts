import { expect, test } from 'vitest'
import { type TenantOptions, tenantConfig, tenantProblems } from './options.ts'

test('needs a profile only', () => {
  expect(tenantConfig({ profile: 'documents' })).toMatchObject({
    tenantId: 'tenant-documents',
    clientId: 'documents-1',
    accountId: 'smtp-documents',
    messagesPerSync: 2,
    largeShare: 0.5,
    dndSeconds: { min: 30, max: 300 },
    intake: { style: 'response' },
  })
})

test('lets every figure of the profile be overridden, by 0 too', () => {
  const given = { messagesPerSync: 0, attachmentShare: 0, cachedShare: 1, largeShare: 0, dndShare: 1 }
  expect(tenantConfig({ profile: 'documents', ...given })).toMatchObject(given)
})

test('names every wrong option at once, with what was given', () => {
  const given = { profile: 'standard', dndShare: 30, tenantId: 'a/b', maxAttachmentBytes: 1, color: 'red' }
  for (const part of ['(given: 30)', '(given: "a/b")', 'maxAttachmentBytes', '"color"'])
    expect(() => tenantConfig(given as TenantOptions)).toThrow(part)
})

test('does not repeat a token that is wrong', () => {
  const auth = { method: 'bearer', token: 'top secret' } as const
  expect(() => tenantConfig({ profile: 'standard', auth })).toThrow(/auth\.token.*given: not shown/)
})

test.each([
  ['a method that is not known', { auth: { method: 'digest', password: 'hunter2' } }, 'auth.method'],
  ['a misspelt name', { auth: { method: 'bearer', token: 'x', tokn: 'hunter2' } }, 'tokn'],
  ['no object', { auth: 'hunter2' }, 'auth'],
  ['a style that is not known', { intake: { style: 'pull', token: 'hunter2' } }, 'intake.style'],
])('does not repeat the secrets beside %s', (_what, given, name) => {
  const problems = tenantProblems({ profile: 'standard', ...given }).join()
  expect(problems).toContain(name)
  expect(problems).not.toContain('hunter2')
})

test.each([
  [{ profile: 'big' }, 'profile'],
  [{ profile: 'standard', dndSeconds: { min: 5, max: 1 } }, 'dndSeconds'],
  [{ profile: 'standard', intake: { style: 'push', proxyUrls: [] } }, 'intake.proxyUrls'],
  [{ profile: 'standard', intake: { style: 'push', proxyUrls: ['localhost:8000'] } }, 'intake.proxyUrls.0'],
  [{ profile: 'standard', messagesPerSync: 1.5 }, 'messagesPerSync'],
])('refuses %j, naming %s', (given, name) => {
  expect(() => tenantConfig(given as TenantOptions)).toThrow(name)
})
