import { availableParallelism } from 'node:os'
import { nearest } from '../text/nearest.ts'
import { contradictionsIn } from './contradictions.ts'
import {
  type Backend,
  ENVIRONMENT,
  type Environment,
  type ProbeSettings,
  probeSettings,
  VARIABLES,
} from './environment.ts'
import { type SplitOptions, splitOf } from './generators.ts'
import type { Variable } from './kind.ts'
import { type CustomOptions, customOf, type GivenLoad, givenLoad } from './load.ts'
import { type PressureOptions, pressureOptions, type TenantOverrides, tenantOverrides } from './pressure.ts'
import { environment } from './process-environment.ts'
import type { ServerAddress } from './server-address.ts'
import {
  type ContainerOptions,
  containersOf,
  type FleetOptions,
  fleetOf,
  type MetricsOptions,
  metricsOf,
} from './services.ts'
import { problemOf, settingsError } from './settings.ts'

export type { ContainerOptions, SplitOptions }

/** What can be set from outside, read and checked once at the start, frozen. */
export interface Options {
  readonly backend: Backend
  /** Running servers; empty unless the backend is external. */
  readonly targets: readonly ServerAddress[]
  /** Where the targets tell what they received, when they are mailstorm's own SMTP servers. */
  readonly ledgerPort: number | undefined
  /** The name server that knows the exchangers of targets by domain. */
  readonly resolver: { readonly host: string; readonly port: number } | undefined
  /** Number of servers to boot. */
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
  /** Whether a trial before the load may send a message to servers that we did not boot. */
  readonly pipeliningTrial: boolean
  /** Measure the generator's own limit before each load. */
  readonly calibrate: boolean
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
export function readOptions(
  env: NodeJS.ProcessEnv = environment(),
  cores: number = availableParallelism(),
): Options {
  const { values, given, problems } = readEnvironment(env)
  if (problems.length > 0)
    throw settingsError('BAD_OPTIONS', 'Failed to read the options', problems, ' in the environment')
  const targets = values.SMTP_TARGETS ?? []
  return Object.freeze({
    backend: targets.length > 0 ? 'external' : values.STRESS_BACKEND,
    targets,
    ledgerPort: values.SMTP_LEDGER_PORT,
    resolver: values.STRESS_RESOLVER,
    fleet: fleetOf(values),
    containers: containersOf(values),
    seed: values.STRESS_SEED,
    cooldownSeconds: values.STRESS_COOLDOWN,
    threads: values.STRESS_THREADS ?? threadsFor(cores),
    resultsDir: values.STRESS_RESULTS_DIR,
    keepLogs: values.STRESS_LOGS,
    livePort: values.STRESS_LIVE ? values.STRESS_LIVE_PORT : undefined,
    tlsVerify: values.STRESS_TLS_VERIFY,
    pipeliningTrial: values.STRESS_PIPELINING_TRIAL,
    calibrate: values.STRESS_CALIBRATE,
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

/** The servers and the operating system need cores too, and one thread fills most servers. */
function threadsFor(cores: number): number {
  return Math.max(1, Math.min(4, Math.floor(cores / 4)))
}

export interface EnvironmentReading {
  /** What could be read; a variable with a problem counts as unset in here. */
  readonly values: Environment
  /** Names of the variables that were set. */
  readonly given: ReadonlySet<string>
  /** One line each: the variable, what was given, what is allowed, what to do. */
  readonly problems: readonly string[]
}

const BY_NAME: ReadonlyMap<string, Variable> = new Map(VARIABLES.map((variable) => [variable.name, variable]))
/** Names with this prefix are all ours, so that a mistyped one cannot pass unseen. */
const OUR_PREFIX = 'STRESS_'

export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentReading {
  const given = givenIn(env)
  const first = ENVIRONMENT.safeParse(Object.fromEntries(given))
  const wrong = first.success ? [] : first.error.issues
  const unreadable = new Set(wrong.map((issue) => String(issue.path[0])))
  // Read again without what is wrong, so that contradictions among the rest are found at once.
  const readable = [...given].filter(([name]) => !unreadable.has(name))
  const values = ENVIRONMENT.parse(Object.fromEntries(readable))
  const names = new Set(given.keys())
  const problems = [
    ...unknownNames([...given.keys()]),
    ...wrong.map((issue) => problemWith(String(issue.path[0]), given, issue.message)),
    ...contradictionsIn(values, names, unreadable),
  ]
  return { values, given: names, problems }
}

/** CI systems hand an input that was left out over as an empty variable. */
function givenIn(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.trim() === '') continue
    if (BY_NAME.has(name) || name.startsWith(OUR_PREFIX)) given.set(name, valueAsGiven(name, value))
  }
  return given
}

/** A password may begin or end with a space. */
function valueAsGiven(name: string, value: string): string {
  return BY_NAME.get(name)?.secret === true ? value : value.trim()
}

function unknownNames(names: readonly string[]): string[] {
  const known = [...BY_NAME.keys()]
  return names
    .filter((name) => !BY_NAME.has(name))
    .map((name) => {
      const meant = nearest(bare(name), known.map(bare))
      const full = known.find((candidate) => bare(candidate) === meant)
      if (full !== undefined) return `${name} is not known. Did you mean ${full}?`
      return `${name} is not known. Unset it; ${known.length} variables are known, and the README lists them (Options).`
    })
}

/** Compared by what differs: the common prefixes would make all names near to each other. */
function bare(name: string): string {
  return name.replace(/^(STRESS|SMTP)_/, '')
}

function problemWith(name: string, given: ReadonlyMap<string, string>, why: string): string {
  const variable = BY_NAME.get(name)
  if (variable === undefined || !given.has(name)) throw new Error(`${name}: ${why}`)
  return problemOf(name, given.get(name), { ...variable, why })
}
