// @module-tag long

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../../../containers/loopback.ts'
import { testId, testMail } from '../../../src/verify/message.fixture.ts'
import { type Delivery, testStore } from '../../../src/verify/store.contract.ts'
import { storeOf } from '../../../src/verify/stores/registry.ts'
import { missing, type RunningWildServer, startWildServer } from '../wild-server.ts'
import { look } from './catcher.fixture.ts'
import { deliver, deliverToAll } from './delivery.fixture.ts'

type Server = 'postfix' | 'exim'

const POSTFIX = [
  'virtual_mailbox_domains = example.test other.test mailstorm.test',
  // What only the delivery is to find out; the client would be told at RCPT.
  'smtpd_relay_restrictions = permit_mynetworks, reject',
  'smtpd_reject_unlisted_recipient = no',
  'transport_maps = inline:{ {bounced.test = error:5.1.1 nobody of that name} {deferred.test = retry:4.3.0 come again} }',
  'relay_domains = bounced.test deferred.test',
  'in_flow_delay = 0',
]

function pathOf(server: Server, running: RunningWildServer): string {
  return server === 'postfix' ? running.log : join(running.root, 'var/log/exim4/mainlog')
}

function portOf({ address }: RunningWildServer): number {
  return Number(address.split(':')[1])
}

async function startLogged(server: Server, options: readonly string[] = []) {
  const running = await startWildServer(server, [...(server === 'postfix' ? POSTFIX : []), ...options])
  const path = pathOf(server, running)
  const store = await storeOf(`log:${server}:${path}`, { allowPublicTargets: false, note: () => undefined })
  if (store === undefined) throw new Error('no store')
  const left = server === 'postfix' ? / removed$/gm : / Completed$/gm
  const countLeft = () => readFileSync(path, 'utf8').match(left)?.length ?? 0
  return {
    store,
    path,
    port: portOf(running),
    async deliver(mails: readonly Delivery[]) {
      const before = countLeft()
      await deliver(portOf(running), mails)
      await expect
        .poll(countLeft, { timeout: 120_000, interval: 200 })
        .toBeGreaterThanOrEqual(before + mails.length)
    },
    [Symbol.asyncDispose]: async () => running[Symbol.dispose](),
  }
}

const NO_BODIES = {
  reason: 'a log has no bodies',
  tests: [
    'sees a changed octet, and has the message to look at',
    'takes another transfer encoding of the same octets for no damage',
    'reads a report of a failed delivery: which message, to whom, and why',
  ],
}

for (const server of ['postfix', 'exim'] as const) {
  const skipAll = missing(server)
  testStore({
    implementation: `log of ${server}`,
    start: () => startLogged(server),
    skipAll,
    skip: [
      NO_BODIES,
      {
        reason:
          'these servers take minutes for 20,000 messages; src/verify/stores/log.test.ts has so many lines',
        tests: ['finds 20,000 messages within 60 s, and keeps little of them in memory'],
      },
    ],
    knowsBodies: false,
    timeoutMs: 120_000,
  })

  test.skipIf(skipAll !== undefined)(
    `${server}: each recipient of a message: sent, failed, or still waiting`,
    async () => {
      await using running = await startLogged(server)
      await running.store.check()
      const recipients = ['a@example.test', 'b@other.test', 'gone@bounced.test', 'late@deferred.test']
      await deliverToAll(running.port, recipients, testMail({ runId: 'a', number: 1 }))
      const found: Awaited<ReturnType<typeof look>> = []
      await expect
        .poll(async () => {
          found.push(...(await look(running.store)))
          return found.length
        })
        .toBe(3)
      const id = testId('a', 1)
      expect(found.toSorted((a, b) => (a.recipient ?? '').localeCompare(b.recipient ?? ''))).toMatchObject([
        { id, recipient: 'a@example.test', body: 'unknown' },
        { id, recipient: 'b@other.test', body: 'unknown' },
        {
          id,
          recipient: 'gone@bounced.test',
          bounce: {
            status: '5.1.1',
            recipient: 'gone@bounced.test',
            text: expect.stringContaining('nobody'),
          },
        },
      ])
    },
  )
}

test.skipIf(missing('postfix') !== undefined)(
  'postfix: a content filter puts each message into the queue twice, and it is told once',
  async () => {
    const again = await freePort()
    const options = [
      `content_filter = filter:[127.0.0.1]:${again}`,
      `master:127.0.0.1:${again} inet n - n - - smtpd -o content_filter=`,
    ]
    await using running = await startLogged('postfix', options)
    await running.store.check()
    await running.deliver([{ recipient: 'a@example.test', octets: testMail({ runId: 'a', number: 1 }) }])
    const found: unknown[] = []
    await expect
      .poll(async () => {
        found.push(...(await look(running.store)))
        return readFileSync(running.path, 'utf8').match(/ removed$/gm)?.length
      })
      .toBe(2)
    expect([...found, ...(await look(running.store))]).toMatchObject([{ recipient: 'a@example.test' }])
  },
)
