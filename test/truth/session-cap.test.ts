import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { PipeliningLevel } from '../../src/smtp/target.ts'
import { type Sending, send } from './send.ts'
import { DATA_LEVELS } from './situation.ts'

type Stage = 'mail' | 'rcpt' | 'data' | 'dot'

interface Deferring {
  readonly stage: Stage
  /** The whole reply, 4xx. */
  readonly reply: string
  /** Whether a session that has taken so many messages, of all that the server took, takes the next one. */
  takes(inSession: number, inAll: number): boolean
}

/** A server that takes everything, until it defers at one stage. */
async function deferringServer({ stage, reply, takes }: Deferring) {
  const counts = { sessions: 0, messages: 0 }
  const serve = (socket: Socket) => {
    counts.sessions++
    let input = ''
    let inData = false
    let hasEnvelope = false
    let inSession = 0
    const refuses = (at: Stage) => at === stage && !takes(inSession, counts.messages)
    const answer = (line: string): string => {
      const verb = line.slice(0, 4)
      if (verb === 'EHLO') return '250-cap\r\n250 PIPELINING'
      if (verb === 'QUIT') return '221 2.0.0 bye'
      if (verb === 'RSET') hasEnvelope = false
      if (verb === 'MAIL') {
        if (refuses('mail')) return reply
        hasEnvelope = true
      }
      if (verb === 'RCPT' && refuses('rcpt')) {
        hasEnvelope = false
        return reply
      }
      if (verb === 'RCPT' && !hasEnvelope) return '503 5.5.1 MAIL first'
      if (verb !== 'DATA') return '250 2.0.0 ok'
      if (!hasEnvelope) return '503 5.5.1 MAIL first'
      if (refuses('data')) return reply
      inData = true
      return '354 go ahead'
    }
    const endOfData = (): string => {
      inData = false
      hasEnvelope = false
      if (refuses('dot')) return reply
      inSession++
      counts.messages++
      return '250 2.0.0 taken'
    }
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      input += chunk.toString('latin1')
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n'
        const end = input.indexOf(mark)
        if (end === -1) return
        const line = input.slice(0, end)
        input = input.slice(end + mark.length)
        socket.write(`${inData ? endOfData() : answer(line)}\r\n`)
        if (line.startsWith('QUIT')) socket.end()
      }
    })
    socket.write('220 cap ESMTP\r\n')
  }
  const server = createServer(serve).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    counts,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  }
}

async function play(pipelining: PipeliningLevel, deferring: Deferring, sending: Partial<Sending> = {}) {
  await using server = await deferringServer(deferring)
  const schedule = { executor: 'shared-iterations', messages: 200 } as const
  const sent = await send({ replyTimeoutMs: 10_000, schedule, pipelining, ...sending, port: server.port })
  const samples = sent.samples.toSorted((a, b) => a.message - b.message)
  const count = (outcome: string) => samples.filter((sample) => sample.outcome === outcome).length
  return {
    ...sent,
    outcomes: samples.map(({ outcome }) => outcome),
    accepted: count('accepted'),
    deferred: count('deferred'),
    sessions: server.counts.sessions,
    messages: server.counts.messages,
  }
}

const WORDINGS: readonly (readonly [Stage, string])[] = [
  ['mail', '452 4.5.3 Too many messages in this session'],
  ['mail', '452 4.4.5 Insufficient system storage, session limit'],
  ['mail', '452 too many messages'],
  ['mail', '450 4.7.1 Too much mail in one connection'],
  ['mail', '451 4.3.0 reconnect to continue'],
  ['rcpt', '451 4.7.1 per-session limit reached'],
  ['data', '452 4.4.5 limit'],
  ['data', '450 enough'],
  ['dot', '451 4.3.2 enough for this session'],
  ['dot', '452 4.3.1 enough'],
]
const CAP = 20

describe.each(DATA_LEVELS)('pipelining %s', (level) => {
  it.each(WORDINGS)('finds a cap of messages per session said at %s by "%s"', async (stage, reply) => {
    const seen = await play(level, { stage, reply, takes: (inSession) => inSession < CAP })
    const named = reply.startsWith('452 4.5.3')
    // The first cap costs two messages, where the reply does not name it; each that follows one. At the
    // final dot the next envelope is out by then, so that it costs one more.
    const ahead = level === 'transactions' && stage === 'dot' ? 1 : 0
    const caps = seen.sessions - 1
    expect(seen.deferred).toBe(caps * (1 + ahead) + (named || ahead === 1 ? 0 : 1))
    expect(seen.accepted).toBe(200 - seen.deferred)
    expect(seen.messages).toBe(seen.accepted)
    expect(caps).toBe(Math.floor(seen.accepted / CAP) - (seen.accepted % CAP === 0 ? 1 : 0))
    expect(seen.sessionCap).toMatchObject({
      messages: CAP,
      sessions: caps,
      failure: { code: Number(reply.slice(0, 3)) },
    })
    expect(seen.reconnects).toBe(0)
    expect(seen.outcomes.slice(0, CAP)).toEqual(Array(CAP).fill('accepted'))
  })

  it('goes on in one new session when that defers as well: the server has no room, whatever the session', async () => {
    const seen = await play(level, {
      stage: 'mail',
      reply: '452 4.3.1 no space',
      takes: (_, inAll) => inAll < CAP,
    })
    expect(seen).toMatchObject({ accepted: CAP, deferred: 200 - CAP, sessions: 2, sessionCap: undefined })
  })

  it('tries less and less often when refusals are random, and reports no limit', async () => {
    // Pseudo-random, the same each time: about half of all messages, so that two running are frequent.
    let state = 7
    const chance = () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state / 2_147_483_648 < 0.5
    }
    const schedule = { executor: 'shared-iterations', messages: 2_000 } as const
    const seen = await play(
      level,
      { stage: 'data', reply: '451 4.7.1 greylisted', takes: chance },
      { schedule },
    )
    expect(seen.sessionCap).toBeUndefined()
    expect(seen.sessions).toBeLessThan(20)
    expect(seen.accepted).toBe(seen.messages)
  })

  it('when many workers meet an outage at once, only one tries', async () => {
    const seen = await play(
      level,
      { stage: 'mail', reply: '451 4.3.0 down', takes: (_, inAll) => inAll < 100 },
      { workers: 20, schedule: { executor: 'shared-iterations', messages: 1_000 } },
    )
    expect(seen.sessionCap).toBeUndefined()
    // What was past MAIL when the hundredth was taken is taken as well: at most one to each worker.
    expect(seen.accepted).toBeLessThan(100 + 20)
    expect(seen.accepted + seen.deferred).toBe(1_000)
    // A later one that had been waiting may try with four deferrals, then eight: not twenty.
    expect(seen.sessions).toBeLessThanOrEqual(20 + 8)
  })

  it('many workers find the limit together', async () => {
    const seen = await play(
      level,
      { stage: 'mail', reply: '452 4.4.5 limit', takes: (inSession) => inSession < CAP },
      { workers: 5, schedule: { executor: 'shared-iterations', messages: 2_000 } },
    )
    expect(seen.sessionCap).toMatchObject({ messages: CAP })
    expect(seen.deferred).toBeLessThan(2_000 / CAP + 40)
    expect(seen.accepted + seen.deferred).toBe(2_000)
  })
})
