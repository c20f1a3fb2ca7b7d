import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { stress } from './stress.ts'

const USER = 'tim'
const PASS = 'tanstaaf&tanstaaf'
const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')
const SECRETS = [
  PASS,
  base64(PASS),
  base64(PASS).slice(0, 12),
  base64(`\0${USER}\0${PASS}`),
  base64(`\0${USER}\0${PASS}`).slice(0, 14),
  'tanstaaf&amp;tanstaaf',
  'tanstaaf\\u0026tanstaaf',
]

/** Takes every login, and repeats in each refusal all that it was told at AUTH, in clear and as it came. */
async function parrot(
  mechanism: 'PLAIN' | 'LOGIN',
  refusesLogin: boolean,
): Promise<Server & AsyncDisposable> {
  const server = createServer((socket) => {
    const heard: string[] = []
    const asks = [`334 ${base64('Username:')}`, `334 ${base64('Password:')}`]
    let inAuth = false
    const say = (reply: string) => socket.write(`${reply}\r\n`)
    const repeated = () =>
      heard
        .map((line) => `${line} ${Buffer.from(line.split(' ').at(-1) ?? '', 'base64').toString()}`)
        .join(' ')
    const reply = (line: string): string => {
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'AUTH') inAuth = true
      if (inAuth) {
        heard.push(line)
        const ask = mechanism === 'LOGIN' ? asks.shift() : undefined
        inAuth = ask !== undefined
        return ask ?? (refusesLogin ? `535 5.7.8 ${repeated()} is wrong` : '235 2.7.0 welcome')
      }
      if (verb === 'EHLO') return `250-parrot\r\n250 AUTH ${mechanism}`
      return verb === 'MAIL' ? `550 5.7.1 ${repeated()} may not send` : '250 ok'
    }
    socket.on('error', () => socket.destroy())
    say('220 parrot ESMTP')
    createInterface(socket).on('line', (line) => say(reply(line)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test.for([
  ['PLAIN', true],
  ['LOGIN', false],
] as const)(
  'a server that repeats AUTH %s in its refusals (of the login: %s) gets no password into any report',
  async ([mechanism, refusesLogin]) => {
    await using server = await parrot(mechanism, refusesLogin)
    const run = await stress('custom', {
      SMTP_TARGETS: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      STRESS_BACKEND: 'external',
      STRESS_MESSAGES: '10',
      STRESS_AUTH_USER: USER,
      STRESS_AUTH_PASS: PASS,
    })
    expect(run.result?.metrics.outcomes).toMatchObject({ rejected: 10 })
    expect(run.result?.failures[0]?.text).toContain('***')
    const entries = await readdir(run.resultsDir, { withFileTypes: true, recursive: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const files = await Promise.all(paths.map((path) => readFile(path, 'latin1')))
    expect(paths.map((path) => path.split('.').at(-1))).toEqual(
      expect.arrayContaining(['json', 'md', 'html', 'xml']),
    )
    for (const text of [run.output, ...files])
      for (const secret of SECRETS) expect(text).not.toContain(secret)
  },
)
