import { availableParallelism } from 'node:os'
import { MailstormError } from './error.ts'
import type { Split } from './load/workload.ts'
import type { HostPort } from './options/address.ts'
import { type CustomOptions, customOf } from './options/custom.ts'
import type { Backend, Environment } from './options/environment.ts'
import { type PressureOptions, pressureOptions } from './options/pressure.ts'
import { type ProbeSettings, probeSettings } from './options/probe.ts'
import { readEnvironment } from './options/read.ts'
import { type TenantOverrides, tenantOverrides } from './options/tenants.ts'

/** What can be set from outside, read and checked once at the start, frozen. */
export interface Options {
  readonly backend: Backend
  /** Servers that already run; empty unless the backend is external. */
  readonly targets: readonly HostPort[]
  /** Servers to boot. */
  readonly fleet: FleetOptions
  /** How services boot as containers. */
  readonly containers: ContainerOptions
  readonly seed: number
  readonly cooldownSeconds: number
  readonly threads: number
  readonly resultsDir: string
  /** Archive logs of runs that pass too. */
  readonly keepLogs: boolean
  /** Port of the live view from which on a free one is taken; undefined without a live view. */
  readonly livePort: number | undefined
  readonly tlsVerify: boolean
  readonly allowPublicTargets: boolean
  /** Where Prometheus finds the figures of the run; undefined when they are not served. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  /** This generator's part of the load, when several offer it together. */
  readonly split: SplitOptions | undefined
  readonly soak: { readonly minutes: number; readonly ratePerSecond: number }
  /** What overrides the profiles of simulated tenants. */
  readonly tenants: TenantOverrides
  /** What overrides the suites of the mail proxy. */
  readonly pressure: PressureOptions
  /** How the protocol probe asks. */
  readonly probe: ProbeSettings
  /** The workload of the custom scenario. */
  readonly custom: CustomOptions
}

export interface SplitOptions extends Split {
  /** The same for all generators of a run. */
  readonly sharedRunId: string
  readonly startAt: Date | undefined
}

export interface FleetOptions {
  readonly servers: number
  readonly domain: string | undefined
  /** Server k listens on `basePort + k − 1`; undefined for any free port. */
  readonly basePort: number | undefined
  readonly maxConnections: number
  readonly maxMessageBytes: number
}

export interface ContainerOptions {
  /** Of each SMTP server. */
  readonly cpus: number
  readonly memoryBytes: number
  /** An SMTP server that is not ours; undefined for ours. */
  readonly foreign: ForeignImageOptions | undefined
  readonly nodeImage: string
  readonly sink: 'mailhog' | 'mailstorm'
  readonly mailhogImage: string
  readonly postgresImage: string
  readonly monitoring: MonitoringImages
}

export interface MonitoringImages {
  readonly prometheusImage: string
  readonly prometheusPort: number
  readonly grafanaImage: string
  readonly grafanaPort: number
}

export interface ForeignImageOptions {
  readonly image: string
  readonly port?: number
  readonly environment?: Readonly<Record<string, string>>
}

/** Reads all options; throws one error that lists every problem. An empty value counts as unset. */
export function readOptions(env: NodeJS.ProcessEnv, cores: number = availableParallelism()): Options {
  const { values, problems } = readEnvironment(env)
  if (problems.length > 0) throw badOptions(problems)
  const targets = values.SMTP_TARGETS ?? []
  return Object.freeze({
    backend: targets.length > 0 ? 'external' : values.STRESS_BACKEND,
    targets,
    fleet: fleetOf(values),
    containers: containersOf(values),
    seed: values.STRESS_SEED,
    cooldownSeconds: values.STRESS_COOLDOWN,
    threads: values.STRESS_THREADS ?? threadsFor(cores),
    resultsDir: values.STRESS_RESULTS_DIR,
    keepLogs: values.STRESS_LOGS,
    livePort: values.STRESS_LIVE ? values.STRESS_LIVE_PORT : undefined,
    tlsVerify: values.STRESS_TLS_VERIFY,
    allowPublicTargets: values.ALLOW_PUBLIC_TARGETS,
    metrics: metricsOf(values),
    split: splitOf(values),
    soak: Object.freeze({ minutes: values.STRESS_SOAK_MINUTES, ratePerSecond: values.STRESS_SOAK_RATE }),
    tenants: tenantOverrides(values),
    pressure: pressureOptions(values),
    probe: probeSettings(values),
    custom: customOf(values),
  })
}

function badOptions(problems: readonly string[]): MailstormError {
  const many = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return new MailstormError(
    'BAD_OPTIONS',
    [`Failed to read the options: ${many} in the environment.`, ...problems].join('\n  '),
  )
}

/** The servers and the operating system need cores too, and one thread fills most servers. */
function threadsFor(cores: number): number {
  return Math.max(1, Math.min(4, Math.floor(cores / 4)))
}

function metricsOf({
  STRESS_METRICS_PORT: port,
  STRESS_METRICS_HOST: host,
}: Environment): Options['metrics'] {
  return port === undefined ? undefined : Object.freeze({ host, port })
}

function splitOf(values: Environment): SplitOptions | undefined {
  const { STRESS_GENERATORS: generators, STRESS_RUN_ID: runId, STRESS_START_AT: startAt } = values
  if (generators === undefined) return undefined
  const index = values.STRESS_GENERATOR_INDEX ?? values.JOB_COMPLETION_INDEX ?? 0
  const sharedRunId = runId ?? `at${(startAt?.getTime() ?? 0).toString(36)}`
  return Object.freeze({ generators, index, sharedRunId, startAt })
}

function fleetOf(values: Environment): FleetOptions {
  return Object.freeze({
    servers: values.SMTP_SERVERS,
    domain: values.SMTP_DOMAIN,
    basePort: values.SMTP_PORT === 0 ? undefined : values.SMTP_PORT,
    maxConnections: values.SMTP_MAX_CONNECTIONS,
    maxMessageBytes: values.SMTP_MAX_MESSAGE_SIZE,
  })
}

function containersOf(values: Environment): ContainerOptions {
  return Object.freeze({
    cpus: values.SMTP_CPUS,
    memoryBytes: values.SMTP_MEMORY,
    foreign: foreignOf(values),
    nodeImage: values.NODE_IMAGE,
    sink: values.SINK,
    mailhogImage: values.MAILHOG_IMAGE,
    postgresImage: values.POSTGRES_IMAGE,
    monitoring: Object.freeze({
      prometheusImage: values.PROMETHEUS_IMAGE,
      prometheusPort: values.PROMETHEUS_PORT,
      grafanaImage: values.GRAFANA_IMAGE,
      grafanaPort: values.GRAFANA_PORT,
    }),
  })
}

function foreignOf({
  SMTP_IMAGE: image,
  SMTP_IMAGE_PORT: port,
  SMTP_IMAGE_ENV: environment,
}: Environment): ForeignImageOptions | undefined {
  if (image === undefined) return undefined
  return Object.freeze({ image, ...(port && { port }), ...(environment && { environment }) })
}
