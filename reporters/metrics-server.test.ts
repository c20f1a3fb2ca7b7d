import { expect, test } from 'vitest'
import { RunExposition } from '../src/report/prometheus.ts'
import { burstResult } from '../src/report/result.fixture.ts'
import { MetricsServer } from './metrics-reporter.ts'

const ADDRESS = { host: '127.0.0.1', port: 0 }

test('answers a scrape, and tells when one has been answered', async () => {
  const exposition = new RunExposition()
  exposition.finish(burstResult())
  await using server = await MetricsServer.start(exposition, ADDRESS)
  const scraped = server.nextScrape()
  const response = await fetch(server.url)
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(await response.text()).toContain(
    'mailstorm_messages_total{scenario="burst",part="",outcome="accepted"} 5000',
  )
  await scraped
})

test('other paths are told where the figures are, and are no scrape', async () => {
  await using server = await MetricsServer.start(new RunExposition(), ADDRESS)
  let scraped = false
  void server.nextScrape().then(() => {
    scraped = true
  })
  const response = await fetch(new URL('/', server.url))
  expect([response.status, await response.text(), scraped]).toEqual([404, 'only /metrics is here\n', false])
})

test('a port that is taken is told with what to set', async () => {
  await using server = await MetricsServer.start(new RunExposition(), ADDRESS)
  const port = Number(new URL(server.url).port)
  await expect(MetricsServer.start(new RunExposition(), { host: '127.0.0.1', port })).rejects.toThrow(
    `Failed to serve the metrics of the run at 127.0.0.1:${port}: the port is taken.\nSet STRESS_METRICS_PORT to another`,
  )
})
