import type { Limits } from './docker/options.ts'
import type { Service } from './service.ts'
import { dockerWebService, type RunningWebService } from './web-service.ts'

export interface PrometheusOptions {
  readonly image: string
  /** Where it is published; 0 for any free port. */
  readonly port: number
  /** Its configuration, as YAML. */
  readonly config: string
  readonly note?: (line: string) => void
}

/** The seed's. */
const PROMETHEUS_LIMITS: Limits = { cpus: 0.5, memoryBytes: 512 * 1024 ** 2 }
const PROMETHEUS_PORT = 9090
const PROMETHEUS_READY_WITHIN_MS = 60_000
const CONFIG = '/etc/prometheus/prometheus.yml'

/** Prometheus in a container; keeps what it sees for a day, as the seed's does, and not beyond its own end. */
export function dockerPrometheus(options: PrometheusOptions): Service<RunningWebService> {
  return dockerWebService({
    name: 'prometheus',
    image: options.image,
    port: { inside: PROMETHEUS_PORT, published: options.port },
    readyPath: '/-/ready',
    readyWithinMs: PROMETHEUS_READY_WITHIN_MS,
    environment: {},
    command: [
      `--config.file=${CONFIG}`,
      '--storage.tsdb.path=/prometheus',
      '--storage.tsdb.retention.time=1d',
    ],
    files: { [CONFIG]: options.config },
    limits: PROMETHEUS_LIMITS,
    note: options.note,
  })
}
