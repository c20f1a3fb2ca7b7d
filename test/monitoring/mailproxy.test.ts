// @module-tag long

import { expect, test } from 'vitest'
import { embeddedPostgres } from '../../containers/postgres/postgres.ts'
import { enqueue, messages, Rig, setUp } from '../proxy/rig.ts'
import { dashboardNamed, expressionsOf } from './dashboards.ts'
import { NO_PROMETHEUS, Prometheus } from './prometheus.ts'

const LAST_SECONDS = 60

test('every expression of the dashboard has data of two real proxies on one database', {
  timeout: 120_000,
}, async (context) => {
  if (NO_PROMETHEUS !== undefined) return context.skip(NO_PROMETHEUS)
  await using postgres = await embeddedPostgres().start()
  await using rig = new Rig(postgres.url)
  const sink = await rig.sink()
  const often = { sendLoopIntervalMs: 50 }
  const [first, second] = [await rig.proxy(often), await rig.proxy(often)]
  const targets = [first, second].map(({ url }) => new URL(url).host)
  await setUp(first.api, { smtpPort: sink.smtpPort })
  await using prometheus = await Prometheus.start({ mailproxy: targets })
  // In batches, each seen by a scrape: a rate is what came between two of them.
  const total = async () => (await prometheus.range('sum(gmp_sent_total)', LAST_SECONDS))[0]?.values.at(-1)
  for (const [batch, tenantId] of ['t', 't1', 't2'].entries()) {
    await enqueue(first.api, messages(200, { tenant_id: 't' }, tenantId))
    await expect.poll(total, { timeout: 30_000, interval: 500 }).toBe(200 * (batch + 1))
  }

  const { panels, ...dashboard } = dashboardNamed('mailproxy-pressure')
  for (const { panel, expr } of expressionsOf({ panels, ...dashboard })) {
    const series = await prometheus.range(expr, LAST_SECONDS)
    expect(series.length, `${panel}: ${expr}`).toBeGreaterThan(0)
    expect(series.flatMap(({ values }) => values).some(Number.isFinite), `${panel}: ${expr}`).toBe(true)
  }
  // Both proxies tell the same queue: it stands once, not twice.
  const pending = async () =>
    (await prometheus.range('max(gmp_pending_messages)', LAST_SECONDS))[0]?.values ?? []
  expect(Math.max(...(await pending()))).toBeLessThanOrEqual(200)
  // The two are scraped one after the other: the last scrape of one may be older than the end.
  await expect.poll(async () => (await pending()).at(-1), { interval: 500 }).toBe(0)
  // At least the second and third batch within a window of 20 s: 20 a second, which is 1,200 a minute.
  const [sent] = await prometheus.range(expressionsOf({ panels, ...dashboard })[0]?.expr ?? '', LAST_SECONDS)
  expect(sent?.metric).toEqual({ account_id: 'smtp' })
  expect(Math.max(...(sent?.values ?? []))).toBeGreaterThan(300)
})
