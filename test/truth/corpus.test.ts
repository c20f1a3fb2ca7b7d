import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedSmtpServer, type RunningSmtpServer } from '../../containers/smtp-server.ts'
import { runLoad } from '../../src/run/load.ts'
import { PIPELINING_LEVELS } from '../../src/smtp/target.ts'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { type Expected, writeCorpus } from './corpus-files.ts'

const MESSAGES = 500

let folder: string
let expected: Expected
let server: RunningSmtpServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-corpus-'))
  expected = writeCorpus(folder, MESSAGES, 1)
  server = await embeddedSmtpServer({ name: 'smtp-server-corpus' }).start()
})

afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

const load = {
  executor: 'shared-iterations',
  workers: 4,
  thresholds: [],
  threads: 2,
  pipeliningTrial: false,
} as const

test.for(PIPELINING_LEVELS)(
  'every message of a corpus of 500 is acknowledged and in the ledger as it was sent, at level %s',
  async (pipelining) => {
    const messages = 2 * MESSAGES
    const targets = [`127.0.0.1:${server.port}`]
    const result = await runLoad({ ...load, targets, corpus: folder, messages, pipelining })
    expect(result.failures).toEqual([])
    expect(result.metrics.outcomes.accepted).toBe(messages)
    const seen = new Set<string>()
    let bytes = 0
    for await (const entry of server.entries(result.run_id)) {
      expect(entry).toMatchObject({ intact: true })
      seen.add(entry.id)
      bytes += entry.bytes
    }
    expect(seen.size).toBe(messages)
    expect(bytes).toBe(result.metrics.total_bytes_sent)
    expect(result.workload).toMatchObject({
      corpus: { messages: MESSAGES, files: (MESSAGES * 3) / 4 + 1 },
      pipelining,
    })
  },
)

const EHLO = say(
  ...['250-modern', '250-PIPELINING', '250-CHUNKING', '250-8BITMIME', '250-SMTPUTF8', '250 SIZE 10485760'],
)

test.for(PIPELINING_LEVELS)(
  'every message of a corpus arrives once and octet for octet, under nothing but our headers, at level %s',
  async (pipelining) => {
    await using other = await ScriptedServer.start({ ehlo: [EHLO] })
    const targets = [`127.0.0.1:${other.port}`]
    const result = await runLoad({
      ...load,
      targets,
      corpus: folder,
      messages: MESSAGES,
      pipelining,
      seed: 7,
    })
    expect(result.metrics.outcomes.accepted).toBe(MESSAGES)
    const names = new Set<string>()
    for (const { octets, mail } of other.sessions.flatMap(({ messages }) => messages)) {
      const text = octets.toString('latin1')
      const name = nameOf(text)
      names.add(name)
      const own = expected.get(name) ?? ''
      const id = text.slice('X-Mailstorm-Id: '.length, text.indexOf('\r\n'))
      const top = own.includes(`Message-ID: <${name}@`) ? [] : [`Message-ID: <${id}@mailstorm.test>`]
      const whole = [`X-Mailstorm-Id: ${id}`, ...top, text.match(/X-Mailstorm-Body-Crc: \w{8}/)?.[0], own]
      // Not by toEqual: a message may be long.
      expect([name, text === whole.join('\r\n')]).toEqual([name, true])
      expect(mail).toContain(`SIZE=${octets.length}`)
      expect(mail.includes('BODY=8BITMIME')).toBe(hasEightBit(own))
    }
    // As many messages as the corpus has: each of them once.
    expect(names.size).toBe(MESSAGES)
  },
)

function nameOf(octets: string): string {
  return /^X-Test: (m\d+)\r$/m.exec(octets)?.[1] ?? ''
}

function hasEightBit(octets: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII (RFC 6152 2).
  return /[^\x00-\x7f]/.test(octets)
}

test('the same seed sends the same messages, and weights draw from folders as they say', async () => {
  const drawn = async (seed: number) => {
    await using other = await ScriptedServer.start({ ehlo: [EHLO] })
    const corpus = `${folder}/crlf:80,${folder}/lf:20`
    await runLoad({ ...load, targets: [`127.0.0.1:${other.port}`], corpus, messages: 200, seed })
    const received = other.sessions.flatMap(({ messages }) => messages)
    return received.map(({ octets }) => nameOf(octets.toString('latin1'))).toSorted()
  }
  const [one, same, another] = [await drawn(1), await drawn(1), await drawn(2)]
  expect(same).toEqual(one)
  expect(another).not.toEqual(one)
  const fromFirst = one.filter((name) => Number(name.slice(1)) % 4 === 0).length
  expect(fromFirst).toBeGreaterThan(140)
  expect(fromFirst).toBeLessThan(180)
})

test('what a server does not take of a corpus is told before the load, and nothing is sent', async () => {
  await using old = await ScriptedServer.start({ ehlo: [say('250-old', '250-PIPELINING', '250 SIZE 50000')] })
  const targets = [`127.0.0.1:${old.port}`]
  const refused = await runLoad({ ...load, targets, corpus: folder, messages: 1 }).then(
    () => undefined,
    (error: Error) => error.message.replaceAll(folder, 'mails').replaceAll(targets[0] ?? '', 'OLD'),
  )
  const counted = (is: (octets: string) => boolean) => [...expected.values()].filter(is).length
  const eightBit = counted(hasEightBit)
  const large = counted((octets) => octets.length > 50_000 - 512)
  expect(refused?.split('\n')).toEqual([
    'Failed to start the run: not every message of the corpus may be sent:',
    expect.stringMatching(
      `^  OLD does not offer 8BITMIME \\(RFC 6152\\), and ${eightBit} of 500 messages have 8-bit text: mails/.*; mails/.*, …$`,
    ),
    expect.stringMatching(
      `^  OLD takes 50,000 bytes \\(SIZE, RFC 1870\\), and ${large} of 500 messages are larger: mails/`,
    ),
    'Leave these messages out, or let the server offer what they need.',
  ])
  expect(old.sessions.flatMap(({ messages }) => messages)).toEqual([])
})
