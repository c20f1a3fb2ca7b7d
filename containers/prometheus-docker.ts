import { Engine } from './docker/engine.ts'
import type { Limits } from './docker/outfit.ts'
import { startContainer } from './docker/start-container.ts'
import type { Service } from './service.ts'
import { awaitSuccess, ContainerWebService, type RunningWebService, webUrl } from './web-service.ts'

export interface PrometheusOptions {
  readonly image: string
  /** Where it is published; 0 for any free port. */
  readonly port: number
  /** Its configuration, as YAML. */
  readonly config: string
  readonly note?: (line: string) => void
}

/** The seed's. */
const LIMITS: Limits = { cpus: 0.5, memoryBytes: 512 * 1024 ** 2 }
const PORT = 9090
const READY_WITHIN_MS = 60_000
const CONFIG = '/etc/prometheus/prometheus.yml'

/** Prometheus in a container; keeps what it sees for a day, as the seed's does, and not beyond its own end. */
export function dockerPrometheus(options: PrometheusOptions): Service<RunningWebService> {
  return {
    async start() {
      const container = await startContainer(await Engine.connect(), {
        name: 'prometheus',
        image: options.image,
        ports: { [PORT]: options.port },
        environment: {},
        command: [
          `--config.file=${CONFIG}`,
          '--storage.tsdb.path=/prometheus',
          '--storage.tsdb.retention.time=1d',
        ],
        files: { [CONFIG]: options.config },
        limits: LIMITS,
        readyWithinMs: READY_WITHIN_MS,
        note: options.note ?? console.info,
        ready: (running, signal) => awaitSuccess(`${webUrl(running, PORT)}/-/ready`, signal),
      })
      return new ContainerWebService(container, PORT)
    },
  }
}
