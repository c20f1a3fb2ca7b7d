// @module-tag long

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import type { Result } from '../../src/engine/result.ts'
import { runLoad } from '../../src/run/load.ts'
import { writeCorpus } from '../truth/corpus-files.ts'
import { killAndRestart, RELAYS, startRelay } from './relays.ts'
import { missing } from './wild-server.ts'

/** `RELAY_MESSAGES=20000 npx vitest run test/wild/account.test.ts -t postfix` takes five minutes. */
const MESSAGES = Number(process.env.RELAY_MESSAGES ?? 500)
/** OpenSMTPD as it comes: it sends some 15 a second on, with waits between its sessions. */
const SLOWEST_PER_SECOND = 10
const VERIFY_TIMEOUT_SECONDS = 60 + MESSAGES / SLOWEST_PER_SECOND
const LIMIT_MS = 2 * VERIFY_TIMEOUT_SECONDS * 1000
const WORKERS = 10
/** What a client waits before each of its commands, so that a load that is to be struck lasts some seconds. */
const THINK_SECONDS = (WORKERS * 2.5) / MESSAGES
const FILES = 500

/** For docs/servers.md. */
function figuresOf({ metrics, ledger, delivery }: Result) {
  const { received, lost, duplicated, corrupted, account } = ledger
  return {
    ...{ ...metrics.outcomes, received, lost, duplicated, corrupted, bounced: account?.bounced },
    accepted_per_second: metrics.messages_per_second,
    delivered_per_second: delivery?.delivered_per_second,
    end_to_end_p50_ms: delivery?.end_to_end_ms.p50,
    end_to_end_p99_ms: delivery?.end_to_end_ms.p99,
    most_in_between: delivery?.most_in_between,
    drain_seconds: delivery?.drain_seconds,
  }
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-account-'))
  // Half of them become .eml files: of 200 octets to 120 KB, with attachments, eight bits, dots, long headers.
  writeCorpus(folder, 2 * FILES, 15)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.each(RELAYS)('%s as a relay of real mail to 1,000 recipients', (relay) => {
  const reason = missing(relay)
  if (reason !== undefined) {
    test.skip(reason)
    return
  }

  async function account(killed: boolean) {
    const port = await freePort()
    using running = await startRelay(relay, port)
    let restarted: Promise<void> | undefined
    const result = await runLoad({
      targets: [running.address],
      executor: 'shared-iterations',
      messages: MESSAGES,
      workers: WORKERS,
      messagesPerSession: 50,
      corpus: `${folder}/crlf,${folder}/lf`,
      recipient: 'user{1..1000}@mailstorm.test',
      // What comes while it is away, or had no reply when it died, is attempted again.
      retries: 10,
      retryDelaySeconds: 3,
      verify: `sink:${port}`,
      verifyTimeoutSeconds: VERIFY_TIMEOUT_SECONDS,
      // Else a fast machine is through before the second look at its progress, and there is no middle.
      ...(killed && { thinkTimeSeconds: [THINK_SECONDS, THINK_SECONDS] as const }),
      onProgress({ accepted }) {
        if (killed && accepted > MESSAGES / 4) restarted ??= killAndRestart(relay, running)
      },
    })
    await restarted
    expect(restarted !== undefined).toBe(killed)
    const { accepted, rejected } = result.metrics.outcomes
    expect(accepted + rejected).toBe(MESSAGES)
    // Some files have a To of 78 KB: 3,000 addresses, folded, a line each. OpenSMTPD takes no such field.
    expect(rejected > 0).toBe(relay === 'opensmtpd')
    for (const { text } of result.failures.filter(({ outcome }) => outcome === 'rejected'))
      expect(text).toContain('Message is not RFC 2822 compliant')
    if (process.env.RELAY_MESSAGES !== undefined) console.info(figuresOf(result))
    return result
  }

  test(
    'every message arrives once and whole, for the one that it is for',
    async () => {
      const { ledger, workload, metrics } = await account(false)
      const { accepted } = metrics.outcomes
      expect(workload.corpus).toMatchObject({ files: FILES, messages: FILES })
      expect(ledger).toMatchObject({
        ...{ verified: true, acknowledged: accepted, received: accepted, unacknowledged: 0 },
        ...{ lost: 0, duplicated: 0, corrupted: 0 },
        account: { expected: accepted, arrived: accepted, bounced: 0, misrouted: 0, unjudged: 0 },
      })
    },
    LIMIT_MS,
  )

  test(
    'killed by SIGKILL in the middle and started again, it loses nothing that it had acknowledged',
    async () => {
      const { ledger, metrics, retries } = await account(true)
      const { accepted } = metrics.outcomes
      // It was away.
      expect(retries?.attempts).toBeGreaterThan(0)
      expect(ledger).toMatchObject({
        ...{ verified: true, acknowledged: accepted, lost: 0, corrupted: 0 },
        account: { expected: accepted, arrived: accepted, bounced: 0, misrouted: 0 },
      })
      // Each copy that the sink took is told as what it is.
      const told = accepted + (ledger.duplicated ?? 0) + (ledger.unacknowledged ?? 0)
      expect(told).toBe(ledger.received)
    },
    LIMIT_MS,
  )
})
