// @module-tag long

import { describe, expect, it } from 'vitest'
import { accountedFor, stress } from '../e2e/stress.ts'
import { missing, startWildServer } from './wild-server.ts'

const LIMIT_MS = 90_000

/** Both offer CHUNKING (RFC 3030). */
describe.each(['postfix', 'exim'] as const)('%s', (server) => {
  const reason = missing(server)
  if (reason !== undefined) {
    it.skip(reason)
    return
  }

  it(
    'handles whole messages by chunks, eight of a session on their way, and takes every one',
    async () => {
      using running = await startWildServer(server)
      const { result, output } = await stress('custom', {
        SMTP_TARGETS: running.address,
        STRESS_MESSAGES: '200',
        STRESS_WORKERS: '4',
        STRESS_PIPELINING: 'chunks',
      })
      expect(output).toContain('[PASSED] custom')
      if (result === undefined) throw new Error('no result')
      expect(result.pipelining).toEqual([
        { target: running.address, asked: 'chunks', used: 'chunks', trial_messages: 1 },
      ])
      expect(result.metrics).toMatchObject({ successful_messages: 200, sessions_opened: 4 })
      expect(accountedFor(result)).toBe(true)
      // No message waits for leave to send its data.
      expect(result.metrics.phases_ms.data?.count ?? 0).toBe(0)
    },
    LIMIT_MS,
  )
})
