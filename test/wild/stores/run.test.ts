// @module-tag long

import { describe, expect, it } from 'vitest'
import { stress } from '../../e2e/stress.ts'
import { missing, startWildStore } from '../wild-server.ts'

const LIMIT_MS = 120_000

describe.each(['mailpit', 'mailhog', 'inbucket', 'maildev'] as const)('a run into %s', (name) => {
  const reason = missing(name)
  it.skipIf(reason !== undefined)(
    'finds every message there, for each of its recipients',
    async () => {
      using server = await startWildStore(name)
      const run = await stress('custom', {
        SMTP_TARGETS: `127.0.0.1:${server.port}`,
        STRESS_VERIFY: `${name}:http://127.0.0.1:${server.readPorts[0]}`,
        STRESS_MESSAGES: '100',
        STRESS_RECIPIENT: 'user{1..20}@example.test',
        STRESS_RECIPIENTS: '1..3',
      })
      expect(run.output).toContain('[PASSED] custom')
      expect(run.result?.ledger).toMatchObject({
        verified: true,
        acknowledged: 100,
        lost: 0,
        duplicated: 0,
        corrupted: 0,
      })
    },
    LIMIT_MS,
  )
})

it('a store that cannot be reached is told before any load', { timeout: LIMIT_MS }, async () => {
  const run = await stress('custom', {
    SMTP_TARGETS: '127.0.0.1:1',
    STRESS_VERIFY: 'mailpit:http://load:s3cret-word@127.0.0.1:1',
    STRESS_MESSAGES: '10',
  })
  expect(run.exitCode).not.toBe(0)
  expect(run.output).not.toContain('s3cret-word')
})
