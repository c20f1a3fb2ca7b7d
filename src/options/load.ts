import type { Amounts, Executor } from '../engine/executors/executor.ts'
import type { Stage } from '../engine/executors/ramp.ts'
import { EXECUTORS, executorOf, type LoadSpec } from '../engine/executors/registry.ts'
import { MailstormError } from '../error.ts'
import { parseThreshold } from '../figures/threshold.ts'
import { BREAK_OFF_PHASES, type BreakOffPhase } from '../smtp/clients/behaviour.ts'
import {
  AUTH_MECHANISMS,
  type Credentials,
  DEFAULT_PIPELINE_DEPTH,
  PIPELINING_LEVELS,
  TLS_MODES,
} from '../smtp/target.ts'
import { readStoreAddress, STORE_FORMS } from '../verify/stores/forms.ts'
import { CLIENT } from './client.ts'
import {
  anyValue,
  countOrUnlimited,
  decimal,
  type Kind,
  kind,
  line,
  oneOf,
  preset,
  type Reading,
  textKind,
  unset,
  type ValuesOf,
  wholeNumber,
} from './kind.ts'
import {
  headerList,
  messageSize,
  notifications,
  recipientAddress,
  recipientCount,
  senderAddress,
} from './mail.ts'

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

/** Seconds before the second attempt, the third, … */
const delayList: Kind<readonly number[]> = kind(
  'seconds from 0.01 to 86,400, or several separated by commas',
  '1,5,30',
  (text) => {
    const delays = text
      .split(',')
      .map((part) => (/^\s*\d+(\.\d+)?\s*$/.test(part) ? Number(part) : Number.NaN))
    return readDelays(delays)
  },
  anyValue((value) => readDelays(Array.isArray(value) ? value : [value])),
)

const MOST_DELAYS = 20

function readDelays(delays: readonly unknown[]): Reading<readonly number[]> {
  if (delays.length === 0 || delays.length > MOST_DELAYS)
    return { wrong: `has no delay, or more than ${MOST_DELAYS}` }
  const seconds = delays.filter((delay) => typeof delay === 'number' && !Number.isNaN(delay)) as number[]
  if (seconds.length < delays.length) return { wrong: 'is not a number of seconds, or a list of them' }
  if (seconds.some((delay) => delay < 0.01)) return { wrong: 'is too small' }
  if (seconds.some((delay) => delay > 86_400)) return { wrong: 'is too large' }
  return { value: Object.freeze(seconds) }
}

/** Seconds, the least and the most. */
const thinkTime: Kind<readonly [number, number]> = kind(
  'a time up to 1 hour, or a range of it, such as 2s, 500ms or 100ms..2s (without a unit: seconds)',
  '100ms..2s',
  (text) => readThinkTime(text.split('..').map(secondsOf)),
  anyValue((value) => readThinkTime(Array.isArray(value) ? value : [value])),
)

const LONGEST_THINK_SECONDS = 3_600

function secondsOf(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s)?\s*$/.exec(text) ?? []
  return number === undefined ? Number.NaN : unit === 'ms' ? Number(number) / 1000 : Number(number)
}

function readThinkTime(times: readonly unknown[]): Reading<readonly [number, number]> {
  const [least, most = least] = times
  if (typeof least !== 'number' || typeof most !== 'number' || times.length > 2)
    return { wrong: 'is not a time' }
  if (Number.isNaN(least) || Number.isNaN(most)) return { wrong: 'is not a time' }
  if (least < 0 || most <= 0) return { wrong: 'is too small' }
  if (most > LONGEST_THINK_SECONDS) return { wrong: 'is too large' }
  if (most < least) return { wrong: 'ends before it begins' }
  return { value: Object.freeze([least, most] as const) }
}

type BreakOffPercent = Readonly<Partial<Record<BreakOffPhase, number>>>

const breakOff: Kind<BreakOffPercent> = kind(
  `percent by phase, up to 100 together; phases: ${BREAK_OFF_PHASES.join(', ')}`,
  'data:5,transfer:2',
  (text) => readBreakOff(text.split(',').map((part) => part.split(':').map((word) => word.trim()))),
  anyValue((value) =>
    typeof value === 'object' && value !== null
      ? readBreakOff(Object.entries(value).map(([phase, percent]) => [phase, String(percent)]))
      : { wrong: 'is no phase with its percent' },
  ),
)

function readBreakOff(parts: readonly (readonly string[])[]): Reading<BreakOffPercent> {
  const percents: Partial<Record<BreakOffPhase, number>> = {}
  for (const [name = '', percent = '', ...more] of parts) {
    const phase = BREAK_OFF_PHASES.find((known) => known === name)
    if (phase === undefined) return { wrong: `has no phase "${name}"` }
    if (more.length > 0 || !/^\d+(\.\d+)?$/.test(percent)) return { wrong: `has no percent for ${phase}` }
    if (percents[phase] !== undefined) return { wrong: `names ${phase} twice` }
    percents[phase] = Number(percent)
  }
  const sum = Object.values(percents).reduce((total, percent) => total + percent, 0)
  if (sum > 100) return { wrong: `adds up to ${sum} %` }
  return sum === 0 ? { wrong: 'has no percent above 0' } : { value: Object.freeze(percents) }
}

/** Where retries are asked for, and no delay. */
export const DEFAULT_RETRY_DELAY_SECONDS = 5

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
    messageSize,
    'medium',
    'Size of each message, headers included, or how sizes are spread.',
  ),
  STRESS_CORPUS: unset(
    line(
      'folders, files or globs of .eml files, mboxes and Maildirs, separated by commas, each with :weight or none',
      'mails/news:70,mails/large:30',
    ),
    'generated text',
    'Real mail to send in place of generated text.',
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
    'How much is sent before a reply is read (RFC 2920; chunks: RFC 3030), if the server offers it.',
  ),
  STRESS_PIPELINE_DEPTH: unset(
    wholeNumber({ min: 1, max: 1_000, example: 32 }),
    `${DEFAULT_PIPELINE_DEPTH}`,
    'Messages of a session on their way at a time, at STRESS_PIPELINING=chunks.',
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
  STRESS_TLS: unset(
    oneOf(TLS_MODES, 'starttls'),
    'none, or what the URL of the target says',
    'Encryption of the sessions.',
  ),
  STRESS_AUTH_USER: unset(line('text', 'user'), 'no login', 'User name for SMTP AUTH.'),
  STRESS_AUTH_PASS: unset(line('text', 'secret'), 'no login', 'Password for SMTP AUTH.', true),
  STRESS_AUTH_TOKEN_FILE: unset(
    line('a path', '/run/secrets/token'),
    'no token',
    'File with an OAuth token, in place of a password: AUTH by OAUTHBEARER or XOAUTH2. Read before each load; a new token is found within a minute.',
  ),
  STRESS_AUTH_TOKEN_COMMAND: unset(
    line('a command of the shell', 'gcloud auth print-access-token'),
    'no token',
    'Command that prints the token, run before each load.',
  ),
  STRESS_ACCOUNTS: unset(
    line('a path', 'accounts.csv'),
    'no login',
    'CSV file of accounts (columns user, pass; mechanism, sender): each session logs in with the next one.',
  ),
  STRESS_AUTH_MECHANISM: unset(
    oneOf(AUTH_MECHANISMS, 'LOGIN'),
    'the best the server offers',
    'The SASL mechanism to log in with.',
  ),
  STRESS_RETRIES: unset(
    wholeNumber({ min: 0, max: 20, example: 3 }),
    'none',
    'Further attempts at a message that was deferred (4xx) or found no server, as a mail queue makes them.',
  ),
  STRESS_RETRY_DELAY: unset(
    delayList,
    `${DEFAULT_RETRY_DELAY_SECONDS}`,
    'Seconds before a further attempt; several: before the second, the third, …, and the last for all later ones.',
  ),
  STRESS_IDLE_SESSIONS: unset(
    wholeNumber({ min: 1, max: 50_000, example: 100 }),
    'none',
    'Sessions beside the load that say hello and then nothing, until it ends: shows how many a server holds, and for how long.',
  ),
  STRESS_THINK_TIME: unset(
    thinkTime,
    'none',
    'Time that a client thinks before MAIL, each RCPT and DATA, drawn anew each time by the seed; commands are then sent one by one.',
  ),
  STRESS_BREAK_OFF: unset(
    breakOff,
    'none',
    'Percent of messages whose client breaks off in a phase, by RST or FIN: no failure of the server.',
  ),
  STRESS_RECIPIENTS: preset(
    recipientCount,
    '1',
    'Recipients of each message, or how their number is spread.',
  ),
  STRESS_SENDER: preset(
    senderAddress,
    CUSTOM_DEFAULTS.sender,
    'Sender of the messages, or places that differ; its domain must be reserved.',
  ),
  STRESS_RECIPIENT: preset(
    recipientAddress,
    CUSTOM_DEFAULTS.recipient,
    'Recipient of the messages, or places that differ; its domain must be reserved.',
  ),
  STRESS_HEADERS: unset(headerList, 'none', 'Headers of each message, beside its own or in place of them.'),
  STRESS_DSN: unset(
    notifications,
    'not asked for',
    'Delivery status notifications to ask for (RFC 3461), of servers that offer DSN.',
  ),
  STRESS_VERIFY: unset(
    textKind(STORE_FORMS.join('; '), 'sink:2525', (text) => {
      const reading = readStoreAddress(text)
      return 'wrong' in reading ? reading : { value: text }
    }),
    'none',
    'Where the mail ends up behind your server: every acknowledged message is looked for there.',
    true,
  ),
  STRESS_VERIFY_TIMEOUT: unset(
    decimal({ min: 1, max: 86_400, unit: 'seconds', example: 120 }),
    '60',
    'Seconds that mail may take after the load to arrive there.',
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
  ...CLIENT,
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

/** The field of a scenario's spec that a variable sets, to the same value; the others need more than that. */
export const FIELD_OF = {
  STRESS_WORKERS: 'workers',
  STRESS_SIZE: 'size',
  STRESS_CORPUS: 'corpus',
  STRESS_PIPELINING: 'pipelining',
  STRESS_PIPELINE_DEPTH: 'pipelineDepth',
  STRESS_MESSAGES_PER_SESSION: 'messagesPerSession',
  STRESS_MAX_SESSIONS: 'maxSessions',
  STRESS_TLS: 'tls',
  STRESS_ACCOUNTS: 'accounts',
  STRESS_RETRIES: 'retries',
  STRESS_RETRY_DELAY: 'retryDelaySeconds',
  STRESS_IDLE_SESSIONS: 'idleSessions',
  STRESS_THINK_TIME: 'thinkTimeSeconds',
  STRESS_BREAK_OFF: 'breakOff',
  STRESS_RECIPIENTS: 'recipients',
  STRESS_SENDER: 'sender',
  STRESS_RECIPIENT: 'recipient',
  STRESS_HEADERS: 'headers',
  STRESS_DSN: 'dsn',
  STRESS_THRESHOLDS: 'thresholds',
  STRESS_VERIFY: 'verify',
  STRESS_VERIFY_TIMEOUT: 'verifyTimeoutSeconds',
  STRESS_BASELINE: 'baseline',
  STRESS_TIMEOUT: 'replyTimeoutSeconds',
  STRESS_EHLO_NAME: 'ehloName',
  STRESS_LOCAL_ADDRESSES: 'localAddresses',
  STRESS_PROXY_PROTOCOL: 'proxyProtocol',
  STRESS_PROXY_SOURCE: 'proxySource',
  STRESS_XCLIENT: 'xclient',
  STRESS_TLS_MIN_VERSION: 'tlsMinVersion',
  STRESS_TLS_CERT: 'tlsCert',
  STRESS_TLS_KEY: 'tlsKey',
  STRESS_TLS_SERVER_NAME: 'tlsServerName',
} as const satisfies { readonly [V in LoadVariable]?: string }
export type FieldVariable = keyof typeof FIELD_OF

export const FIELD_VARIABLES = Object.keys(FIELD_OF) as FieldVariable[]

type FieldName = (typeof FIELD_OF)[FieldVariable]
type Fields = { readonly [V in FieldVariable as (typeof FIELD_OF)[V]]: LoadValues[V] }
/** Without a default, a field is there only when its variable is set. */
type UnsetField = { [F in FieldName]: undefined extends Fields[F] ? F : never }[FieldName]
type Shape = Omit<Fields, UnsetField | 'size'> & { readonly [F in UnsetField]?: NonNullable<Fields[F]> } & {
  /** Absent with a corpus. */
  readonly size?: Fields['size']
}
type CustomShape = Shape & { readonly workers: number; readonly auth?: Credentials }

/** The custom scenario, as a suite would say it, and the mode that it was asked for by. */
export type CustomOptions = LoadSpec & CustomShape & { readonly mode: string }

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
  const fields = FIELD_VARIABLES.flatMap((variable) => {
    const value = values[variable]
    // Messages of a corpus have sizes of their own.
    const isIdle = variable === 'STRESS_SIZE' && values.STRESS_CORPUS !== undefined
    return value === undefined || isIdle ? [] : [[FIELD_OF[variable], value]]
  })
  const auth = credentialsOf(values)
  const workers = values.STRESS_WORKERS ?? defaultWorkers(values)
  return { ...(Object.fromEntries(fields) as Shape), workers, ...(auth === undefined ? {} : { auth }) }
}

export const NO_RETRIES = 'no message has a further attempt; STRESS_RETRIES says how many'

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
  if (custom.retryDelaySeconds !== undefined && (custom.retries ?? 0) === 0)
    misuses.set('STRESS_RETRY_DELAY', NO_RETRIES)
  const compares = custom.thresholds.some((text) => text.trim().startsWith('regression'))
  if (custom.baseline !== undefined && !compares)
    misuses.set('STRESS_BASELINE', 'none of its thresholds is on regression; STRESS_THRESHOLDS can set one')
  return misuses
}

/** Undefined where the user, or password and token are missing. */
export function credentialsOf({
  STRESS_AUTH_USER: user,
  STRESS_AUTH_PASS: pass,
  STRESS_AUTH_TOKEN_FILE: tokenFile,
  STRESS_AUTH_TOKEN_COMMAND: tokenCommand,
  STRESS_AUTH_MECHANISM: mechanism,
}: GivenLoad | LoadValues): Credentials | undefined {
  if (user === undefined || (pass ?? tokenFile ?? tokenCommand) === undefined) return undefined
  return Object.freeze({
    user,
    ...(pass === undefined ? {} : { pass }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
    ...(tokenCommand === undefined ? {} : { tokenCommand }),
    ...(mechanism === undefined ? {} : { mechanism }),
  })
}
