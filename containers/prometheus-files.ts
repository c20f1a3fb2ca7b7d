import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, '../deploy/monitoring')
const LOOPBACK = '127.0.0.1'

/** Ports of what is watched: a stress run, and the mail proxy; as in deploy/monitoring/prometheus.yml. */
export const RUN_METRICS_PORT = 9464
export const PROXY_METRICS_PORT = 8000

/** Prometheus' configuration, with this machine as its containers know it. */
export async function prometheusConfig(thisMachine: string): Promise<string> {
  const config = await readFile(join(FOLDER, 'prometheus.yml'), 'utf8')
  return config.replaceAll(`'${LOOPBACK}:`, `'${thisMachine}:`)
}

/** What Grafana starts with: where its figures are, where its dashboards, and these; by path in the container. */
export async function grafanaFiles(): Promise<Record<string, string>> {
  const dashboards = await readdir(join(FOLDER, 'dashboards'))
  const places: [path: string, file: string][] = [
    ['/etc/grafana/provisioning/datasources/mailstorm.yaml', 'grafana/datasources.yaml'],
    ['/etc/grafana/provisioning/dashboards/mailstorm.yaml', 'grafana/providers.yaml'],
    ...dashboards.map((file): [string, string] => [
      `/var/lib/grafana-dashboards/${file}`,
      `dashboards/${file}`,
    ]),
  ]
  const contents = await Promise.all(places.map(([, file]) => readFile(join(FOLDER, file), 'utf8')))
  return Object.fromEntries(places.map(([path], place) => [path, contents[place] ?? '']))
}
