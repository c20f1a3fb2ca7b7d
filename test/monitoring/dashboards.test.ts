import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Metrics } from '../../src/programs/proxy/metrics.ts'
import { RunExposition } from '../../src/report/prometheus.ts'
import { dashboardNamed, dashboards, expressionsOf, MONITORING } from './dashboards.ts'
import { checkConfig, NO_PROMETHEUS } from './prometheus.ts'

function readYaml(path: string) {
  return parse(readFileSync(join(MONITORING, path), 'utf8'))
}

/** Names that an exposition has. */
async function namesIn(text: Promise<string>): Promise<Set<string>> {
  return new Set([...(await text).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name))
}

describe.each(dashboards())('$file', (dashboard) => {
  it('asks for metrics that our programs have', async () => {
    const known = new Set([
      ...(await namesIn(new RunExposition().text({ cpuSeconds: 0, memoryBytes: 0 }))),
      ...(await namesIn(new Metrics().text({ pending: 0, oldestReadyAgeMs: 0 }))),
    ])
    const asked = expressionsOf(dashboard).flatMap(({ expr }) => expr.match(/\b(?:mailstorm|gmp)_\w+/g) ?? [])
    expect(asked.length).toBeGreaterThan(5)
    expect(asked.filter((name) => !known.has(name))).toEqual([])
  })

  it('reads from the data source that is provisioned', () => {
    const [source] = readYaml('grafana/datasources.yaml').datasources
    expect(new Set(dashboard.panels.map(({ datasource }) => datasource.uid))).toEqual(new Set([source.uid]))
  })

  it('has panels with distinct ids that do not overlap', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
})

it('the dashboard of the mail proxy has the eight panels of genro-mail-proxy’s, and its rates are per minute', () => {
  const { panels } = dashboardNamed('mailproxy-pressure')
  expect(panels.map(({ title }) => title)).toEqual([
    'Send Rate (per minute)',
    'Pending Messages',
    'Total Sent',
    'Total Errors',
    'Total Deferred',
    'Total Rate Limited',
    'Cumulative Sent by Account',
    'Deferrals & Rate Limits (per minute)',
  ])
  const rates = panels.flatMap(({ targets }) => targets).filter(({ expr }) => expr.includes('rate(gmp'))
  expect(rates).toHaveLength(4)
  for (const { expr } of rates) expect(expr).toMatch(/^60 \* sum by \(account_id\) \(rate\(/)
})

it('Kubernetes gets every file that Grafana is to have', () => {
  const { configMapGenerator } = readYaml('kustomization.yaml')
  const files = configMapGenerator.flatMap((map: { files: string[] }) => map.files)
  expect(files.toSorted()).toEqual([
    ...dashboards().map(({ file }) => `dashboards/${file}`),
    'grafana/datasources.yaml',
    'grafana/providers.yaml',
  ])
})

it('Prometheus takes the configuration, with the ports of our programs', (context) => {
  const { scrape_configs: jobs } = readYaml('prometheus.yml')
  const targets = jobs.map((job: { job_name: string; static_configs: { targets: string[] }[] }) => [
    job.job_name,
    job.static_configs[0]?.targets[0],
  ])
  expect(targets).toEqual([
    ['mailstorm', '127.0.0.1:9464'],
    ['mailproxy', '127.0.0.1:8000'],
  ])
  if (NO_PROMETHEUS !== undefined) context.skip(NO_PROMETHEUS)
  expect(checkConfig(join(MONITORING, 'prometheus.yml'))).toContain('SUCCESS')
})
