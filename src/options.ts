import { availableParallelism } from 'node:os'
import { MailstormError } from './error.ts'
import type { HostPort } from './options/address.ts'
import { type CustomOptions, customOf } from './options/custom.ts'
import type { Backend } from './options/environment.ts'
import { type FleetOptions, fleetOf } from './options/fleet.ts'
import { type SplitOptions, splitOf } from './options/generators.ts'
import { type GivenLoad, givenLoad } from './options/given-load.ts'
import { type ContainerOptions, containersOf } from './options/images.ts'
import { type MetricsOptions, metricsOf } from './options/metrics.ts'
import { type PressureOptions, pressureOptions } from './options/pressure.ts'
import { type ProbeSettings, probeSettings } from './options/probe.ts'
import { readEnvironment } from './options/read.ts'
import { type TenantOverrides, tenantOverrides } from './options/tenants.ts'

export type { ContainerOptions, SplitOptions }

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
  readonly metrics: MetricsOptions | undefined
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
  /** What overrides the load of every other SMTP scenario. */
  readonly load: GivenLoad
  /** Names of the variables that were set. */
  readonly given: ReadonlySet<string>
}

/** Reads all options; throws one error that lists every problem. An empty value counts as unset. */
export function readOptions(env: NodeJS.ProcessEnv, cores: number = availableParallelism()): Options {
  const { values, given, problems } = readEnvironment(env)
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
    load: givenLoad(values, given),
    given,
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
