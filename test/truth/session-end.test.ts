import { describe, expect, it } from 'vitest'
import { messageId } from '../../src/mail/id.ts'
import { acceptedIds } from '../servers/record.ts'
import { close, DEFAULT_STEPS, hang, reset, type Script, say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { RUN_ID, type Sending, send } from './send.ts'
import { DATA_LEVELS } from './situation.ts'

const MESSAGES = 20
const taken = DEFAULT_STEPS.dot
const goodbye = say('421 4.4.2 that is all for now')

async function play(script: Script, sending: Omit<Sending, 'port'>) {
  await using server = await ScriptedServer.start(script)
  const schedule = { executor: 'shared-iterations', messages: MESSAGES } as const
  const sent = await send({ schedule, replyTimeoutMs: 10_000, ...sending, port: server.port })
  const samples = sent.samples.toSorted((a, b) => a.message - b.message)
  return { ...sent, samples, sessions: server.sessions }
}

const endsOf = ({ samples }: Awaited<ReturnType<typeof play>>) =>
  samples.map(({ outcome, failure }) => [outcome, failure?.class, failure?.phase, failure?.code])
const all = (count: number, ...end: unknown[]) => Array(count).fill(end)

describe.each(DATA_LEVELS)(
  'pipelining %s: a server that ends its session after each message',
  (pipelining) => {
    it.each([
      ['by FIN', [...taken, close]],
      ['by RST', [...taken, reset]],
      ['by FIN 2 ms later', [...taken, wait(2), close]],
      ['by RST 2 ms later', [...taken, wait(2), reset]],
      ['by 421 in the same packet', [say('250 2.0.0 taken', '421 4.4.2 that is all for now'), close]],
      ['by 421', [...taken, goodbye, close]],
      ['by 421 2 ms later', [...taken, wait(2), goodbye, close]],
      ['by 421 2 ms later, and stays', [...taken, wait(2), goodbye]],
    ])('%s takes every message, each but the first by one reconnect', async (_how, dot) => {
      const seen = await play({ dot }, { pipelining })
      expect(endsOf(seen)).toEqual(all(MESSAGES, 'accepted', undefined, undefined, undefined))
      expect(seen).toMatchObject({ reconnects: MESSAGES - 1, sessionsOpened: MESSAGES })
      const ids = seen.samples.map(({ message }) => messageId(RUN_ID, message))
      expect(acceptedIds(seen.sessions)).toEqual(ids)
    })
  },
)

describe.each(DATA_LEVELS)('pipelining %s', (pipelining) => {
  it.each([
    ['closes', [close], ['failed', 'connection_closed', 'envelope', undefined]],
    ['says 421', [goodbye, close], ['deferred', 'reply', 'envelope', 421]],
  ] as const)(
    'a server that %s at the first MAIL of a session has that counted at its message',
    async (_how, mail, end) => {
      const seen = await play({ mail }, { pipelining })
      expect(endsOf(seen)).toEqual(all(MESSAGES, ...end))
      expect(seen).toMatchObject({ reconnects: 0, sessionsOpened: MESSAGES })
    },
  )

  it('a message whose MAIL gets no reply in a used session is not sent again: the session has not ended', async () => {
    const mail = { first: [DEFAULT_STEPS.mail, [hang]] }
    const schedule = { executor: 'shared-iterations', messages: 3 } as const
    const seen = await play({ mail }, { pipelining, schedule, replyTimeoutMs: 150 })
    const accepted = all(1, 'accepted', undefined, undefined, undefined)
    expect(endsOf(seen)).toEqual([...accepted, ['failed', 'timeout', 'envelope', undefined], ...accepted])
    expect(seen.reconnects).toBe(0)
  })

  it('half a reply to MAIL in a used session is a failure: the server had begun to answer', async () => {
    const mail = { first: [DEFAULT_STEPS.mail, [{ do: 'raw', octets: '250 2.1' }, close]] } as const
    const schedule = { executor: 'shared-iterations', messages: 2 } as const
    const seen = await play({ mail }, { pipelining, schedule })
    expect(endsOf(seen)[1]).toEqual(['failed', 'protocol_error', 'envelope', undefined])
  })

  it('a session that ends after MAIL was answered fails its message', async () => {
    const rcpt = { first: [DEFAULT_STEPS.rcpt, [close]] }
    const schedule = { executor: 'shared-iterations', messages: 2 } as const
    const seen = await play({ rcpt }, { pipelining, schedule })
    expect(endsOf(seen)[1]).toEqual(['failed', 'connection_closed', 'envelope', undefined])
    expect(seen.reconnects).toBe(0)
  })

  it('a message is sent again once: what happens in the new session decides its outcome', async () => {
    const mail = { first: [DEFAULT_STEPS.mail, [close], [close]] }
    const schedule = { executor: 'shared-iterations', messages: 3 } as const
    const seen = await play({ mail }, { pipelining, schedule })
    expect(endsOf(seen)).toEqual([
      ['accepted', undefined, undefined, undefined],
      ['failed', 'connection_closed', 'envelope', undefined],
      ['accepted', undefined, undefined, undefined],
    ])
    expect(seen.reconnects).toBe(1)
  })

  it('when a message is sent again, response time counts from when it was due, service time from the new session', async () => {
    const waitMs = 60
    const mail = { first: [DEFAULT_STEPS.mail, [wait(waitMs), close]] }
    const schedule = { executor: 'shared-iterations', messages: 2 } as const
    const seen = await play({ mail }, { pipelining, schedule })
    const [, again] = seen.samples
    if (again === undefined) throw new Error('no second message')
    expect(again.outcome).toBe('accepted')
    expect(again.endedMs - again.dueMs).toBeGreaterThanOrEqual(waitMs)
    expect(again.sentMs - again.dueMs).toBeGreaterThanOrEqual(waitMs)
    const phases = again.phasesMs.reduce((sum, ms) => sum + (Number.isNaN(ms) ? 0 : ms), 0)
    expect(Math.abs(again.endedMs - again.sentMs - phases)).toBeLessThan(2)
  })
})
