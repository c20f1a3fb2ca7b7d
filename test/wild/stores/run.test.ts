// @module-tag long

import { describe, expect, it } from 'vitest'
import { stress } from '../../e2e/stress.ts'
import { missing, startWildServer, startWildStore } from '../wild-server.ts'

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

const noMaildev = missing('maildev')

it.skipIf(noMaildev !== undefined)(
  'a MailDev that drops the oldest while the load runs is found out: nothing is called lost',
  { timeout: LIMIT_MS },
  async () => {
    using server = await startWildStore('maildev', ['--max-emails', '50'])
    const run = await stress('custom', {
      SMTP_TARGETS: `127.0.0.1:${server.port}`,
      STRESS_VERIFY: `maildev:http://127.0.0.1:${server.readPorts[0]}`,
      STRESS_VERIFY_TIMEOUT: '3',
      STRESS_MESSAGES: '400',
    })
    expect(run.result?.ledger).toMatchObject({
      acknowledged: 400,
      lost: null,
      lost_ids: [],
      account: {
        arrived: 50,
        not_verifiable: 350,
        cannot_verify: 'has dropped its oldest messages and keeps 50 (start it with --max-emails 0)',
      },
    })
    expect(run.output).toContain('has dropped its oldest messages and keeps 50')
  },
)

it('a store that cannot be reached is told before any load', { timeout: LIMIT_MS }, async () => {
  const run = await stress('custom', {
    SMTP_TARGETS: '127.0.0.1:1',
    STRESS_VERIFY: 'mailpit:http://load:s3cret-word@127.0.0.1:1',
    STRESS_MESSAGES: '10',
  })
  expect(run.exitCode).not.toBe(0)
  expect(run.output).not.toContain('s3cret-word')
})

const noPostfix = missing('postfix')

it.skipIf(noPostfix !== undefined)(
  "a run through Postfix is followed in Postfix's log: what it gave up is bounced, and not lost",
  { timeout: LIMIT_MS },
  async () => {
    using server = await startWildServer('postfix', [
      'virtual_mailbox_domains = d1.example.test',
      'relay_domains = d2.example.test',
      'smtpd_reject_unlisted_recipient = no',
      'transport_maps = inline:{ {d2.example.test = error:5.1.1 nobody of that name} }',
    ])
    const run = await stress('custom', {
      SMTP_TARGETS: server.address,
      STRESS_VERIFY: `log:postfix:${server.log}`,
      STRESS_MESSAGES: '100',
      STRESS_RECIPIENT: 'user@d{1..2}.example.test',
    })
    expect(run.result?.ledger).toMatchObject({ verified: true, acknowledged: 100, lost: 0, duplicated: 0 })
    const { arrived = 0, bounced = 0 } = run.result?.ledger.account ?? {}
    expect(arrived + bounced).toBe(100)
    expect(arrived).toBeGreaterThan(20)
    expect(bounced).toBeGreaterThan(20)
  },
)
