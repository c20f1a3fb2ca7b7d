import type { ServiceKeeper } from '../../containers/keeper/service-keeper.ts'
import { type RunningMailhog, sinkFor } from '../../containers/mailhog.ts'
import { type Monitoring, RUN_METRICS_PORT, startMonitoring } from '../../containers/monitoring.ts'
import { dockerPostgres } from '../../containers/postgres/docker.ts'
import { embeddedPostgres, type RunningPostgres } from '../../containers/postgres/postgres.ts'
import { embeddedProxy, type RunningProxyService } from '../../containers/proxy.ts'
import type { RunningService } from '../../containers/service.ts'
import { MailstormError } from '../error.ts'
import type { Options } from '../options.ts'
import { bootTenants } from './start-tenants.ts'

/** What start keeps beside the SMTP servers. */
export interface WantedExtras {
  readonly mailhog?: boolean
  readonly postgres?: boolean
  /** With the two that it needs. */
  readonly proxy?: boolean
  readonly tenants?: boolean
  /** Prometheus and Grafana. */
  readonly monitoring?: boolean
}

export interface ExtrasRig {
  readonly backend: 'docker' | 'embedded'
  readonly options: Options
  /** From the usual port to the one to take; 0 = any free one. */
  portFor(usual: number): number
  readonly keeper: ServiceKeeper
  /** Ends them. */
  readonly stack: AsyncDisposableStack
}

export interface Extras {
  /** For people, below the list of the services. */
  readonly notes: readonly string[]
  /** Where stress runs in this folder are to show their figures; undefined when nobody looks. */
  readonly metricsPort: number | undefined
}

/** Of the seed. */
const PROXY_PORT = 8000
const PROXY_TOKEN = 'pressure-test-token'
export async function bootExtras(wanted: WantedExtras, rig: ExtrasRig): Promise<Extras> {
  const { stack, keeper } = rig
  const keep: Keep = (service, address) => void stack.use(keeper.keep(service, address))
  const monitoring = wanted.monitoring ? stack.use(await bootMonitoring(rig)) : undefined
  const mailhog = wanted.mailhog || wanted.proxy ? await bootMailhog(rig) : undefined
  if (mailhog) keep(mailhog, `smtp://${mailhog.host}:${mailhog.smtpPort} and ${mailhog.apiUrl}`)
  const postgres = wanted.postgres || wanted.proxy ? await bootPostgres(rig) : undefined
  if (postgres) keep(postgres, postgres.url)
  const proxy = wanted.proxy && postgres ? await bootProxy(postgres.url, rig) : undefined
  if (proxy) keep(proxy, proxy.url)
  if (monitoring) keep(monitoring.prometheus, monitoring.prometheus.url)
  if (monitoring) keep(monitoring.grafana, `${monitoring.grafana.url} (admin/admin)`)
  const notes = wanted.tenants ? await bootTenants(rig, { mailhog, proxy, token: tokenOf(), keep }) : []
  return {
    notes: [...proxyNotes(proxy), ...notes],
    metricsPort: monitoring && RUN_METRICS_PORT,
  }
}

function bootMonitoring({ backend, options }: ExtrasRig): Promise<Monitoring> {
  if (backend === 'docker') return startMonitoring(options.containers.monitoring)
  throw new MailstormError(
    'BAD_OPTIONS',
    'Failed to start the monitoring: Prometheus and Grafana run in containers, and the backend is embedded.',
    'Start a container engine and set STRESS_BACKEND=docker; or run Prometheus by hand: prometheus --config.file=deploy/monitoring/prometheus.yml',
  )
}

function bootMailhog({ backend, options }: ExtrasRig): Promise<RunningMailhog> {
  const { sink, mailhogImage, nodeImage } = options.containers
  // By hand nobody says how large the messages will be: the real MailHog is slow with large ones, not wrong.
  return sinkFor({ backend, sink, largestMessageBytes: 0, mailhogImage, nodeImage }).start()
}

function bootPostgres({ backend, options, keeper }: ExtrasRig): Promise<RunningPostgres> {
  const image = options.containers.postgresImage
  return (
    backend === 'docker'
      ? dockerPostgres({ image })
      : embeddedPostgres({ keepsData: keeper.options.restarts })
  ).start()
}

/** A process of this machine whatever the backend; its GMP_* variables are those of the user. */
function bootProxy(databaseUrl: string, { portFor }: ExtrasRig): Promise<RunningProxyService> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(
      (pair): pair is [string, string] => pair[0].startsWith('GMP_') && pair[1] !== undefined,
    ),
  )
  const ours = { GMP_DB_PATH: databaseUrl, GMP_PORT: process.env.GMP_PORT ?? String(portFor(PROXY_PORT)) }
  return embeddedProxy({ databaseUrl, apiToken: tokenOf(), environment: { ...environment, ...ours } }).start()
}

function tokenOf(): string {
  return process.env.GMP_API_TOKEN ?? PROXY_TOKEN
}

function proxyNotes(proxy: RunningProxyService | undefined): string[] {
  if (proxy === undefined) return []
  const tokenName = process.env.GMP_API_TOKEN === undefined ? PROXY_TOKEN : 'as in GMP_API_TOKEN'
  return [`The proxy's metrics:    curl ${proxy.url}/metrics     (token of its API: ${tokenName})`]
}

/** From here on it is watched, and ended with the others. */
export type Keep = (service: RunningService, address: string) => void
