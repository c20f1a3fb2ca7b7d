// @module-tag long

import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { embeddedMailhog } from '../../containers/mailhog.ts'
import { query } from './new-database.ts'
import { RestartablePostgres } from './restartable-postgres.ts'
import { deliveries, enqueue, messages, Rig, setUp } from './rig.ts'

const patience = { timeout: 40_000, interval: 50 }
const DOWN_MS = 10_000

test('loses nothing when PostgreSQL crashes mid-run and comes back, and goes on sending', {
  timeout: 90_000,
}, async ({ annotate }) => {
  await using postgres = await RestartablePostgres.start()
  await using rig = new Rig(postgres.url)
  const [sink, tenant] = [await rig.sink(), await rig.tenant()]
  const options = { syncIntervalMs: 200, leaseMs: 3_000, sendLoopIntervalMs: 200 }
  const { api } = await rig.proxy(options)
  await rig.proxy(options)
  await setUp(api, { tenantUrl: tenant.url, smtpPort: sink.smtpPort })
  await enqueue(api, messages(3_000))
  await expect.poll(() => sink.client.count(), patience).toBeGreaterThan(300)
  await postgres.crash()
  const answer = await api.post('/commands/add-messages', { messages: messages(1, { id: 'during' }) })
  expect(answer).toMatchObject({ status: 503, body: { ok: false } })
  // The outage itself.
  await delay(2_000)
  await postgres.start()
  await enqueue(
    api,
    messages(500).map((message, n) => ({ ...message, id: `after-${n}` })),
  )
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, patience).toBe(3_500)
  const counts = [...(await deliveries(sink)).values()]
  expect(counts).toHaveLength(3_500)
  const twice = counts.filter((count) => count > 1).length
  await annotate(`${twice} messages were delivered twice`)
  // Outcomes that are known wait for the database: nothing that was sent is sent again.
  expect(twice).toBe(0)
})

test(`defers while the SMTP server is down for ${DOWN_MS / 1000} s, and delivers then`, {
  timeout: 60_000,
}, async () => {
  await using postgres = await RestartablePostgres.start()
  await using rig = new Rig(postgres.url)
  const tenant = await rig.tenant()
  const before = await embeddedMailhog().start()
  const { api } = await rig.proxy({
    syncIntervalMs: 200,
    retryDelaysMs: Array(20).fill(1_000),
    sendLoopIntervalMs: 100,
  })
  await setUp(api, { tenantUrl: tenant.url, smtpPort: before.smtpPort })
  await before.stop()
  await enqueue(api, messages(100))
  await expect.poll(() => new Set(tenant.idsOf('deferred_ts')).size, patience).toBe(100)
  // The outage itself.
  await delay(DOWN_MS)
  const sink = await rig.sink({ smtpPort: before.smtpPort })
  await sink.client.waitForCount(100, 20_000)
  await expect.poll(() => new Set(tenant.idsOf('sent_ts')).size, patience).toBe(100)
  expect([...(await deliveries(sink)).values()].every((count) => count === 1)).toBe(true)
  expect(await query(postgres.url, "SELECT count(*)::int AS n FROM messages WHERE state <> 'sent'")).toEqual([
    { n: 0 },
  ])
})
