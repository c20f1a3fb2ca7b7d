// @module-tag long

import { describe, expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { type LoadOptions, runLoad } from '../../src/run/load.ts'
import { killAndRestart, startRelay } from './relays.ts'
import { missing } from './wild-server.ts'

const LIMIT_MS = 180_000

describe.skipIf(missing('postfix') !== undefined)('Postfix as a relay to the sink', () => {
  const load = {
    size: 'small',
    workers: 10,
    recipients: 2,
    pipeliningTrial: false,
    verifyTimeoutSeconds: 90,
  } as const satisfies Partial<LoadOptions>

  test(
    '2,000 messages for two recipients each: all of them arrived once, whole, after a time',
    async () => {
      const port = await freePort()
      using relay = await startRelay('postfix', port)
      const { ledger, delivery, thresholds, verdict } = await runLoad({
        ...load,
        targets: [relay.address],
        executor: 'shared-iterations',
        messages: 2_000,
        verify: `sink:${port}`,
        thresholds: ['success_rate==1', 'e2e_p(99)<60000'],
      })
      expect(ledger).toMatchObject({
        ...{ verified: true, acknowledged: 2_000, received: 4_000, unacknowledged: 0 },
        ...{ lost: 0, duplicated: 0, corrupted: 0 },
        account: {
          store: `the sink at 127.0.0.1:${port}`,
          expected: 4_000,
          arrived: 4_000,
          bounced: 0,
          misrouted: 0,
        },
      })
      expect(delivery?.end_to_end_ms.count).toBe(4_000)
      expect(delivery?.timeline.reduce((sum, { arrived }) => sum + arrived, 0)).toBe(4_000)
      expect(delivery?.timeline.at(-1)?.in_between).toBe(0)
      const names = thresholds.map(({ expression }) => expression)
      expect(names).toEqual(
        expect.arrayContaining(['lost==0', 'bounced==0', 'misrouted==0', 'e2e_p(99)<60000']),
      )
      expect(verdict).toBe('PASSED')
    },
    LIMIT_MS,
  )

  test(
    'killed by SIGKILL in the middle and started again, it loses nothing that it had acknowledged',
    async () => {
      const port = await freePort()
      using relay = await startRelay('postfix', port)
      let restarted: Promise<unknown> | undefined
      const { ledger, metrics } = await runLoad({
        ...load,
        targets: [relay.address],
        executor: 'constant-arrival-rate',
        rate: 150,
        durationSeconds: 13,
        replyTimeoutSeconds: 10,
        verify: `sink:${port}`,
        thresholds: ['success_rate>0.1'],
        onProgress({ accepted }) {
          if (accepted > 500) restarted ??= killAndRestart('postfix', relay)
        },
      })
      await restarted
      expect(restarted).toBeDefined()
      // It was away, and took mail again afterwards.
      expect(metrics.outcomes.failed).toBeGreaterThan(0)
      expect(metrics.outcomes.accepted).toBeGreaterThan(700)
      expect(ledger).toMatchObject({
        verified: true,
        lost: 0,
        corrupted: 0,
        account: { bounced: 0, misrouted: 0 },
      })
      const { account } = ledger
      expect(account?.arrived).toBe(2 * metrics.outcomes.accepted)
      // Each copy that the sink took is told as what it is.
      const copies = (account?.arrived ?? 0) + (ledger.duplicated ?? 0) + (ledger.unacknowledged ?? 0)
      expect(copies).toBe(ledger.received)
    },
    LIMIT_MS,
  )

  /** Mail for the second recipient takes another way. */
  async function runWith(transport: string, more: readonly string[] = []) {
    const port = await freePort()
    using relay = await startRelay('postfix', port, [
      `transport_maps = inline:{ { recipient+2@mailstorm.test = ${transport} } }`,
      ...more,
    ])
    return await runLoad({
      ...load,
      targets: [relay.address],
      executor: 'shared-iterations',
      messages: 20,
      verify: `sink:${port}`,
    })
  }

  test(
    'what cannot be delivered comes back as a bounce, with its status',
    async () => {
      // A queue that gives up at once, and nobody listens at port 1.
      const { ledger, verdict } = await runWith('smtp:[127.0.0.1]:1', ['maximal_queue_lifetime = 0'])
      expect(ledger).toMatchObject({
        lost: 0,
        account: { expected: 40, arrived: 20, bounced: 20 },
      })
      const bounces = ledger.account?.bounces ?? []
      expect(bounces.reduce((sum, { count }) => sum + count, 0)).toBe(20)
      for (const { status, text } of bounces)
        expect([status, text]).toEqual(['4.4.1', expect.stringContaining('Connection refused')])
      expect(verdict).toBe('FAILED')
    },
    LIMIT_MS,
  )

  test(
    'a recipient that was refused is not waited for',
    async () => {
      const { ledger, metrics } = await runWith('error:5.1.1 nobody of that name')
      expect(metrics.recipients_refused).toBe(20)
      expect(ledger).toMatchObject({ lost: 0, account: { expected: 20, arrived: 20, bounced: 0 } })
    },
    LIMIT_MS,
  )
})
