import type { Amounts } from '../engine/executors/executor.ts'
import { executorOf, type LoadSpec } from '../engine/executors/registry.ts'
import type { Credentials, PipeliningLevel, TlsMode } from '../smtp/target.ts'
import {
  CUSTOM_DEFAULTS,
  executorOfMode,
  type GivenLoad,
  idleIn,
  type LoadValues,
  type LoadVariable,
  MODE_VARIABLES,
} from './load.ts'

/** The custom scenario, as a suite would say it, and the mode that it was asked for by. */
export type CustomOptions = LoadSpec & CustomShape & { readonly mode: string }

interface CustomShape {
  readonly workers: number
  /** Bytes. */
  readonly size: number
  readonly pipelining: PipeliningLevel
  readonly messagesPerSession?: number | 'unlimited'
  readonly maxSessions?: number
  readonly tls: TlsMode
  readonly auth?: Credentials
  readonly recipients: number
  readonly sender: string
  readonly recipient: string
  readonly thresholds: readonly string[]
  readonly baseline?: string
  readonly replyTimeoutSeconds: number
}

export function customOf(values: LoadValues): CustomOptions {
  return Object.freeze({ mode: values.STRESS_MODE, ...loadOf(values), ...shapeOf(values) })
}

/** What the mode's executor takes of the environment. */
function loadOf(values: LoadValues): LoadSpec {
  const amounts: Amounts = {
    messages: values.STRESS_MESSAGES ?? CUSTOM_DEFAULTS.messages,
    rate: values.STRESS_RATE ?? CUSTOM_DEFAULTS.ratePerSecond,
    durationSeconds: values.STRESS_DURATION ?? CUSTOM_DEFAULTS.durationSeconds,
    stages: values.STRESS_STAGES ?? [],
  }
  const { name, takes } = executorOfMode(values.STRESS_MODE)
  const fields = Object.entries(takes).map(([amount, field]) => [field, amounts[amount as keyof Amounts]])
  return { executor: name, ...Object.fromEntries(fields) } as LoadSpec
}

/** As many as the load itself asks for, where nothing else is said. */
function defaultWorkers({ STRESS_MODE: mode, STRESS_STAGES: stages = [], ...values }: LoadValues): number {
  const { workersOf } = executorOfMode(mode)
  if (workersOf !== undefined) return workersOf(stages)
  return Math.min(CUSTOM_DEFAULTS.workers, values.STRESS_MAX_SESSIONS ?? CUSTOM_DEFAULTS.workers)
}

function shapeOf(values: LoadValues): CustomShape {
  const auth = credentialsOf(values)
  const { STRESS_MESSAGES_PER_SESSION: messagesPerSession, STRESS_MAX_SESSIONS: maxSessions } = values
  return {
    workers: values.STRESS_WORKERS ?? defaultWorkers(values),
    size: values.STRESS_SIZE,
    pipelining: values.STRESS_PIPELINING,
    ...(messagesPerSession === undefined ? {} : { messagesPerSession }),
    ...(maxSessions === undefined ? {} : { maxSessions }),
    tls: values.STRESS_TLS,
    ...(auth === undefined ? {} : { auth }),
    recipients: values.STRESS_RECIPIENTS,
    sender: values.STRESS_SENDER,
    recipient: values.STRESS_RECIPIENT,
    thresholds: values.STRESS_THRESHOLDS,
    ...(values.STRESS_BASELINE === undefined ? {} : { baseline: values.STRESS_BASELINE }),
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
  const open = executorOf(custom).model === 'open'
  // Without STRESS_WORKERS, no more workers start than may have a session.
  const limits = load.STRESS_WORKERS === undefined && custom.maxSessions === custom.workers
  if (custom.maxSessions !== undefined && !open && !limits)
    misuses.set(
      'STRESS_MAX_SESSIONS',
      `with STRESS_MODE=${custom.mode} each worker has one session; STRESS_WORKERS says how many there are`,
    )
  const compares = custom.thresholds.some((text) => text.trim().startsWith('regression'))
  if (custom.baseline !== undefined && !compares)
    misuses.set('STRESS_BASELINE', 'none of its thresholds is on regression; STRESS_THRESHOLDS can set one')
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
