import { describe, expect, it } from 'vitest'
import type { PipeliningLevel } from '../../src/smtp/target.ts'
import { allCommands } from '../servers/record.ts'
import { type Script, type Steps, say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { send } from './send.ts'
import { DATA_LEVELS } from './situation.ts'

/** OpenSMTPD 6.8 after `smtp limit max-mails`, word for word. */
const FULL = '452 4.5.3 Too many recipients: Too many messages sent'

describe.each(DATA_LEVELS)('pipelining %s', (level) => {
  it('opens a new session when MAIL is answered by 452 4.5.3 after others were taken', async () => {
    const { outcomes, sessions } = await play(level, mailReplies(level, ['250 ok', '250 ok', FULL]))
    expect(outcomes).toEqual(['accepted', 'accepted', 'deferred', 'accepted', 'accepted'])
    expect(sessions.map(({ messages }) => messages.length)).toEqual([2, 2])
    expect(allCommands(sessions).filter((command) => command === 'QUIT')).toHaveLength(2)
  })

  it('keeps the session when its first MAIL gets that reply: a new one would be no better', async () => {
    const { outcomes, sessions } = await play(level, mailReplies(level, [FULL]))
    expect(outcomes).toEqual(['deferred', 'accepted', 'accepted', 'accepted', 'accepted'])
    expect(sessions).toHaveLength(1)
  })

  it('keeps the session after another 452 to MAIL: a new one has no more storage', async () => {
    const { outcomes, sessions } = await play(level, mailReplies(level, ['250 ok', '452 4.3.1 no space']))
    expect(outcomes).toEqual(['accepted', 'deferred', 'accepted', 'accepted', 'accepted'])
    expect(sessions).toHaveLength(1)
  })

  it('keeps the session when RCPT gets that reply: it is a limit of the transaction', async () => {
    const data = level === 'off' ? {} : { data: times(['354 go ahead', '554 5.5.1 no recipients']) }
    const { outcomes, sessions } = await play(level, { rcpt: times(['250 ok', FULL]), ...data })
    expect(outcomes).toEqual(['accepted', 'deferred', 'accepted', 'accepted', 'accepted'])
    expect(sessions).toHaveLength(1)
  })
})

/** These replies to MAIL, the first times; what is pipelined behind a refused one is out of place. */
function mailReplies(level: PipeliningLevel, replies: readonly string[]): Script {
  if (level === 'off') return { mail: times(replies) }
  const behind = (taken: string) =>
    times(replies.map((mail) => (mail[0] === '2' ? taken : '503 5.5.1 MAIL first')))
  return { mail: times(replies), rcpt: behind('250 ok'), data: behind('354 go ahead') }
}

function times(replies: readonly string[]): { first: readonly Steps[] } {
  return { first: replies.map((reply) => [say(reply)]) }
}

async function play(pipelining: PipeliningLevel, script: Script) {
  await using server = await ScriptedServer.start(script)
  const schedule = { executor: 'shared-iterations', messages: 5 } as const
  const { samples } = await send({ port: server.port, pipelining, schedule, replyTimeoutMs: 10_000 })
  return { outcomes: samples.map(({ outcome }) => outcome), sessions: server.sessions }
}
