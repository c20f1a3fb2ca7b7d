// @module-tag long

import { describe, expect, it } from 'vitest'
import { accountedFor, stress } from '../e2e/stress.ts'
import { missing, startWildServer, tlsBroken, WILD_SERVERS } from './wild-server.ts'

/** Booting, and two runs of some seconds each on a busy machine. */
const LIMIT_MS = 90_000

describe.each(WILD_SERVERS)('%s', (server) => {
  const reason = missing(server)
  if (reason !== undefined) {
    it.skip(reason)
    return
  }

  it(
    'takes every message of quick',
    async () => {
      using running = await startWildServer(server)
      const run = await stress('quick', { SMTP_TARGETS: running.address })
      expect(run.output).toContain('[PASSED] quick')
      expect(run.exitCode).toBe(0)
      const { result } = run
      if (result === undefined) throw new Error('no result')
      expect(result.metrics).toMatchObject({ total_messages: 100, successful_messages: 100 })
      expect(accountedFor(result)).toBe(true)
      expect(result.servers).toEqual([running.address])
      // Servers of the user's keep no ledger: nothing may be claimed of what they did with the mail.
      expect(result.ledger).toMatchObject({ verified: false, acknowledged: 100, received: null, lost: null })
    },
    LIMIT_MS,
  )

  const broken = tlsBroken(server)
  if (broken !== undefined) {
    it.skip(broken)
    return
  }

  it(
    'shows a certificate that is verified after STARTTLS, a session per message',
    async () => {
      using running = await startWildServer(server)
      const run = await stress('custom', {
        SMTP_TARGETS: running.address,
        NODE_EXTRA_CA_CERTS: running.certificate,
        STRESS_TLS: 'starttls',
        STRESS_MESSAGES: '20',
        STRESS_WORKERS: '4',
        STRESS_MESSAGES_PER_SESSION: '1',
      })
      expect(run.output).toContain('[PASSED] custom')
      const { metrics } = run.result ?? {}
      expect(metrics).toMatchObject({ successful_messages: 20, sessions_opened: 20 })
      expect(metrics?.phases_ms.tls?.count).toBe(20)
    },
    LIMIT_MS,
  )
})
