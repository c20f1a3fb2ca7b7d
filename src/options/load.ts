import type { Amounts, Executor } from '../engine/executors/executor.ts'
import type { Stage } from '../engine/executors/ramp.ts'
import { EXECUTORS } from '../engine/executors/registry.ts'
import { MailstormError } from '../error.ts'
import { parseThreshold } from '../figures/threshold.ts'
import { AUTH_MECHANISMS, PIPELINING_LEVELS, TLS_MODES } from '../smtp/target.ts'
import { mailAddress } from './address.ts'
import {
  countOrUnlimited,
  decimal,
  type Kind,
  kind,
  line,
  MIN_MESSAGE_BYTES,
  oneOf,
  preset,
  sizeInBytes,
  unset,
  type ValuesOf,
  wholeNumber,
} from './kind.ts'

/** The custom scenario's load: two words of old, and k6's executors by their names. */
export const MODES = EXECUTORS.map(({ mode }) => mode)

/** Variables that only some modes use, and what they set. */
export const AMOUNT_OF = {
  STRESS_MESSAGES: 'messages',
  STRESS_RATE: 'rate',
  STRESS_DURATION: 'durationSeconds',
  STRESS_STAGES: 'stages',
} as const satisfies Readonly<Record<string, keyof Amounts>>
type ModeVariable = keyof typeof AMOUNT_OF

export const MODE_VARIABLES = Object.keys(AMOUNT_OF) as ModeVariable[]

/** The executor that STRESS_MODE means. */
export function executorOfMode(mode: string): Executor {
  return EXECUTORS.find((executor) => executor.mode === mode) as Executor
}

/** Modes that use a variable. */
function modesOf(name: ModeVariable): string {
  const executors = EXECUTORS.filter(({ takes }) => takes[AMOUNT_OF[name]] !== undefined)
  return executors.map(({ mode }) => mode).join(' or ')
}

/** What is wrong with a variable that was given beside a mode, or undefined. */
export function misusedIn(mode: string, name: ModeVariable): string | undefined {
  const { takes, goesBy } = executorOfMode(mode)
  if (takes[AMOUNT_OF[name]] !== undefined) return undefined
  return `${name} cannot be used with STRESS_MODE=${mode}, which ${goesBy.environment}. Unset it, or set STRESS_MODE=${modesOf(name)}.`
}

/** Why a variable changes nothing in the custom scenario of this mode, or undefined. */
export function idleIn(mode: string, name: ModeVariable, modeGiven: boolean): string | undefined {
  const { takes, goesBy } = executorOfMode(mode)
  if (takes[AMOUNT_OF[name]] !== undefined) return undefined
  const chosen = modeGiven ? '' : ' (the default)'
  return `STRESS_MODE=${mode}${chosen} ${goesBy.environment}; STRESS_MODE=${modesOf(name)} uses it`
}

const STAGE = /^(\d+(?:\.\d+)?)(s|m|h)?:(\d+(?:\.\d+)?)$/
const SECONDS_OF = { s: 1, m: 60, h: 3_600 } as const

/** `30s:10,0s:25,2m:25`: how long, and the level at its end. */
const stageList: Kind<readonly Stage[]> = kind(
  'stages such as 30s:50, separated by commas: a duration in s, m or h and the level at its end; 0s jumps',
  '0s:10,30s:10,30s:50',
  (text) => {
    const stages: Stage[] = []
    for (const part of text.split(',')) {
      const [, time, unit = 's', level] = STAGE.exec(part.trim()) ?? []
      if (time === undefined || level === undefined)
        return { wrong: `has a stage that cannot be read: "${part.trim()}"` }
      const durationSeconds = Number(time) * SECONDS_OF[unit as keyof typeof SECONDS_OF]
      stages.push(Object.freeze({ durationSeconds, target: Number(level) }))
    }
    return { value: Object.freeze(stages) }
  },
)

/** Threshold expressions, each checked as parseThreshold checks it. */
const thresholdList: Kind<readonly string[]> = kind(
  'thresholds separated by commas',
  'success_rate>=0.99,p(99)<1000,lost==0',
  (text) => {
    const expressions: string[] = []
    for (const part of text.split(',')) {
      try {
        expressions.push(parseThreshold(part.trim()).expression)
      } catch (error) {
        if (!(error instanceof MailstormError)) throw error
        return { wrong: wrongOf(part.trim(), text, error) }
      }
    }
    return { value: Object.freeze(expressions) }
  },
)

/** The variable and its value stand before it: they are not said again, unless it is one of several. */
function wrongOf(part: string, text: string, { message }: MailstormError): string {
  const why = message.replace(`Failed to read the threshold "${part}": `, '').replace('\n', ' ')
  const which = part === text.trim() ? '' : ` "${part}"`
  return `has a bad threshold${which}: ${why.replace(/[.?]$/, (end) => (end === '?' ? end : ''))}`
}

/** What holds in the custom scenario when a variable is unset; any other scenario then has its own load. */
export const CUSTOM_DEFAULTS = {
  messages: 1000,
  workers: 10,
  ratePerSecond: 50,
  durationSeconds: 60,
  sender: 'sender@mailstorm.test',
  recipient: 'recipient@mailstorm.test',
} as const

export const CUSTOM = {
  STRESS_MODE: preset(
    oneOf(MODES, 'sustained'),
    'burst',
    'Only for custom: a number of messages at once, a rate for a time, or an executor by name.',
  ),
  STRESS_MESSAGES: unset(
    wholeNumber({ min: 1, max: 10_000_000, example: 5000 }),
    `${CUSTOM_DEFAULTS.messages}`,
    'Messages to send, in per-worker-iterations by each worker; not where a rate sets their number.',
  ),
  STRESS_WORKERS: unset(
    wholeNumber({ min: 1, max: 1000, example: 50 }),
    `${CUSTOM_DEFAULTS.workers}`,
    'Concurrent workers.',
  ),
  STRESS_SIZE: preset(
    sizeInBytes({ minBytes: MIN_MESSAGE_BYTES, names: true, example: 'large' }),
    'medium',
    'Size of each message, headers included.',
  ),
  STRESS_DURATION: unset(
    decimal({ min: 0.1, max: 86_400, unit: 'seconds', example: 60 }),
    `${CUSTOM_DEFAULTS.durationSeconds}`,
    'Seconds to keep up a rate (sustained, soak, …) or to keep the workers busy (constant-workers).',
  ),
  STRESS_RATE: unset(
    decimal({ min: 0.01, max: 100_000, unit: 'messages per second', example: 50 }),
    `${CUSTOM_DEFAULTS.ratePerSecond}`,
    'Messages per second, where the rate is constant (sustained, soak, …).',
  ),
  STRESS_STAGES: unset(
    stageList,
    'none: the ramping modes need them',
    'Messages per second (ramping-arrival-rate, ramp-up) or workers (ramping-workers) over time, from 0.',
  ),
  STRESS_PIPELINING: preset(
    oneOf(PIPELINING_LEVELS, 'off'),
    'commands',
    'How much is sent before a reply is read (RFC 2920), if the server offers it.',
  ),
  STRESS_MESSAGES_PER_SESSION: unset(
    countOrUnlimited(1_000_000),
    'unlimited in mode burst, 1 in mode sustained',
    'Messages sent over one connection before it is closed.',
  ),
  STRESS_MAX_SESSIONS: unset(
    wholeNumber({ min: 1, max: 50_000, example: 200 }),
    'chosen by the scenario',
    'Connections that may be open at once, where a rate is kept; messages that are due beyond that wait.',
  ),
  STRESS_TLS: preset(oneOf(TLS_MODES, 'starttls'), 'none', 'Encryption of the sessions.'),
  STRESS_AUTH_USER: unset(line('text', 'user'), 'no login', 'User name for SMTP AUTH.'),
  STRESS_AUTH_PASS: unset(line('text', 'secret'), 'no login', 'Password for SMTP AUTH.', true),
  STRESS_AUTH_MECHANISM: unset(
    oneOf(AUTH_MECHANISMS, 'LOGIN'),
    'the best the server offers',
    'The SASL mechanism to log in with.',
  ),
  STRESS_RECIPIENTS: preset(
    wholeNumber({ min: 1, max: 1000, example: 10 }),
    '1',
    'Recipients of each message.',
  ),
  STRESS_SENDER: preset(
    mailAddress,
    CUSTOM_DEFAULTS.sender,
    'Sender of the messages; its domain must be reserved.',
  ),
  STRESS_RECIPIENT: preset(
    mailAddress,
    CUSTOM_DEFAULTS.recipient,
    'Recipient of the messages; its domain must be reserved.',
  ),
  STRESS_THRESHOLDS: preset(
    thresholdList,
    'success_rate>=0.99',
    "Thresholds of the run, in place of the scenario's own.",
  ),
  STRESS_BASELINE: unset(
    line('a name', 'burst-ci'),
    'none',
    'Baseline that a regression threshold compares with: the name of a file in baselines/.',
  ),
  STRESS_TIMEOUT: preset(
    decimal({ min: 0.1, max: 3600, unit: 'seconds', example: 30 }),
    '30',
    'Seconds a reply may take.',
  ),
}

/** A variable that says something of the load of an SMTP scenario. */
export type LoadVariable = keyof typeof CUSTOM

export type LoadValues = ValuesOf<typeof CUSTOM>

export const LOAD_VARIABLES = Object.keys(CUSTOM) as LoadVariable[]

/** What the environment says of the load, and only that: it overrides what a scenario says of its own. */
export type GivenLoad = { readonly [V in LoadVariable]?: NonNullable<LoadValues[V]> }

export function givenLoad(values: LoadValues, given: ReadonlySet<string>): GivenLoad {
  const said = LOAD_VARIABLES.filter((variable) => given.has(variable))
  return Object.freeze(Object.fromEntries(said.map((variable) => [variable, values[variable]])))
}
