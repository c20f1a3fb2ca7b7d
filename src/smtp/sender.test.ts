import { describe, expect, it } from 'vitest'
import { allCommands } from '../../test/servers/record.ts'
import { close, DEFAULT_STEPS, type Script, say } from '../../test/servers/script.ts'
import { ScriptedServer } from '../../test/servers/scripted-server.ts'
import { type Sending, send } from '../../test/truth/send.ts'

/** How each message ended, in their order, and what the server saw. */
async function ends(script: Script, sending: Omit<Sending, 'port'> = {}) {
  await using server = await ScriptedServer.start(script)
  const sent = await send({ replyTimeoutMs: 10_000, ...sending, port: server.port })
  const samples = sent.samples.toSorted((a, b) => a.message - b.message)
  return {
    ends: samples.map(({ outcome, failure }) =>
      failure === undefined
        ? outcome
        : `${outcome} ${failure.class} ${failure.phase} ${failure.code ?? ''}`.trim(),
    ),
    recipientsRefused: samples.map((sample) => sample.recipientsRefused),
    sessions: server.sessions.map((session) => session.messages.length),
    commands: allCommands(server.sessions),
    quits: sent.quits,
  }
}

const messages = (count: number) =>
  ({ schedule: { executor: 'shared-iterations', messages: count } }) as const

describe('the envelope that is out behind a message', () => {
  const sending = { pipelining: 'transactions', ...messages(3) } as const

  it('goes out in a new session when the server takes the message and closes', async () => {
    const script: Script = { mail: { first: [DEFAULT_STEPS.mail, [close]] } }
    const seen = await ends(script, sending)
    expect(seen.ends).toEqual(['accepted', 'accepted', 'accepted'])
    expect(seen.sessions).toEqual([1, 2])
  })

  it('is refused by itself when the server takes the message, refuses it and closes', async () => {
    const script: Script = { mail: { first: [DEFAULT_STEPS.mail, [say('550 5.7.1 enough'), close]] } }
    expect((await ends(script, sending)).ends).toEqual([
      'accepted',
      'rejected reply envelope 550',
      'accepted',
    ])
  })

  it('goes out in a new session when the message before it ends in 421', async () => {
    const seen = await ends({ dot: { first: [[say('421 4.3.2 going down'), close]] } }, sending)
    expect(seen.ends).toEqual(['deferred reply accept 421', 'accepted', 'accepted'])
    expect(seen.sessions).toEqual([1, 2])
  })

  it('goes on when the message before it is refused', async () => {
    const seen = await ends({ dot: { first: [[say('554 5.6.0 no')]] } }, sending)
    expect(seen.ends).toEqual(['rejected reply accept 554', 'accepted', 'accepted'])
    expect(seen.sessions).toEqual([3])
  })

  it('counts only its own refused recipients', async () => {
    const script: Script = {
      rcpt: { first: [DEFAULT_STEPS.rcpt, [say('550 5.1.1 who?')]] },
      mail: { first: [DEFAULT_STEPS.mail, [close]] },
    }
    const seen = await ends(script, { ...sending, recipients: ['b@example.com', 'c@example.com'] })
    expect(seen.ends).toEqual(['accepted', 'accepted', 'accepted'])
    expect(seen.recipientsRefused).toEqual([1, 0, 0])
  })
})

describe('a session', () => {
  it.each([
    [1, [1, 1, 1, 1, 1, 1, 1]],
    [3, [3, 3, 1]],
    [Number.POSITIVE_INFINITY, [7]],
  ])('of at most %d messages ends by QUIT and the next begins', async (messagesPerSession, sessions) => {
    for (const pipelining of ['off', 'commands', 'transactions'] as const) {
      const seen = await ends({}, { pipelining, messagesPerSession, ...messages(7) })
      expect(seen.ends).toEqual(Array(7).fill('accepted'))
      expect(seen.sessions).toEqual(sessions)
      expect(seen.commands.filter((command) => command === 'QUIT')).toHaveLength(sessions.length)
      expect(seen.quits).toBe(sessions.length)
    }
  })

  it('pipelines only what the server offers to take (RFC 2920 3.1)', async () => {
    const offersNothing: Script = { ehlo: [say('250 scripted')], rcpt: { first: [[say('550 5.1.1 who?')]] } }
    const seen = await ends(offersNothing, { pipelining: 'transactions', ...messages(1) })
    // A client that pipelines says DATA before it knows of the 550.
    expect(seen.commands.map((command) => command.slice(0, 4))).toEqual([
      'EHLO',
      'MAIL',
      'RCPT',
      'RSET',
      'QUIT',
    ])
  })

  it('says SIZE= where it is offered (RFC 1870 6.1)', async () => {
    const seen = await ends({}, { sizeBytes: 2_000, ...messages(1) })
    expect(seen.commands[1]).toBe('MAIL FROM:<a@example.com> SIZE=2000')
  })
})
