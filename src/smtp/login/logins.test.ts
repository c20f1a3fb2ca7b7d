import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { FakeClock } from '../../engine/clock.fixture.ts'
import type { SmtpTarget } from '../target.ts'
import { accountsIn, accountTable, loginsOf } from './logins.ts'

const target: SmtpTarget = { name: 'a', host: '127.0.0.1', port: 25, tls: { mode: 'none', verify: true } }
const accounts = Array.from({ length: 5 }, (_, index) => ({ user: `user${index}`, pass: `pass${index}` }))

describe('accounts', () => {
  it('cross to a thread as they are', () => {
    expect(accountsIn(accountTable(accounts))).toEqual(accounts)
  })

  it.each([1, 2, 3, 5, 10])('are used alike by %i workers, session by session', (workers) => {
    const logins = loginsOf({
      accounts: accountTable(accounts),
      targets: [target],
      workers,
      clock: new FakeClock(),
    })
    const used = new Map<string, number>()
    for (let worker = 0; worker < workers; worker++) {
      const next = logins?.(worker)
      for (let session = 0; session < 20; session++) {
        const { user = '' } = next?.(target).target.auth ?? {}
        used.set(user, (used.get(user) ?? 0) + 1)
      }
    }
    expect([...used.values()]).toEqual(Array(5).fill((20 * workers) / 5))
  })

  it('are none where all sessions log in alike', () => {
    expect(loginsOf({ targets: [target], workers: 1, clock: new FakeClock() })).toBeUndefined()
  })
})

describe('a token in a file', () => {
  let folder = ''
  afterEach(() => rmSync(folder, { recursive: true }))

  it('is looked at again after a minute, and the old one goes on while it is missing or empty', async () => {
    folder = mkdtempSync(join(tmpdir(), 'mailstorm-token-'))
    const tokenFile = join(folder, 'token')
    const write = (token: string, atSeconds: number) => {
      writeFileSync(tokenFile, token)
      utimesSync(tokenFile, atSeconds, atSeconds)
    }
    write('first\n', 1)
    const clock = new FakeClock()
    const auth = { user: 'u', pass: 'first', isToken: true, tokenFile }
    const next = loginsOf({ targets: [{ ...target, auth }], workers: 1, clock })?.(0)
    const token = () => next?.({ ...target, auth }).target.auth?.pass
    write('second\n', 2)
    expect(token()).toBe('first')
    await clock.advanceTo(60_000)
    expect(token()).toBe('second')
    write('', 3)
    await clock.advanceTo(120_000)
    expect(token()).toBe('second')
    rmSync(tokenFile)
    await clock.advanceTo(180_000)
    expect(token()).toBe('second')
    write('third', 4)
    await clock.advanceTo(240_000)
    expect(token()).toBe('third')
  })
})
