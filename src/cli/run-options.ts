import { VARIABLES, type VariableName } from '../options/environment.ts'

/** Options by their long names; each stands for an environment variable. */
export interface RunOptions {
  readonly [option: string]: string | undefined
}

type Options = Readonly<Record<string, readonly [variable: VariableName, value: string]>>

/** `--messages` is STRESS_MESSAGES, and so on: what overrides the scenario's own load. */
export const WORKLOAD_OPTIONS = {
  messages: ['STRESS_MESSAGES', '<count>'],
  workers: ['STRESS_WORKERS', '<count>'],
  size: ['STRESS_SIZE', '<size>'],
  corpus: ['STRESS_CORPUS', '<folder or glob,…>'],
  duration: ['STRESS_DURATION', '<seconds>'],
  rate: ['STRESS_RATE', '<per second>'],
  stages: ['STRESS_STAGES', '<list>'],
  mode: ['STRESS_MODE', '<mode>'],
  pipelining: ['STRESS_PIPELINING', '<level>'],
  'pipeline-depth': ['STRESS_PIPELINE_DEPTH', '<count>'],
  'messages-per-session': ['STRESS_MESSAGES_PER_SESSION', '<count>'],
  'max-sessions': ['STRESS_MAX_SESSIONS', '<count>'],
  tls: ['STRESS_TLS', '<mode>'],
  accounts: ['STRESS_ACCOUNTS', '<file>'],
  retries: ['STRESS_RETRIES', '<count>'],
  'idle-sessions': ['STRESS_IDLE_SESSIONS', '<count>'],
  'think-time': ['STRESS_THINK_TIME', '<time>'],
  'break-off': ['STRESS_BREAK_OFF', '<percent by phase>'],
  'retry-delay': ['STRESS_RETRY_DELAY', '<seconds,…>'],
  recipients: ['STRESS_RECIPIENTS', '<count>'],
  sender: ['STRESS_SENDER', '<address>'],
  recipient: ['STRESS_RECIPIENT', '<address>'],
  headers: ['STRESS_HEADERS', '<list>'],
  dsn: ['STRESS_DSN', '<list>'],
  timeout: ['STRESS_TIMEOUT', '<seconds>'],
  thresholds: ['STRESS_THRESHOLDS', '<list>'],
  baseline: ['STRESS_BASELINE', '<name>'],
  verify: ['STRESS_VERIFY', '<store>'],
  'verify-timeout': ['STRESS_VERIFY_TIMEOUT', '<seconds>'],
  'ehlo-name': ['STRESS_EHLO_NAME', '<name>'],
  'local-addresses': ['STRESS_LOCAL_ADDRESSES', '<list>'],
  'proxy-protocol': ['STRESS_PROXY_PROTOCOL', '<version>'],
  'proxy-source': ['STRESS_PROXY_SOURCE', '<list>'],
  xclient: ['STRESS_XCLIENT', '<attributes>'],
  'tls-min-version': ['STRESS_TLS_MIN_VERSION', '<version>'],
  'tls-cert': ['STRESS_TLS_CERT', '<file>'],
  'tls-key': ['STRESS_TLS_KEY', '<file>'],
  'tls-server-name': ['STRESS_TLS_SERVER_NAME', '<name>'],
} as const satisfies Options

/** Where the load goes, and how the run is done. */
export const RUN_OPTIONS = {
  target: ['SMTP_TARGETS', '<host:port or URL,…>'],
  resolver: ['STRESS_RESOLVER', '<address>'],
  backend: ['STRESS_BACKEND', '<backend>'],
  servers: ['SMTP_SERVERS', '<count>'],
  seed: ['STRESS_SEED', '<number>'],
  cooldown: ['STRESS_COOLDOWN', '<seconds>'],
} as const satisfies Options

/** Each option as Commander takes it: flags, and the meaning and range of its variable. */
export function runFlags(): readonly (readonly [flags: string, description: string])[] {
  return Object.entries({ ...RUN_OPTIONS, ...WORKLOAD_OPTIONS }).map(([option, [variable, value]]) => {
    const known = VARIABLES.find(({ name }) => name === variable)
    if (known === undefined) throw new Error(`there is no variable ${variable}`)
    const meaning = known.meaning.replace(/\.$/, '')
    const begin = meaning.slice(0, 1).toLowerCase() + meaning.slice(1)
    return [`--${option} ${value}`, `${begin} (${variable}: ${known.allowed})`]
  })
}
