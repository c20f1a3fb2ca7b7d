import { describe, expect, it } from 'vitest'
import { selfSignedCertificate } from '../../containers/certificate.ts'
import { messageId } from '../../src/mail/id.ts'
import { acceptedIds } from '../servers/record.ts'
import { close, DEFAULT_STEPS, OFFERS_CHUNKING, type Script, say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { RUN_ID, type Sending, send } from './send.ts'

const MESSAGES = 12
const taken = DEFAULT_STEPS.bdat
const ok = DEFAULT_STEPS.rcpt

async function play(script: Script, sending: Omit<Sending, 'port'> = {}) {
  await using server = await ScriptedServer.start({ ehlo: OFFERS_CHUNKING, ...script })
  const schedule = { executor: 'shared-iterations', messages: MESSAGES } as const
  const sent = await send({
    ...{ schedule, pipelining: 'chunks', timeoutMs: 10_000, ...sending },
    port: server.port,
  })
  const samples = sent.samples.toSorted((a, b) => a.message - b.message)
  const ends = samples.map(({ outcome, failure }) =>
    outcome === 'accepted' ? outcome : `${outcome} ${failure?.code ?? failure?.class} ${failure?.phase}`,
  )
  const acknowledged = samples.filter(({ outcome }) => outcome === 'accepted')
  const ids = acknowledged.map(({ message }) => messageId(RUN_ID, message))
  return { ...sent, samples, ends, ids, sessions: server.sessions }
}

/** Twelve ends, all `accepted` but for these. */
function allBut(others: Readonly<Record<number, string>>): string[] {
  return Array.from({ length: MESSAGES }, (_, message) => others[message] ?? 'accepted')
}

describe('a batch of chunks', () => {
  it.each([
    ['BDAT LAST', { bdat: { first: [taken, taken, [say('552 5.3.4 too big')]] } }, 'rejected 552 accept'],
    ['RCPT', { rcpt: { first: [ok, ok, [say('550 5.1.1 who?')]] } }, 'rejected 550 envelope'],
    ['MAIL', { mail: { first: [ok, ok, [say('451 4.7.1 later')]] } }, 'deferred 451 envelope'],
  ] as const)('a refusal of %s in its middle touches only its own message', async (_what, script, end) => {
    const seen = await play(script)
    expect(seen.ends).toEqual(allBut({ 2: end }))
    expect(acceptedIds(seen.sessions)).toEqual(seen.ids)
    expect(seen).toMatchObject({ sessionsOpened: 1, reconnects: 0, quits: 1 })
  })

  it('421 in its middle ends its own message, and those behind it go to a new session, once each', async () => {
    const goodbye = [say('421 4.3.2 going down'), close]
    const seen = await play({ bdat: { first: [taken, taken, goodbye] } })
    expect(seen.ends).toEqual(allBut({ 2: 'deferred 421 accept' }))
    expect(acceptedIds(seen.sessions)).toEqual(seen.ids)
    // Eight were on their way, three of them had been answered.
    expect(seen).toMatchObject({ sessionsOpened: 2, reconnects: 5 })
  })

  it('421 to MAIL in a used session ends no message', async () => {
    const seen = await play({ mail: { first: [ok, ok, [say('421 4.4.2 that is all'), close]] } })
    expect(seen.ends).toEqual(allBut({}))
    expect(acceptedIds(seen.sessions)).toEqual(seen.ids)
    expect(seen).toMatchObject({ sessionsOpened: 2, reconnects: 6 })
  })

  it('a session that ends in its middle leaves in doubt what was on its way: failed, and not sent again', async () => {
    const seen = await play({ bdat: { first: [taken, taken, [close]] } })
    const inDoubt = 'failed connection_closed accept'
    expect(seen.ends).toEqual(
      allBut(Object.fromEntries([2, 3, 4, 5, 6, 7].map((number) => [number, inDoubt]))),
    )
    expect(acceptedIds(seen.sessions)).toEqual(seen.ids)
    expect(seen).toMatchObject({ sessionsOpened: 2, reconnects: 0 })
  })

  it('a refusal stands when the connection breaks right after it, and what is behind it is in doubt', async () => {
    const refusal = [say('550 5.1.1 who?'), close]
    const seen = await play({ rcpt: { first: [ok, ok, refusal] } }, { pipelineDepth: 4 })
    expect(seen.ends.slice(0, 4)).toEqual([
      'accepted',
      'accepted',
      'rejected 550 envelope',
      'failed connection_closed accept',
    ])
  })

  it('what the phases of its messages mean: transfer is of the whole write, accept up to the reply of each', async () => {
    const seen = await play({ bdat: [{ do: 'wait', ms: 15 }, ...taken] }, { pipelineDepth: 4 })
    for (const { phasesMs, endedMs, sentMs } of seen.samples) {
      const [connect, , , , , envelope, data, transfer = 0, accept = 0] = phasesMs
      expect([envelope, data]).toEqual([Number.NaN, Number.NaN])
      if (Number.isNaN(connect ?? 0)) expect(transfer + accept).toBeCloseTo(endedMs - sentMs, 1)
    }
    const accepts = seen.samples.slice(0, 4).map(({ phasesMs }) => phasesMs[8] as number)
    expect(accepts).toEqual(accepts.toSorted((a, b) => a - b))
    expect(accepts[3]).toBeGreaterThanOrEqual(55)
  })

  it('keeps to the messages of a session, with a batch that is cut short', async () => {
    const seen = await play({}, { messagesPerSession: 5 })
    expect(seen.ends).toEqual(allBut({}))
    expect(seen.sessions.map(({ messages }) => messages.length)).toEqual([5, 5, 2])
    expect(seen.quits).toBe(3)
  })

  it.each([1, 2, 3, 8, 32])(
    'of depth %i takes every message once, also larger than a write',
    async (depth) => {
      for (const sizeBytes of [600, 20_000, 300_000]) {
        const seen = await play({}, { pipelineDepth: depth, sizeBytes })
        expect(seen.ends).toEqual(allBut({}))
        expect(acceptedIds(seen.sessions)).toEqual(seen.ids)
        const sizes = seen.sessions.flatMap(({ messages }) => messages.map(({ octets }) => octets.length))
        expect(sizes).toEqual(Array(MESSAGES).fill(sizeBytes))
      }
    },
  )

  it('goes through TLS, where replies of an earlier write come in records of their own', async () => {
    const { certPem: cert, keyPem: key } = await selfSignedCertificate()
    const tls = { mode: 'implicit', verify: false } as const
    const script = { tls: { cert, key, implicit: true } }
    const seen = await play(script, {
      tls,
      pipelineDepth: 3,
      schedule: { executor: 'shared-iterations', messages: 60 },
    })
    expect(seen.ends).toEqual(Array(60).fill('accepted'))
    expect(acceptedIds(seen.sessions)).toEqual(seen.ids)
  })

  it('to a server without CHUNKING goes by transactions, to one without PIPELINING lock-step', async () => {
    for (const ehlo of [DEFAULT_STEPS.ehlo, [say('250-scripted', '250 CHUNKING')]]) {
      const seen = await play({ ehlo })
      expect(seen.ends).toEqual(allBut({}))
      expect(seen.sessions.flatMap(({ commands }) => commands).some((line) => line.startsWith('BDAT'))).toBe(
        false,
      )
    }
  })
})
