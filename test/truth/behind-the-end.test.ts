import { describe, expect, it } from 'vitest'
import { runLoad } from '../../src/run/load.ts'
import { serve } from '../../src/smtp/preflight/fake-server.fixture.ts'
import { type Habits, PipeliningServer } from '../servers/pipelining-server.ts'
import { send } from './send.ts'

const MESSAGES = 40
const schedule = { executor: 'shared-iterations', messages: MESSAGES } as const

async function served(habits: Partial<Habits>) {
  const server = new PipeliningServer({ extensions: ['PIPELINING'], ...habits })
  return { server, port: await serve(server.talk) }
}

/** As Haraka 3.3.4 does, on purpose, and courier 1.0.16 and chasquid 1.11 by a fault. */
describe('a server that offers PIPELINING and does not handle what comes with the end of a message', () => {
  it('is sent to by commands once it answers 503, and what it refused for that is sent again: all is taken, once', async () => {
    const { server, port } = await served({ behind: '503' })
    const sent = await send({ port, pipelining: 'transactions', schedule, workers: 4 })
    expect(sent.samples.map(({ outcome }) => outcome)).toEqual(Array(MESSAGES).fill('accepted'))
    expect(new Set(sent.samples.map(({ message }) => message)).size).toBe(MESSAGES)
    expect(server.messages).toHaveLength(MESSAGES)
    // In the sessions that they were for: one to a worker.
    expect(sent).toMatchObject({ sessionsOpened: 4, reconnects: 0, sessionFailures: [] })
    // Each worker may have had one out when the first 503 came.
    const { sentAgain = 0, why } = sent.behindTheEnd ?? {}
    expect(sentAgain).toBeGreaterThanOrEqual(1)
    expect(sentAgain).toBeLessThanOrEqual(4)
    expect(why).toBe('it answers "503 not now" to MAIL behind the end of a message')
    expect(server.refusedBehind).toBe(sentAgain)
  })

  it('fails the message that it lost by its time-out, and is sent to by commands from then on', async () => {
    const { server, port } = await served({ behind: 'lost' })
    const sent = await send({ port, pipelining: 'transactions', schedule, replyTimeoutMs: 300 })
    const ends = sent.samples.map(({ outcome, failure }) => failure?.class ?? outcome)
    expect(ends).toEqual(['accepted', 'timeout', ...Array(MESSAGES - 2).fill('accepted')])
    expect(server.messages).toHaveLength(MESSAGES - 1)
    expect(sent.behindTheEnd).toEqual({
      why: 'it is silent to what stands behind the end of a message',
      sentAgain: 0,
    })
  })

  it('is named in the result where no trial may find it before the load', async () => {
    const { server, port } = await served({ behind: '503' })
    const target = `127.0.0.1:${port}`
    const result = await runLoad({
      ...schedule,
      workers: 2,
      size: 'small',
      pipelining: 'transactions',
      pipeliningTrial: false,
      threads: 1,
      targets: [target],
    })
    expect(result.metrics).toMatchObject({ successful_messages: MESSAGES, failed_messages: 0 })
    const why = 'it answers "503 not now" to MAIL behind the end of a message'
    const again = server.refusedBehind
    expect(result.pipelining).toEqual([
      { target, asked: 'transactions', used: 'commands', why, trial_messages: 0, sent_again: again },
    ])
    expect(result.observations[0]).toContain(
      `${target} was sent to at pipelining level commands, not transactions: ${why}; the load found it, and ${again} message`,
    )
    expect(result.observations[0]).toContain('STRESS_PIPELINING=commands asks for that level from the start')
  })
})

it('a refusal of the sender by 503 in its place is that message’s outcome', async () => {
  const { port } = await served({ mail: '503 5.5.1 never you' })
  const sent = await send({ port, pipelining: 'transactions', schedule })
  expect(sent.samples.map(({ failure }) => failure?.code)).toEqual(Array(MESSAGES).fill(503))
  expect(sent.behindTheEnd).toBeUndefined()
})

it('a server that was slow once, and had handled others, goes on by transactions', async () => {
  const { server, port } = await served({ deafAt: 10 })
  const sent = await send({ port, pipelining: 'transactions', schedule, replyTimeoutMs: 300 })
  expect(sent.samples.filter(({ outcome }) => outcome === 'accepted')).toHaveLength(MESSAGES - 1)
  expect(sent.behindTheEnd).toBeUndefined()
  expect(server.messages).toHaveLength(MESSAGES - 1)
})
