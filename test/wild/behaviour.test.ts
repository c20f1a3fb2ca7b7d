// @module-tag long

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type LoadOptions, runLoad } from '../../src/run/load.ts'
import { missing, startWildServer, type WildServer } from './wild-server.ts'

const LIMIT_MS = 150_000
const LOAD = {
  executor: 'shared-iterations',
  messages: 40,
  workers: 4,
  size: 'small',
  recipient: 'recipient@mailstorm.test',
} as const satisfies Partial<LoadOptions>

/** What real servers do that looks like a fault of theirs or of the load, and what is said of it. */
function describeReal(server: WildServer, tests: () => void): void {
  const reason = missing(server)
  describe(server, () => {
    if (reason === undefined) tests()
    else it.skip(reason)
  })
}

describe.each([
  ['haraka', 'it answers "503 Bad sequence of commands - pipelined after end of DATA" to MAIL behind'],
  ['courier', 'it loses what is pipelined behind the end of a message'],
  ['chasquid', 'it loses what is pipelined behind the end of a message'],
] as const)('%s', (server, why) => {
  const reason = missing(server)
  it.skipIf(reason !== undefined)(
    'does not handle what comes with the end of a message: found by a trial, and all is taken by commands',
    async () => {
      using running = await startWildServer(server)
      const { address: target } = running
      const result = await runLoad({ ...LOAD, pipelining: 'transactions', targets: [target] })
      expect(result.metrics).toMatchObject({ successful_messages: 40, error_breakdown: {} })
      expect(result.pipelining).toMatchObject([
        { target, used: 'commands', why: expect.stringContaining(why) },
      ])
    },
    LIMIT_MS,
  )
})

describeReal('haraka', () => {
  it(
    'has what it refused behind the end of a message sent again where no trial found it, and all of it taken',
    async () => {
      using running = await startWildServer('haraka')
      const { pipelining, metrics } = await runLoad({
        ...LOAD,
        pipelining: 'transactions',
        pipeliningTrial: false,
        targets: [running.address],
      })
      expect(metrics).toMatchObject({ successful_messages: 40, error_breakdown: {} })
      expect(pipelining).toMatchObject([{ used: 'commands', trial_messages: 0 }])
      expect(pipelining?.[0]?.sent_again).toBeGreaterThan(0)
      expect(countOf('haraka', running.address)[0]).toBe(40)
    },
    LIMIT_MS,
  )
})

describeReal('courier', () => {
  it(
    'is slow at RCPT for whom it does not know, one after another',
    async () => {
      using running = await startWildServer('courier')
      const { metrics, slow_recipients, observations } = await runLoad({
        ...LOAD,
        messages: 1,
        workers: 1,
        recipient: 'nobody@mx.mailstorm.test',
        recipients: 2,
        // By commands it keeps its replies until all are there.
        pipelining: 'off',
        replyTimeoutSeconds: 20,
        pipeliningTrial: false,
        targets: [running.address],
      })
      expect(metrics.error_breakdown).toEqual({ reply_550: 1 })
      expect(slow_recipients).toMatchObject([{ answered: 2, refused: 2, unanswered: 0 }])
      expect(observations.join('\n')).toContain(
        'is slow at RCPT: 2 recipients were answered after 2 s or later',
      )
    },
    LIMIT_MS,
  )
})

describeReal('salmon', () => {
  it(
    'takes each message for one of its recipients, which is shown',
    async () => {
      using running = await startWildServer('salmon')
      const { metrics, refused_recipients, observations } = await runLoad({
        ...LOAD,
        recipients: 5,
        targets: [running.address],
      })
      expect(metrics).toMatchObject({ successful_messages: 40, recipients_refused: 160 })
      expect(refused_recipients).toMatchObject([{ code: 451, count: 160 }])
      expect(observations.join('\n')).toContain(
        '160 recipients were refused while their messages were accepted',
      )
    },
    LIMIT_MS,
  )
})

describeReal('greenmail', () => {
  it(
    'ends idle sessions after 30 s, and no renewed one',
    async () => {
      using running = await startWildServer('greenmail')
      const { address: target } = running
      const { idle_sessions: idle, metrics } = await runLoad({
        executor: 'constant-arrival-rate',
        rate: 1,
        durationSeconds: 65,
        workers: 1,
        size: 'small',
        idleSessions: 3,
        targets: [target],
      })
      expect(metrics).toMatchObject({ successful_messages: 65, failed_messages: 0 })
      expect(idle).toMatchObject({ opened: 3, ended: 3, limits: [{ target }] })
      expect(idle?.limits?.[0]?.after_seconds).toBeCloseTo(30, 0)
      // Opened again after 30 s, and renewed 27 s later.
      expect(idle?.renewed).toBe(6)
    },
    LIMIT_MS,
  )
})

describeReal('net-smtp-server', () => {
  it(
    'makes one message of a session, and says 250 to each',
    async () => {
      using running = await startWildServer('net-smtp-server')
      const { metrics } = await runLoad({
        ...LOAD,
        workers: 1,
        messagesPerSession: 10,
        targets: [running.address],
      })
      expect(metrics.successful_messages).toBe(40)
      await expect.poll(() => countOf('net-smtp-server', running.address)).toEqual([4, 40])
    },
    LIMIT_MS,
  )
})

/** Messages and recipients, as the server itself has them. */
function countOf(server: WildServer, address: string): number[] {
  const count = join(import.meta.dirname, server, 'count')
  return execFileSync(count, [address.split(':')[1] ?? ''], { encoding: 'utf8' })
    .trim()
    .split(' ')
    .map(Number)
}
