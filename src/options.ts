import { availableParallelism } from 'node:os'
import { MailstormError } from './error.ts'
import type { HostPort } from './options/address.ts'
import { type Backend, CUSTOM_DEFAULTS, type Environment } from './options/environment.ts'
import { readEnvironment } from './options/read.ts'
import type { Credentials, PipeliningLevel, TlsMode } from './smtp/target.ts'

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
  readonly tlsVerify: boolean
  readonly allowPublicTargets: boolean
  /** The workload of the custom scenario. */
  readonly custom: CustomOptions
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
}

export interface ForeignImageOptions {
  readonly image: string
  readonly port?: number
  readonly environment?: Readonly<Record<string, string>>
}

export type CustomOptions = CustomShape &
  (
    | { readonly mode: 'burst'; readonly messages: number }
    | { readonly mode: 'sustained'; readonly ratePerSecond: number; readonly durationSeconds: number }
  )

interface CustomShape {
  readonly workers: number
  readonly sizeBytes: number
  readonly pipelining: PipeliningLevel
  /** Undefined: as the mode has it. */
  readonly messagesPerSession: number | 'unlimited' | undefined
  readonly maxSessions: number | undefined
  readonly tls: TlsMode
  readonly auth: Credentials | undefined
  readonly recipients: number
  readonly sender: string
  readonly recipient: string
  readonly thresholds: readonly string[]
  readonly replyTimeoutSeconds: number
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
    tlsVerify: values.STRESS_TLS_VERIFY,
    allowPublicTargets: values.ALLOW_PUBLIC_TARGETS,
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

function customOf(values: Environment): CustomOptions {
  const shape = shapeOf(values)
  if (values.STRESS_MODE === 'burst') {
    const messages = values.STRESS_MESSAGES ?? CUSTOM_DEFAULTS.messages
    return Object.freeze({ mode: 'burst', messages, ...shape })
  }
  const ratePerSecond = values.STRESS_RATE ?? CUSTOM_DEFAULTS.ratePerSecond
  const durationSeconds = values.STRESS_DURATION ?? CUSTOM_DEFAULTS.durationSeconds
  return Object.freeze({ mode: 'sustained', ratePerSecond, durationSeconds, ...shape })
}

function shapeOf(values: Environment): CustomShape {
  const maxSessions = values.STRESS_MAX_SESSIONS
  const fewestWorkers = Math.min(CUSTOM_DEFAULTS.workers, maxSessions ?? CUSTOM_DEFAULTS.workers)
  return {
    workers: values.STRESS_WORKERS ?? fewestWorkers,
    sizeBytes: values.STRESS_SIZE,
    pipelining: values.STRESS_PIPELINING,
    messagesPerSession: values.STRESS_MESSAGES_PER_SESSION,
    maxSessions,
    tls: values.STRESS_TLS,
    auth: credentialsOf(values),
    recipients: values.STRESS_RECIPIENTS,
    sender: values.STRESS_SENDER,
    recipient: values.STRESS_RECIPIENT,
    thresholds: values.STRESS_THRESHOLDS,
    replyTimeoutSeconds: values.STRESS_TIMEOUT,
  }
}

function credentialsOf({
  STRESS_AUTH_USER: user,
  STRESS_AUTH_PASS: pass,
}: Environment): Credentials | undefined {
  return user === undefined || pass === undefined ? undefined : Object.freeze({ user, pass })
}
