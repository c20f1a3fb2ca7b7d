// @module-tag long

import { expect, test } from 'vitest'
import { RUN_METRICS_PORT, startMonitoring } from '../../containers/monitoring.ts'
import { MetricsServer } from '../../reporters/metrics-reporter.ts'
import { RunExposition } from '../../src/report/prometheus.ts'
import { burstResult } from '../../src/report/result.fixture.ts'
import { inEngineOf, whyNoDocker } from '../docker/engine.ts'
import { dashboards } from './dashboards.ts'

/** Built by test/monitoring/images/build: the official ones cannot be had everywhere. */
const PROMETHEUS_IMAGE = process.env.PROMETHEUS_IMAGE ?? 'mailstorm-ci/prometheus:debian'
const GRAFANA_IMAGE = 'mailstorm-ci/grafana-stand-in:1'
const skip = await whyNoDocker(PROMETHEUS_IMAGE, GRAFANA_IMAGE)
const OPTIONS = {
  prometheusImage: PROMETHEUS_IMAGE,
  grafanaImage: GRAFANA_IMAGE,
  prometheusPort: 0,
  grafanaPort: 0,
}

test("Prometheus in a container sees what serves metrics on this machine's loopback", {
  timeout: 60_000,
}, async (context) => {
  if (skip !== undefined) return context.skip(skip)
  const exposition = new RunExposition()
  exposition.finish(burstResult())
  await using _run = await MetricsServer.start(exposition, { host: '127.0.0.1', port: RUN_METRICS_PORT })
  await using monitoring = await startMonitoring(OPTIONS)
  const accepted = async () => {
    const query = new URLSearchParams({ query: 'mailstorm_messages_total{outcome="accepted"}' })
    const answer = await fetch(`${monitoring.prometheus.url}/api/v1/query?${query}`)
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    return data.result[0]?.value[1]
  }
  // It looks at its targets 5 s after its start for the first time.
  await expect.poll(accepted, { timeout: 30_000, interval: 500 }).toBe('5000')
})

test('Grafana gets its data source, its dashboards and its administrator, and nothing stays behind', {
  timeout: 60_000,
}, async (context) => {
  if (skip !== undefined) return context.skip(skip)
  {
    await using monitoring = await startMonitoring(OPTIONS)
    const read = async (path: string) => (await fetch(`${monitoring.grafana.url}${path}`)).text()
    expect(await read('/etc/grafana/provisioning/datasources/mailstorm.yaml')).toContain('uid: prometheus')
    expect(await read('/etc/grafana/provisioning/dashboards/mailstorm.yaml')).toContain(
      'path: /var/lib/grafana-dashboards',
    )
    for (const { file, uid } of dashboards()) {
      expect(JSON.parse(await read(`/var/lib/grafana-dashboards/${file}`))).toMatchObject({ uid })
    }
    expect(JSON.parse(await read('/environment'))).toMatchObject({
      GF_SECURITY_ADMIN_USER: 'admin',
      GF_SECURITY_ADMIN_PASSWORD: 'admin',
    })
    expect(await inEngineOf(process.pid)).toEqual(['grafana', 'network', 'prometheus'])
  }
  expect(await inEngineOf(process.pid)).toEqual([])
})

test('an image that cannot be had is one clear message, and nothing is started', {
  timeout: 60_000,
}, async (context) => {
  if (skip !== undefined) return context.skip(skip)
  const image = '127.0.0.1:1/no/such-grafana:1'
  await expect(startMonitoring({ ...OPTIONS, grafanaImage: image })).rejects.toThrow(
    `Failed to get the container image ${image}: its registry cannot be reached.`,
  )
  expect(await inEngineOf(process.pid)).toEqual([])
})
