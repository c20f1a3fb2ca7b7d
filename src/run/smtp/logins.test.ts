import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountsIn } from '../../smtp/login/logins.ts'
import { loginOf, readAccounts } from './logins.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-logins-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(text: string): string {
  const path = join(folder, 'file')
  writeFileSync(path, text)
  return path
}

describe('accounts', () => {
  it('have a user and a password, and perhaps a mechanism and a sender', () => {
    const text = 'user,pass,mechanism,sender\nann," a,b ",,\nbob,x,scram-sha-256,bob@example.com\n'
    expect(accountsIn(readAccounts(fileOf(text), false))).toEqual([
      { user: 'ann', pass: ' a,b ' },
      { user: 'bob', pass: 'x', mechanism: 'SCRAM-SHA-256', sender: 'bob@example.com' },
    ])
  })

  it.each([
    ['user,pass\n,geheim\n', /account 1: it has no user$/],
    ['user,pass\nann,\n', /account 1: ann has no pass$/],
    ['user,pass\nann,"geheim\n"\n', /account 1: ann has control characters$/],
    ['user,pass,mechanism\nann,geheim,NTLM\n', /mechanism "NTLM" is not known\. Allowed: PLAIN, LOGIN,/],
    ['user,pass,sender\nann,geheim,ann\n', /sender "ann" is not a mail address$/],
    ['user,pass,sender\nann,geheim,ann@company.com\n', /in company\.com, where real people may get the mail/],
    ['user,pass,from\nann,geheim,x\n', /there is no column from; known: user, pass, mechanism, sender$/],
  ])('that read %j are refused, and no password is shown', (text, message) => {
    expect(() => readAccounts(fileOf(text), false)).toThrow(message)
    expect(() => readAccounts(fileOf(text), false)).not.toThrow(/geheim/)
  })

  it('are refused together, the first five by name', () => {
    const text = `user,pass\n${',x\n'.repeat(7)}`
    expect(() => readAccounts(fileOf(text), false)).toThrow(
      /account 1: .*\n.*account 5: .*\n {2}and 2 more$/s,
    )
  })

  it('may be of real people where public targets are allowed', () => {
    const table = readAccounts(fileOf('user,pass,sender\nann,x,ann@company.com\n'), true)
    expect(table.count).toBe(1)
  })
})

describe('a token', () => {
  it('comes from a file or a command, and takes the place of the password', async () => {
    const tokenFile = fileOf('ya29.token\n')
    const login = { user: 'u', pass: 'ya29.token', isToken: true }
    expect(await loginOf({ user: 'u', tokenFile })).toEqual({ ...login, tokenFile })
    expect(await loginOf({ user: 'u', tokenCommand: 'echo ya29.token', mechanism: 'XOAUTH2' })).toEqual({
      ...login,
      mechanism: 'XOAUTH2',
    })
  })

  it.each([
    [
      { tokenCommand: 'echo geheim; echo no login >&2; exit 3' },
      /the token command ended with 3: no login\./,
    ],
    [{ tokenCommand: 'true' }, /the output of the token command is empty\./],
    [{ tokenCommand: 'echo geheim geheim' }, /more than one line with the token alone\./],
    [{ tokenFile: '/nowhere/token' }, /\/nowhere\/token: no such file\./],
  ])('that is not there by %o is told in one message, which never shows it', async (from, message) => {
    const failed = loginOf({ user: 'u', ...from })
    await expect(failed).rejects.toThrow(message)
    await expect(failed).rejects.toThrow(/^Failed to get the token for AUTH: /)
    await expect(failed).rejects.not.toThrow(/geheim/)
  })
})
