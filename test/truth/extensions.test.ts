import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPattern } from '../../src/mail/envelopes/pattern.ts'
import { filled } from '../../src/mail/envelopes/pick-table.ts'
import { type MailPlan, type MailSpec, mailOf } from '../../src/mail/mail.ts'
import { PIPELINING_LEVELS, type PipeliningLevel } from '../../src/smtp/target.ts'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { RUN_ID, send } from './send.ts'

const MESSAGES = 12
const OFFERS = ['SIZE', '8BITMIME', 'SMTPUTF8', 'DSN']

function patternOf(text: string) {
  const read = readPattern(text)
  if ('wrong' in read) throw new Error(read.wrong)
  return filled(read.value)
}

/** What a server that offers these was told, and how each message ended. */
async function play(
  spec: Partial<MailSpec>,
  offers: readonly string[],
  pipelining: PipeliningLevel = 'commands',
) {
  const keywords = ['scripted', 'PIPELINING', 'CHUNKING', ...offers]
  const lines = keywords.map((keyword, index) => `250${index === keywords.length - 1 ? ' ' : '-'}${keyword}`)
  await using server = await ScriptedServer.start({ ehlo: [say(...lines)] })
  const plan: MailPlan = {
    ...{ runId: RUN_ID, seed: 1, dateMs: 0, sizeBytes: 1024 },
    ...{ sender: 'a@example.com', recipients: ['b@example.com'], ...spec },
  }
  const schedule = { executor: 'shared-iterations', messages: MESSAGES } as const
  const sent = await send({ port: server.port, mail: mailOf(plan), pipelining, schedule })
  const samples = sent.samples.toSorted((a, b) => a.message - b.message)
  const messages = server.sessions.flatMap((session) => session.messages)
  return {
    ends: samples.map(({ outcome, failure }) => failure?.text ?? outcome),
    mail: messages.map(({ mail }) => mail),
    rcpt: messages.map(({ rcpt }) => rcpt),
    octets: messages.map(({ octets }) => Buffer.from(octets).toString()),
    sessionsOpened: sent.sessionsOpened,
  }
}

const utf8 = (text: string) => Buffer.from(text).toString('latin1')

describe('delivery status notifications (RFC 3461)', () => {
  const dsn = { notify: ['SUCCESS', 'FAILURE'], ret: 'HDRS' } as const

  it('are asked for where DSN is offered, by the id of the message', async () => {
    const { mail, rcpt } = await play({ dsn, recipients: ['"a b+c"@example.com', 'c@example.com'] }, OFFERS)
    expect(mail[1]).toBe(`MAIL FROM:<a@example.com> SIZE=1024 RET=HDRS ENVID=${RUN_ID}-0000000001`)
    expect(rcpt[1]).toEqual([
      'RCPT TO:<"a b+c"@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;"a+20b+2Bc"@example.com',
      'RCPT TO:<c@example.com> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;c@example.com',
    ])
  })

  it('are not asked for where it is not', async () => {
    const { mail, rcpt } = await play({ dsn: { notify: 'NEVER' } }, ['SIZE'])
    expect(mail[0]).toBe('MAIL FROM:<a@example.com> SIZE=1024')
    expect(rcpt[0]).toEqual(['RCPT TO:<b@example.com>'])
  })
})

describe.each(PIPELINING_LEVELS)('an address beyond ASCII (RFC 6531), pipelining %s', (pipelining) => {
  const sender = patternOf('jürgen{seq}@example.com')
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailstorm-utf8-'))
    await writeFile(join(folder, 'names.csv'), 'name\njürgen\nann\n')
  })

  afterAll(() => rm(folder, { recursive: true }))

  it('goes in UTF-8 to a server that offers SMTPUTF8, in its envelope and its header', async () => {
    const seen = await play({ sender }, OFFERS, pipelining)
    expect(seen.ends).toEqual(Array(MESSAGES).fill('accepted'))
    expect(seen.mail[2]).toBe(`MAIL FROM:<${utf8('jürgen2@example.com')}> SIZE=1024 BODY=8BITMIME SMTPUTF8`)
    expect(seen.octets[2]).toContain('From: <jürgen2@example.com>\r\n')
    expect(seen.octets.map((octets) => Buffer.byteLength(octets))).toEqual(Array(MESSAGES).fill(1024))
  })

  it('ends its message before it is sent where it is not offered, and only that message', async () => {
    const picked = patternOf(`{pick:${folder}/names.csv:name}{seq}@example.com`)
    const seen = await play({ recipients: { pattern: picked, count: 1 } }, ['SIZE'], pipelining)
    const refusal =
      'not sent: the server does not offer SMTPUTF8 (RFC 6531), which an address of this message needs'
    expect(seen.rcpt.length).toBeGreaterThan(0)
    const sent = new Set(seen.rcpt.map(([rcpt]) => Number(/ann(\d+)@/.exec(rcpt ?? '')?.[1])))
    expect(seen.ends).toEqual(
      Array.from({ length: MESSAGES }, (_, message) => (sent.has(message) ? 'accepted' : refusal)),
    )
    expect(sent.size).toBeLessThan(MESSAGES)
    expect(seen.sessionsOpened).toBe(1)
  })
})
