import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runLoad } from '../../src/engine.ts'
import { renderMarkdown } from '../../src/report/kinds.ts'
import { BREAK_OFF_PHASES, type BreakOffPhase } from '../../src/smtp/clients/behaviour.ts'
import { close, say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'

const BURST = { executor: 'shared-iterations', messages: 12, workers: 3, size: 'small' } as const
const to = (server: ScriptedServer) => ({ targets: [`127.0.0.1:${server.port}`] })
/** Without the session that only looks for the greeting. */
const sessionsOf = (server: ScriptedServer) => server.sessions.slice(1)

describe('think time', () => {
  it('goes ahead of each command, one by one, and is in no phase', async () => {
    await using server = await ScriptedServer.start()
    const result = await runLoad({ ...BURST, ...to(server), recipients: 2, thinkTimeSeconds: [0.05, 0.06] })
    expect(result.metrics.successful_messages).toBe(12)
    expect(result.workload).toMatchObject({ pipelining: 'off', think_time_ms: [50, 60] })
    // MAIL, two RCPT and DATA.
    expect(result.metrics.service_time_ms.min).toBeGreaterThanOrEqual(200)
    const { envelope, data } = result.metrics.phases_ms
    expect(envelope?.count).toBe(12)
    expect(envelope?.min).toBeLessThan(50)
    expect(data?.min).toBeLessThan(50)
    for (const { commands } of sessionsOf(server))
      expect(commands.filter((command) => /^(MAIL|RCPT|DATA)/.test(command)).length % 4).toBe(0)
  })

  it('is the same in every run with the same seed, and a run ends in the middle of it', async () => {
    await using server = await ScriptedServer.start()
    const ending = new AbortController()
    const begun = performance.now()
    const result = await runLoad({
      ...{ ...BURST, ...to(server), thinkTimeSeconds: 600, signal: ending.signal },
      onProgress: () => ending.abort(),
    })
    expect(performance.now() - begun).toBeLessThan(9_000)
    expect(result.metrics.outcomes).toMatchObject({ accepted: 0, failed: 3, not_reached: 9 })
    expect(result.failures).toMatchObject([{ class: 'aborted', count: 3 }])
  })

  it('in which the server ends the session sends a later message to a new one', async () => {
    await using server = await ScriptedServer.start({ dot: [say('250 2.0.0 taken'), close] })
    const result = await runLoad({ ...BURST, ...to(server), thinkTimeSeconds: 0.02 })
    expect(result.metrics).toMatchObject({ successful_messages: 12, outcomes: { failed: 0 } })
    expect(result.metrics.reconnects).toBeGreaterThan(0)
  })

  it.each(['transactions', 'chunks'] as const)('is refused at level %s', async (pipelining) => {
    const load = { ...BURST, targets: ['127.0.0.1:1'], thinkTimeSeconds: 1, pipelining }
    await expect(runLoad(load)).rejects.toThrow(/thinkTimeSeconds has a client send one command at a time/)
  })
})

describe('clients that break off', () => {
  const SAID = [/^$/, /^EHLO/, /^AUTH/, /^(MAIL|RCPT)/, /^DATA/]
  const LAST: Record<BreakOffPhase, number> = {
    greeting: 0,
    ehlo: 1,
    auth: 2,
    envelope: 3,
    data: 4,
    transfer: 4,
    accept: 4,
  }

  it.each(BREAK_OFF_PHASES)(
    'in phase %s have no outcome, and the server takes nothing of them',
    async (phase) => {
      await using server = await ScriptedServer.start({
        ehlo: [say('250-scripted', '250-PIPELINING', '250 AUTH PLAIN')],
      })
      const result = await runLoad({
        ...{ ...BURST, ...to(server), breakOff: { [phase]: 100 } },
        auth: { user: 'ann', pass: 'geheim' },
      })
      expect(result.status).toBe('complete')
      expect(result.broken_off).toEqual({ [phase]: 12 })
      expect(result.metrics).toMatchObject({ total_messages: 12, broken_off: 12, failed_messages: 0 })
      expect(Object.values(result.metrics.outcomes)).toEqual([0, 0, 0, 0, 0, 0])
      expect(result.failures).toEqual([])
      expect(result.ledger.acknowledged).toBe(0)
      expect(result.timeline.at(-1)).toMatchObject({ in_flight: 0 })
      const sessions = sessionsOf(server)
      // No session got further. Of one that ended by RST the server may not have read the last commands (RFC 9293 3.10.7.4).
      const last = sessions.map(({ commands }) =>
        SAID.findLastIndex((said) => said.test(commands.at(-1) ?? '')),
      )
      expect(Math.max(...last)).toEqual(phase === 'envelope' ? expect.toBeOneOf([3, 4]) : LAST[phase])
      // Half of a message is never one; what ended with its dot is in doubt.
      const taken = sessions.flatMap(({ messages }) => messages)
      if (phase !== 'accept') expect(taken).toEqual([])
    },
  )

  it.each(['off', 'commands', 'transactions'] as const)(
    'leave the others alone at level %s, as many as the seed says',
    async (pipelining) => {
      await using server = await ScriptedServer.start()
      const load = { ...BURST, ...to(server), messages: 300, pipelining, pipeliningTrial: false }
      const breakOff = { data: 10, transfer: 10 }
      const result = await runLoad({ ...load, breakOff, seed: 7 })
      const { data = 0, transfer = 0 } = result.broken_off ?? {}
      expect([data > 10, transfer > 10, data + transfer < 100]).toEqual([true, true, true])
      expect(result.metrics).toMatchObject({
        broken_off: data + transfer,
        successful_messages: 300 - data - transfer,
        success_rate: 1,
        outcomes: { failed: 0 },
      })
      const again = await runLoad({ ...load, breakOff, seed: 7 })
      expect(again.broken_off).toEqual(result.broken_off)
    },
  )

  it('are attempted by nobody again', async () => {
    await using server = await ScriptedServer.start()
    const result = await runLoad({
      ...{ ...BURST, ...to(server), breakOff: { data: 100 } },
      ...{ retries: 2, retryDelaySeconds: 0.02 },
    })
    expect(result.broken_off).toEqual({ data: 12 })
    expect(result.retries).toMatchObject({ attempts: 0, first_attempt: { accepted: 0, failed: 0 } })
  })
})

describe('idle sessions', () => {
  it('are opened beside the load, held to its end, and in no other figure', async () => {
    await using server = await ScriptedServer.start()
    const result = await runLoad({ ...BURST, ...to(server), idleSessions: 20 })
    expect(result.idle_sessions).toMatchObject({ asked: 20, opened: 20, ended: 0, failures: [] })
    expect(result.metrics).toMatchObject({ successful_messages: 12, sessions_opened: 3 })
    const silent = sessionsOf(server).filter(
      ({ commands }) => !commands.some((line) => line.startsWith('MAIL')),
    )
    expect(silent).toHaveLength(20)
  })

  it('that the server ends are told with its words and when, and fail no message', async () => {
    const { port } = await impatientServer({ idleMs: 500, says: '421 4.4.2 idle for too long' })
    const load = {
      executor: 'constant-arrival-rate',
      rate: 20,
      durationSeconds: 1,
      workers: 1,
      size: 'small',
    } as const
    const result = await runLoad({ ...load, targets: [`127.0.0.1:${port}`], idleSessions: 8 })
    expect(result.metrics.successful_messages).toBe(20)
    expect(result.idle_sessions).toMatchObject({ asked: 8, opened: 8, ended: 8 })
    expect(result.idle_sessions?.ended_after_ms.min).toBeGreaterThan(100)
    expect(result.idle_sessions?.failures).toMatchObject([
      { phase: 'idle', code: 421, text: '421 4.4.2 idle for too long', count: 8 },
    ])
    // Too short a time to be before the server.
    expect(result.idle_sessions?.renewed).toBe(0)
  })

  // As GreenMail 2.1.3 does after 30 s.
  it('are renewed before the limit of the server once it is known, which is told as that and as no failure', async () => {
    const server = await impatientServer({ idleMs: 3_000, says: '421 Timeout waiting for data from client.' })
    const target = `127.0.0.1:${server.port}`
    const result = await runLoad({
      executor: 'constant-arrival-rate',
      rate: 5,
      durationSeconds: 8,
      workers: 1,
      size: 'small',
      targets: [target],
      idleSessions: 4,
    })
    expect(result.metrics).toMatchObject({ successful_messages: 40, failed_messages: 0 })
    // Each was ended once, opened again, and renewed after two seconds and four.
    expect(result.idle_sessions).toMatchObject({ asked: 4, opened: 4, ended: 4 })
    expect(result.idle_sessions?.renewed).toBeGreaterThanOrEqual(8)
    expect(server.seen.idleEnds).toBe(4)
    const [limit] = result.idle_sessions?.limits ?? []
    expect(limit).toMatchObject({ target, text: '421 Timeout waiting for data from client.' })
    expect(limit?.after_seconds).toBeCloseTo(3, 0)
    expect(result.observations.join('\n')).toMatch(
      /ends a session in which nothing is said after \d\.\d s \("421 Timeout waiting for data from client\."\): its idle limit; \d+ sessions were renewed/,
    )
    expect(renderMarkdown(result)).toMatch(/Idle limit.* at 127\.0\.0\.1:\d+ \(421 Timeout/)
  })
})

/** Waits so long for the first MAIL of a session, and takes what it is sent otherwise. */
async function impatientServer({ idleMs, says }: { readonly idleMs: number; readonly says: string }) {
  const seen = { idleEnds: 0 }
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.write('220 impatient\r\n')
    const idle = setTimeout(() => {
      seen.idleEnds++
      socket.end(`${says}\r\n`)
    }, idleMs)
    socket.on('close', () => clearTimeout(idle))
    socket.on('data', (chunk) => {
      if (chunk.includes('MAIL')) clearTimeout(idle)
      if (chunk.includes('QUIT')) socket.end('221 bye\r\n')
      else if (chunk.includes('EHLO')) socket.write('250 hello\r\n')
      else socket.write(chunk.includes('DATA') ? '354 go\r\n' : '250 ok\r\n')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { port, seen }
}
