// @module-tag long

import { expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { stress } from '../e2e/stress.ts'
import { say } from '../servers/script.ts'
import { ScriptedServer } from '../servers/scripted-server.ts'
import { dashboardNamed, expressionsOf } from './dashboards.ts'
import { NO_PROMETHEUS, Prometheus } from './prometheus.ts'

const LAST_SECONDS = 60

test('every expression of the dashboard has data of a real run, and its figures are those of the result', {
  timeout: 120_000,
}, async (context) => {
  if (NO_PROMETHEUS !== undefined) return context.skip(NO_PROMETHEUS)
  const port = await freePort()
  await using prometheus = await Prometheus.start({ mailstorm: [`127.0.0.1:${port}`] })
  // One recipient in ten is told to come again, so that there are failures to be seen.
  const replies = Array.from({ length: 600 }, (_, n) =>
    n % 10 === 0 ? [say('451 4.3.2 busy')] : [say('250 ok')],
  )
  await using server = await ScriptedServer.start({ rcpt: { first: replies } })
  const run = await stress('custom', {
    SMTP_TARGETS: `127.0.0.1:${server.port}`,
    STRESS_METRICS_PORT: String(port),
    STRESS_MODE: 'sustained',
    STRESS_RATE: '50',
    STRESS_DURATION: '10',
    STRESS_SIZE: 'small',
    STRESS_THRESHOLDS: 'success_rate>=0.5',
  })
  expect(run.output).toContain(`Metrics for Prometheus: http://127.0.0.1:${port}/metrics`)
  if (run.result === undefined) throw new Error(run.output)

  for (const { panel, expr } of expressionsOf(dashboardNamed('mailstorm-run'))) {
    const series = await prometheus.range(expr, LAST_SECONDS)
    expect(series.length, `${panel}: ${expr}`).toBeGreaterThan(0)
    expect(series.flatMap(({ values }) => values).some(Number.isFinite), `${panel}: ${expr}`).toBe(true)
  }
  const { outcomes } = run.result.metrics
  expect(outcomes.deferred).toBeGreaterThan(0)
  // The last scrape was after the end of the run: Prometheus has seen every message.
  for (const [outcome, count] of Object.entries(outcomes)) {
    const [series] = await prometheus.range(`mailstorm_messages_total{outcome="${outcome}"}`, LAST_SECONDS)
    expect([outcome, series?.values.at(-1)]).toEqual([outcome, count])
  }
  const [rate] = await prometheus.range('mailstorm_rate', LAST_SECONDS)
  expect(Math.max(...(rate?.values ?? []))).toBeGreaterThan(30)
  const [failures] = await prometheus.range('mailstorm_failures_total{failure="reply_451"}', LAST_SECONDS)
  expect(failures?.values.at(-1)).toBe(outcomes.deferred)
})

test('a run shorter than a snapshot is scraped too', { timeout: 60_000 }, async (context) => {
  if (NO_PROMETHEUS !== undefined) return context.skip(NO_PROMETHEUS)
  const port = await freePort()
  await using prometheus = await Prometheus.start({ mailstorm: [`127.0.0.1:${port}`] })
  const run = await stress('custom', {
    SMTP_SERVERS: '1',
    STRESS_MESSAGES: '20',
    STRESS_METRICS_PORT: String(port),
  })
  expect(run.exitCode).toBe(0)
  const [accepted] = await prometheus.range('mailstorm_messages_total{outcome="accepted"}', LAST_SECONDS)
  expect(accepted?.values.at(-1)).toBe(20)
})
