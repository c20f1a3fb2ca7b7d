import { describe, expect, it } from 'vitest'
import { allCommands } from '../servers/record.ts'
import { close, hang, reset, type Script, say, wait } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { type Sending, send } from './send.ts'
import { DATA_LEVELS } from './situation.ts'

const MESSAGES = 12

/** A session per message, so that every message has a QUIT behind it. */
async function play(script: Script, sending: Partial<Sending> = {}) {
  await using server = await ScriptedServer.start(script)
  const schedule = { executor: 'shared-iterations', messages: MESSAGES } as const
  const fromMs = performance.now()
  const sent = await send({
    schedule,
    messagesPerSession: 1,
    replyTimeoutMs: 1_000,
    ...sending,
    port: server.port,
  })
  const ends = sent.samples.map(({ endedMs }) => endedMs)
  return {
    ...sent,
    tookMs: performance.now() - fromMs,
    windowMs: Math.max(...ends) - Math.min(...ends),
    quitCommands: allCommands(server.sessions).filter((command) => command === 'QUIT').length,
  }
}

describe.each(DATA_LEVELS)('pipelining %s: QUIT', (pipelining) => {
  it('without any answer is counted, and holds up the messages once for a moment', async () => {
    const seen = await play({ quit: [hang] }, { pipelining })
    expect(seen.samples.map(({ outcome }) => outcome)).toEqual(Array(MESSAGES).fill('accepted'))
    // One has waited for its whole time; the others were not made to once it was overdue.
    expect(seen.sessionFailures.toSorted()).toEqual([...Array(MESSAGES - 1).fill('aborted'), 'timeout'])
    expect(seen.quitCommands).toBe(MESSAGES)
    expect(seen.quits).toBe(0)
    expect(seen.windowMs).toBeLessThan(900)
    expect(seen.tookMs).toBeGreaterThanOrEqual(1_000)
  })

  it.each([
    ['closed', [close], 'connection_closed'],
    ['reset', [wait(5), reset], 'connection_reset'],
    ['answered by 500', [say('500 5.5.1 what?')], 'reply 500'],
    ['answered by 421', [say('421 4.3.2 going'), close], 'reply 421'],
    ['answered by 250', [say('250 bye')], 'protocol_error'],
  ] as const)('%s is counted', async (_how, quit, failure) => {
    const seen = await play({ quit }, { pipelining })
    expect(seen.sessionFailures).toEqual(Array(MESSAGES).fill(failure))
    expect(seen.samples.every(({ outcome }) => outcome === 'accepted')).toBe(true)
  })

  it.each([
    ['closed', [close], 'connection_closed'],
    ['answered by 500', [say('500 5.5.1 what?')], 'protocol_error'],
    ['not answered', [hang], 'timeout'],
  ] as const)(
    'behind a session whose RSET is %s is not said, and that is counted',
    async (_how, rset, failure) => {
      const rcpt = [say('550 5.1.1 who?')]
      const schedule = { executor: 'shared-iterations', messages: 2 } as const
      const sending = { pipelining, schedule, messagesPerSession: 10, replyTimeoutMs: 150 }
      const seen = await play({ rcpt, data: [say('503 5.5.1 no')], rset }, sending)
      expect(seen.samples.map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected'])
      expect(seen.sessionFailures).toEqual([failure, failure])
      expect(seen.quitCommands).toBe(0)
    },
  )

  it('answered by 221, be it after 100 ms, is no trouble, and has its time', async () => {
    const schedule = { executor: 'shared-iterations', messages: 3 } as const
    const seen = await play({ quit: [wait(100), say('221 bye')] }, { pipelining, schedule })
    expect(seen).toMatchObject({ sessionFailures: [], quits: 3 })
    expect(seen.windowMs).toBeGreaterThanOrEqual(200)
  })
})

it('an answer to QUIT that takes longer than a lane waits for it still counts', async () => {
  const seen = await play({ quit: [wait(700), say('221 bye')] }, { replyTimeoutMs: 10_000 })
  expect(seen.quits).toBeGreaterThanOrEqual(1)
  expect(seen.sessionFailures).toEqual(Array(MESSAGES - seen.quits).fill('aborted'))
})

it('QUIT is waited for 5 s at most, however long a message may take', {
  tags: 'long',
  timeout: 20_000,
}, async () => {
  const seen = await play({ quit: [hang] }, { replyTimeoutMs: 60_000, workers: 3 })
  expect(seen.tookMs).toBeGreaterThanOrEqual(5_000)
  expect(seen.tookMs).toBeLessThan(9_000)
  expect(seen.windowMs).toBeLessThan(1_500)
  expect(seen.sessionFailures).toHaveLength(MESSAGES)
})
