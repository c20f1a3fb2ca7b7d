import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runLoad } from '../../src/engine.ts'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-accounts-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const OFFERS = { ehlo: [say('250-scripted', '250-PIPELINING', '250 AUTH PLAIN XOAUTH2')] }
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Without the session that only looks for the greeting. */
const loggedIn = ({ sessions }: ScriptedServer) =>
  sessions.filter(({ commands }) => commands.some((command) => command.startsWith('AUTH')))

const LOAD = {
  executor: 'shared-iterations',
  messages: 6,
  workers: 2,
  messagesPerSession: 1,
  size: 'small',
} as const

it('each session logs in as the next account, and its messages have the sender of the account', async () => {
  const accounts = join(folder, 'accounts.csv')
  writeFileSync(accounts, 'user,pass,sender\nann,a,ann@example.com\nbob,b,bob@example.com\ncat,c,\n')
  await using server = await ScriptedServer.start(OFFERS)
  const result = await runLoad({ ...LOAD, targets: [`127.0.0.1:${server.port}`], accounts })
  expect(result.workload).toMatchObject({ auth: null, accounts: 3 })
  expect(result.metrics).toMatchObject({ successful_messages: 6, sessions_opened: 6 })
  const seen = loggedIn(server).map(({ commands }) => {
    const [, auth = '', mail = ''] = commands
    return `${Buffer.from(auth.split(' ')[2] ?? '', 'base64').toString()} ${mail}`
  })
  const logins = (name: string, pass: string, sender: string) =>
    Array(2).fill(`\0${name}\0${pass} MAIL FROM:<${sender}>`)
  expect(seen.toSorted()).toEqual([
    ...logins('ann', 'a', 'ann@example.com'),
    ...logins('bob', 'b', 'bob@example.com'),
    ...logins('cat', 'c', 'sender@mailstorm.test'),
  ])
})

it('a refused account is deferred or rejected by its own login, and no password stands in the result', async () => {
  const accounts = join(folder, 'accounts.csv')
  writeFileSync(accounts, 'user,pass\nann,verysecret\n')
  await using server = await ScriptedServer.start({
    ...OFFERS,
    auth: [say(`535 5.7.8 no: ${base64('\0ann\0verysecret')} verysecret`)],
  })
  const result = await runLoad({ ...LOAD, targets: [`127.0.0.1:${server.port}`], accounts })
  expect(result.failures).toMatchObject([
    { class: 'auth', code: 535, text: '535 5.7.8 no: *** ***', count: 6 },
  ])
  expect(JSON.stringify(result)).not.toContain('verysecret')
})

it('a token of a command logs in by XOAUTH2', async () => {
  await using server = await ScriptedServer.start(OFFERS)
  const auth = { user: 'ann', tokenCommand: 'echo a-token' }
  const result = await runLoad({ ...LOAD, targets: [`127.0.0.1:${server.port}`], auth })
  expect(result.metrics.successful_messages).toBe(6)
  const response = base64('user=ann\x01auth=Bearer a-token\x01\x01')
  expect(loggedIn(server).every(({ commands }) => commands[1] === `AUTH XOAUTH2 ${response}`)).toBe(true)
})
