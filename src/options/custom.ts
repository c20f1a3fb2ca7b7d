import type { Stage } from '../engine/executors/ramp.ts'
import type { Credentials, PipeliningLevel, TlsMode } from '../smtp/target.ts'
import {
  CUSTOM_DEFAULTS,
  type GivenLoad,
  idleIn,
  type LoadValues,
  type LoadVariable,
  MODE_VARIABLES,
} from './load.ts'

/** The workload of the custom scenario. */
export type CustomOptions = CustomShape & CustomLoad

type CustomLoad =
  | { readonly mode: 'burst'; readonly messages: number }
  | { readonly mode: 'sustained'; readonly ratePerSecond: number; readonly durationSeconds: number }
  | { readonly mode: 'per-worker-iterations'; readonly messagesPerWorker: number }
  | { readonly mode: 'constant-workers'; readonly durationSeconds: number }
  | { readonly mode: 'ramping-workers' | 'ramping-arrival-rate'; readonly stages: readonly Stage[] }

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
  readonly baseline: string | undefined
  readonly replyTimeoutSeconds: number
}

export function customOf(values: LoadValues): CustomOptions {
  return Object.freeze({ ...loadOf(values), ...shapeOf(values) })
}

function loadOf(values: LoadValues): CustomLoad {
  const { STRESS_MODE: mode, STRESS_STAGES: stages = [] } = values
  const messages = values.STRESS_MESSAGES ?? CUSTOM_DEFAULTS.messages
  const durationSeconds = values.STRESS_DURATION ?? CUSTOM_DEFAULTS.durationSeconds
  switch (mode) {
    case 'burst':
      return { mode, messages }
    case 'sustained':
      return { mode, ratePerSecond: values.STRESS_RATE ?? CUSTOM_DEFAULTS.ratePerSecond, durationSeconds }
    case 'per-worker-iterations':
      return { mode, messagesPerWorker: messages }
    case 'constant-workers':
      return { mode, durationSeconds }
    case 'ramping-workers':
    case 'ramping-arrival-rate':
      return { mode, stages }
    default:
      return mode satisfies never
  }
}

/** As many as a ramp of workers has at its peak, where nothing else is said. */
function defaultWorkers({ STRESS_MODE: mode, STRESS_STAGES: stages = [], ...values }: LoadValues): number {
  if (mode === 'ramping-workers') return Math.max(1, ...stages.map(({ target }) => Math.ceil(target)))
  return Math.min(CUSTOM_DEFAULTS.workers, values.STRESS_MAX_SESSIONS ?? CUSTOM_DEFAULTS.workers)
}

function shapeOf(values: LoadValues): CustomShape {
  const maxSessions = values.STRESS_MAX_SESSIONS
  return {
    workers: values.STRESS_WORKERS ?? defaultWorkers(values),
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
    baseline: values.STRESS_BASELINE,
    replyTimeoutSeconds: values.STRESS_TIMEOUT,
  }
}

/** What was given and changes nothing in the custom scenario, with the reason. */
export function customMisuses({
  custom,
  load,
}: {
  readonly custom: CustomOptions
  readonly load: GivenLoad
}): ReadonlyMap<LoadVariable, string> {
  const modeGiven = load.STRESS_MODE !== undefined
  const misuses = new Map<LoadVariable, string>()
  for (const variable of MODE_VARIABLES) {
    const why = load[variable] === undefined ? undefined : idleIn(custom.mode, variable, modeGiven)
    if (why !== undefined) misuses.set(variable, why)
  }
  const open = custom.mode === 'sustained' || custom.mode === 'ramping-arrival-rate'
  // Without STRESS_WORKERS, no more workers start than may have a session.
  const limits = load.STRESS_WORKERS === undefined && custom.maxSessions === custom.workers
  if (custom.maxSessions !== undefined && !open && !limits)
    misuses.set(
      'STRESS_MAX_SESSIONS',
      `with STRESS_MODE=${custom.mode} each worker has one session; STRESS_WORKERS says how many there are`,
    )
  const compares = custom.thresholds.some((text) => text.trim().startsWith('regression'))
  if (custom.baseline !== undefined && !compares)
    misuses.set('STRESS_BASELINE', 'none of its thresholds is on regression; STRESS_THRESHOLDS can say one')
  return misuses
}

/** Undefined where one of both is missing. */
export function credentialsOf({
  STRESS_AUTH_USER: user,
  STRESS_AUTH_PASS: pass,
  STRESS_AUTH_MECHANISM: mechanism,
}: GivenLoad | LoadValues): Credentials | undefined {
  if (user === undefined || pass === undefined) return undefined
  return Object.freeze({ user, pass, ...(mechanism === undefined ? {} : { mechanism }) })
}
