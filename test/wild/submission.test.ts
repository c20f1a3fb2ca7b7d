// @module-tag long

import { describe, expect, it } from 'vitest'
import { runLoad } from '../../src/run/load.ts'
import { missing, startWildStore } from './wild-server.ts'

const LIMIT_MS = 90_000
const MESSAGES = 40
const load = { executor: 'shared-iterations', messages: MESSAGES, workers: 4, size: 'small' } as const
const auth = { user: 'sender@mailstorm.test', pass: 'pass' }

describe('submission of Dovecot', () => {
  const reason = missing('dovecot-submission')
  const real = it.skipIf(reason !== undefined)

  /** Messages in the sink that it hands on to. */
  async function handedOn(apiPort: number): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${apiPort}/api/v2/messages?limit=1`)
    return ((await answer.json()) as { total: number }).total
  }

  real.each(['commands', 'chunks'] as const)(
    'takes the mail of a user who has logged in, and hands on each message once, pipelining %s',
    async (pipelining) => {
      using server = await startWildStore('dovecot-submission')
      const result = await runLoad({ ...load, auth, pipelining, targets: [`127.0.0.1:${server.port}`] })
      expect(result.metrics.successful_messages).toBe(MESSAGES)
      const trials = result.pipelining?.[0]?.trial_messages ?? 0
      expect(await handedOn(server.readPorts[0])).toBe(MESSAGES + trials)
    },
    LIMIT_MS,
  )

  real(
    'is sent to by commands where transactions are asked for, since it ends such a session',
    async () => {
      using server = await startWildStore('dovecot-submission')
      const targets = [`127.0.0.1:${server.port}`]
      const result = await runLoad({ ...load, auth, pipelining: 'transactions', targets })
      expect(result.metrics.successful_messages).toBe(MESSAGES)
      expect(result.pipelining).toMatchObject([{ asked: 'transactions', used: 'commands' }])
    },
    LIMIT_MS,
  )

  real(
    'takes nothing without a login',
    async () => {
      using server = await startWildStore('dovecot-submission')
      const { metrics, failures } = await runLoad({ ...load, targets: [`127.0.0.1:${server.port}`] })
      expect(metrics.outcomes).toMatchObject({ accepted: 0, rejected: MESSAGES })
      expect(failures[0]?.text).toContain('530 5.7.0')
    },
    LIMIT_MS,
  )
})
