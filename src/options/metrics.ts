import { imageName } from './container.ts'
import { line, wholeNumber } from './kind.ts'
import { preset, unset, type ValuesOf } from './variable.ts'

/** Where a run can be watched from outside. */
export const METRICS = {
  STRESS_METRICS_PORT: unset(
    wholeNumber({ min: 0, max: 65_535, example: 9464 }),
    'none: no metrics are served',
    'Port that serves the figures of the run to Prometheus, as /metrics, while it goes on; 0 takes any free one.',
  ),
  STRESS_METRICS_HOST: preset(
    line('an address of this machine', '127.0.0.1'),
    '127.0.0.1',
    'Address that STRESS_METRICS_PORT is opened on.',
  ),
}

/** What `mailstorm start --monitoring` boots. */
export const MONITORING = {
  PROMETHEUS_IMAGE: preset(imageName, 'prom/prometheus:v3.5.0', 'Container image of Prometheus.'),
  PROMETHEUS_PORT: preset(
    wholeNumber({ min: 0, max: 65_535, example: 9091 }),
    '9090',
    'Port of Prometheus; 0 takes any free one.',
  ),
  GRAFANA_IMAGE: preset(imageName, 'grafana/grafana:12.1.1', 'Container image of Grafana.'),
  GRAFANA_PORT: preset(
    wholeNumber({ min: 0, max: 65_535, example: 3001 }),
    '3000',
    'Port of Grafana; 0 takes any free one.',
  ),
}

export interface MetricsOptions {
  readonly host: string
  readonly port: number
}

export function metricsOf({
  STRESS_METRICS_PORT: port,
  STRESS_METRICS_HOST: host,
}: ValuesOf<typeof METRICS>): MetricsOptions | undefined {
  return port === undefined ? undefined : Object.freeze({ host, port })
}
