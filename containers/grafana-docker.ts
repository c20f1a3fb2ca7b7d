import type { Limits } from './docker/options.ts'
import type { Service } from './service.ts'
import { dockerWebService, type RunningWebService } from './web-service.ts'

export interface GrafanaOptions {
  readonly image: string
  /** Where it is published; 0 for any free port. */
  readonly port: number
  /** What it is provisioned with, by path in the container. */
  readonly files: Readonly<Record<string, string>>
  readonly note?: (line: string) => void
}

/** The seed's. */
const GRAFANA_LIMITS: Limits = { cpus: 0.5, memoryBytes: 256 * 1024 ** 2 }
const GRAFANA_PORT = 3000
/** Its first start fills a database. */
const GRAFANA_READY_WITHIN_MS = 90_000

const ENVIRONMENT = {
  GF_SECURITY_ADMIN_USER: 'admin',
  GF_SECURITY_ADMIN_PASSWORD: 'admin',
  GF_AUTH_ANONYMOUS_ENABLED: 'true',
  GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
  // It is to ask nobody outside for anything.
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
}

/** Grafana in a container, with its dashboards from the start; admin/admin, and to look at without. */
export function dockerGrafana(options: GrafanaOptions): Service<RunningWebService> {
  return dockerWebService({
    name: 'grafana',
    image: options.image,
    port: { inside: GRAFANA_PORT, published: options.port },
    readyPath: '/api/health',
    readyWithinMs: GRAFANA_READY_WITHIN_MS,
    environment: ENVIRONMENT,
    files: options.files,
    limits: GRAFANA_LIMITS,
    note: options.note,
  })
}
