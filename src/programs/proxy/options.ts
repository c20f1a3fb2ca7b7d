import { z } from 'zod'
import { MailstormError } from '../../error.ts'
import { isLoopback, LOOPBACK } from '../../listening.ts'

/** One setting of the proxy: its value as an option, and how the text of its variable becomes that value. */
interface Setting<T> {
  readonly variable: string
  /** What may stand there, for messages. */
  readonly allowed: string
  readonly schema: z.ZodType<T>
  /** Undefined when the text is of another kind. */
  readonly read: (text: string) => unknown
}

export interface NumberSetting {
  readonly variable: string
  readonly min: number
  readonly max: number
  readonly preset: number
  /** Units of the option in one unit of the variable: 1000 for an option in ms and a variable in s. */
  readonly scale?: number
  /** Unit of the variable, for messages. */
  readonly unit?: string
}

/** Minimum and maximum in the variable's unit, the preset too. */
function number({ variable, min, max, preset, scale = 1, unit = '' }: NumberSetting): Setting<number> {
  const allowed = `a number from ${min} to ${max}${unit === '' ? '' : ` ${unit}`}`
  const whole = (value: number) => (scale === 1 ? Number.isInteger(value) : true)
  return {
    variable,
    allowed,
    schema: z
      .number(allowed)
      .refine((value) => value >= min * scale && value <= max * scale && whole(value), allowed)
      .default(preset * scale),
    read: (text) => (/^\d+(\.\d+)?$/.test(text) ? Math.round(Number(text) * scale * 1e3) / 1e3 : undefined),
  }
}

function flag(variable: string, preset: boolean): Setting<boolean> {
  const allowed = '1 (yes) or 0 (no)'
  const words = new Map([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ] as const)
  return {
    variable,
    allowed,
    schema: z.boolean(allowed).default(preset),
    read: (text) => words.get(text as '1'),
  }
}

function word<const W extends string>(
  variable: string,
  words: readonly [W, ...W[]],
  preset: NoInfer<W>,
): Setting<W> {
  const allowed = words.join(', ')
  const schema = z.enum(words, allowed).default(() => preset)
  return { variable, allowed, schema: schema as z.ZodType<W>, read: (text) => text.toLowerCase() }
}

/** Any text that `fits`, or nothing at all. */
function text(variable: string, allowed: string, fits: RegExp): Setting<string | undefined> {
  return {
    variable,
    allowed,
    schema: z.string(allowed).regex(fits, allowed).optional(),
    read: (given) => given,
  }
}

function required(variable: string, allowed: string, fits: RegExp): Setting<string> {
  return { variable, allowed, schema: z.string(allowed).regex(fits, allowed), read: (given) => given }
}

function presetText(variable: string, allowed: string, fits: RegExp, preset: string): Setting<string> {
  const schema = z.string(allowed).regex(fits, allowed).default(preset)
  return { variable, allowed, schema, read: (given) => given }
}

/** Times in s, separated by commas, as a list in ms. */
function times(variable: string, presetMs: readonly number[]): Setting<readonly number[]> {
  const allowed = '1 to 20 times in s, separated by commas'
  const schema = z.array(z.number(allowed).min(0, allowed).max(604_800_000, allowed), allowed)
  return {
    variable,
    allowed,
    schema: schema
      .min(1, allowed)
      .max(20, allowed)
      .readonly()
      .default([...presetMs]),
    read: (given) => given.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part) * 1e3)),
  }
}

const MEBIBYTE = 1024 ** 2
const MINUTES_MS = 60_000

/**
 * All that a proxy can be told. Options carry their unit in the name; the variables are those of the real
 * proxy, in s and MB, where it has (or only documents) them.
 */
export const SETTINGS = {
  databaseUrl: required(
    'GMP_DB_PATH',
    'a URL as postgresql://user:password@host:5432/name',
    /^postgres(ql)?:\/\/\S+$/,
  ),
  /** Connections to PostgreSQL, beside the one that listens. */
  databaseConnections: number({ variable: 'GMP_DB_POOL_SIZE', min: 2, max: 100, preset: 8 }),
  /** The admin's token. Without it the API is open, and listens on loopback only. */
  apiToken: text('GMP_API_TOKEN', 'a token of 8 to 256 printable characters', /^[\x21-\x7e]{8,256}$/),
  host: presetText('GMP_HOST', 'an address to listen on', /^[A-Za-z0-9._:-]{1,255}$/, LOOPBACK),
  /** 0 = any free port. */
  port: number({ variable: 'GMP_PORT', min: 0, max: 65_535, preset: 8000 }),
  logLevel: word('GMP_LOG_LEVEL', ['debug', 'info', 'warning', 'error', 'silent'], 'warning'),

  sendLoopIntervalMs: number({
    variable: 'GMP_SEND_LOOP_INTERVAL',
    min: 0.01,
    max: 3600,
    preset: 1,
    scale: 1e3,
    unit: 's',
  }),
  batchSizePerAccount: number({ variable: 'GMP_BATCH_SIZE_PER_ACCOUNT', min: 1, max: 10_000, preset: 50 }),
  /** SMTP connections to one server as one user, and sends at once for one account. */
  poolSize: number({ variable: 'GMP_POOL_SIZE', min: 1, max: 1_000, preset: 20 }),
  /** Sends at once of the whole process. */
  maxInFlight: number({ variable: 'GMP_MAX_IN_FLIGHT', min: 1, max: 10_000, preset: 200 }),
  sendTimeoutMs: number({
    variable: 'GMP_SEND_TIMEOUT',
    min: 0.1,
    max: 3600,
    preset: 60,
    scale: 1e3,
    unit: 's',
  }),
  connectTimeoutMs: number({
    variable: 'GMP_CONNECT_TIMEOUT',
    min: 0.1,
    max: 600,
    preset: 15,
    scale: 1e3,
    unit: 's',
  }),
  smtpTlsVerify: flag('GMP_SMTP_TLS_VERIFY', true),
  /** How long a claimed message belongs to this process without a sign of life. */
  leaseMs: number({ variable: 'GMP_LEASE', min: 0.5, max: 3600, preset: 30, scale: 1e3, unit: 's' }),
  /** Payload bytes that one claim may fetch. */
  claimBytes: number({
    variable: 'GMP_CLAIM_MAX_MB',
    min: 1,
    max: 1_024,
    preset: 8,
    scale: MEBIBYTE,
    unit: 'MB',
  }),
  /** Wait before attempt 2, 3, … The real one's: six attempts in 3 h 21 m. */
  retryDelaysMs: times(
    'GMP_RETRY_DELAYS',
    [1, 5, 15, 60, 120].map((minutes) => minutes * MINUTES_MS),
  ),
  retentionMs: number({
    variable: 'GMP_DELIVERY_REPORT_RETENTION_SECONDS',
    min: 1,
    max: 31_536_000,
    preset: 604_800,
    scale: 1e3,
    unit: 's',
  }),
  stopTimeoutMs: number({
    variable: 'GMP_STOP_TIMEOUT',
    min: 0.1,
    max: 600,
    preset: 10,
    scale: 1e3,
    unit: 's',
  }),

  syncIntervalMs: number({
    variable: 'GMP_SYNC_INTERVAL',
    min: 0.05,
    max: 86_400,
    preset: 5,
    scale: 1e3,
    unit: 's',
  }),
  syncTimeoutMs: number({
    variable: 'GMP_SYNC_TIMEOUT',
    min: 0.05,
    max: 600,
    preset: 10,
    scale: 1e3,
    unit: 's',
  }),
  syncConcurrency: number({ variable: 'GMP_SYNC_CONCURRENCY', min: 1, max: 1_000, preset: 32 }),
  /** Calls in a row to one tenant that says it has more (queued > 0), or for which more reports wait. */
  syncMaxRounds: number({ variable: 'GMP_SYNC_MAX_ROUNDS', min: 1, max: 1_000, preset: 20 }),
  reportBatch: number({ variable: 'GMP_REPORT_BATCH', min: 1, max: 10_000, preset: 1_000 }),
  /** The key under which tenants find the reports: genro-mail-proxy sends delivery_report, its pressure test's clients read reports. */
  reportKey: word('GMP_REPORT_KEY', ['both', 'delivery_report', 'reports'], 'both'),

  maxBodyBytes: number({
    variable: 'GMP_MAX_BODY_MB',
    min: 1,
    max: 1_024,
    preset: 32,
    scale: MEBIBYTE,
    unit: 'MB',
  }),
  maxBatch: number({ variable: 'GMP_MAX_BATCH', min: 1, max: 100_000, preset: 1_000 }),

  attachmentTimeoutMs: number({
    variable: 'GMP_ATTACHMENT_TIMEOUT',
    min: 0.05,
    max: 3600,
    preset: 30,
    scale: 1e3,
    unit: 's',
  }),
  /** From the beginning of a fetch that messages share to its last byte, however steadily it drips. */
  attachmentTotalTimeoutMs: number({
    variable: 'GMP_ATTACHMENT_TOTAL_TIMEOUT',
    min: 0.05,
    max: 86_400,
    preset: 300,
    scale: 1e3,
    unit: 's',
  }),
  maxAttachmentBytes: number({
    variable: 'GMP_ATTACHMENT_MAX_MB',
    min: 1,
    max: 102_400,
    preset: 100,
    scale: MEBIBYTE,
    unit: 'MB',
  }),
  /** Attachments by path are refused without it, and outside of it. */
  filesDir: text('GMP_FILES_DIR', 'an absolute path', /^\//),
  /**
   * Whether what tenants name themselves may be in loopback and private networks: http_url, and URL and SMTP host
   * set with a tenant's own key. Link-local is never reached.
   */
  httpUrlPrivate: flag('GMP_HTTP_URL_PRIVATE', false),
  /** Where attachments are stored that become links (large_file_config); proxies of one database share it. */
  largeFilesDir: text('GMP_LARGE_FILES_DIR', 'an absolute path', /^\//),
  /** This proxy as recipients of links reach it. */
  publicUrl: text('GMP_PUBLIC_URL', 'a URL as https://files.example.com', /^https?:\/\/\S+[^/\s]$/),
  cacheMemoryMaxBytes: number({
    variable: 'GMP_CACHE_MEMORY_MAX_MB',
    min: 0,
    max: 10_240,
    preset: 50,
    scale: MEBIBYTE,
    unit: 'MB',
  }),
  cacheMemoryTtlMs: number({
    variable: 'GMP_CACHE_MEMORY_TTL_SECONDS',
    min: 0.01,
    max: 31_536_000,
    preset: 300,
    scale: 1e3,
    unit: 's',
  }),
  /** Undefined = a folder of this process's own, gone with it. */
  cacheDiskDir: text('GMP_CACHE_DISK_DIR', 'an absolute path', /^\//),
  cacheDiskMaxBytes: number({
    variable: 'GMP_CACHE_DISK_MAX_MB',
    min: 0,
    max: 1_048_576,
    preset: 500,
    scale: MEBIBYTE,
    unit: 'MB',
  }),
  cacheDiskTtlMs: number({
    variable: 'GMP_CACHE_DISK_TTL_SECONDS',
    min: 0.01,
    max: 31_536_000,
    preset: 3_600,
    scale: 1e3,
    unit: 's',
  }),
  /** Smaller content is kept in memory, larger on disk. */
  cacheDiskThresholdBytes: number({
    variable: 'GMP_CACHE_DISK_THRESHOLD_KB',
    min: 0,
    max: 1_048_576,
    preset: 100,
    scale: 1024,
    unit: 'KB',
  }),
} as const satisfies Record<string, Setting<unknown>>

type Settings = typeof SETTINGS
type Value<S> = S extends Setting<infer T> ? T : never

/** Frozen; everything has a value but what may be absent. */
export type ProxyConfig = { readonly [K in keyof Settings]: Value<Settings[K]> }
export type ProxyOptions = Partial<ProxyConfig> & Pick<ProxyConfig, 'databaseUrl'>

const keys = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]
const optionsSchema = z.strictObject(Object.fromEntries(keys.map((key) => [key, SETTINGS[key].schema])))

/** Checks options; throws one error that names every problem. */
export function proxyConfig(options: ProxyOptions): ProxyConfig {
  return checked(options, (key) => key)
}

/** Reads GMP_* variables; unknown ones are refused, with the list of those allowed. */
export function proxyConfigFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyConfig {
  const given: Record<string, unknown> = {}
  const known = new Map<string, keyof typeof SETTINGS>(keys.map((key) => [SETTINGS[key].variable, key]))
  const problems: string[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('GMP_') || value === undefined || value === '') continue
    const key = known.get(variable)
    if (key === undefined)
      problems.push(`${variable} is not known; allowed are ${[...known.keys()].join(', ')}`)
    else given[key] = SETTINGS[key].read(value) ?? Number.NaN
  }
  return checked(
    given,
    (key) => (key in SETTINGS ? SETTINGS[key as keyof typeof SETTINGS].variable : key),
    problems,
  )
}

function checked(given: object, nameOf: (key: string) => string, found: readonly string[] = []): ProxyConfig {
  const parsed = optionsSchema.safeParse(given)
  const problems = [...found, ...(parsed.error?.issues ?? []).map((issue) => problemOf(issue, nameOf))]
  const config = parsed.data as ProxyConfig | undefined
  if (config !== undefined) problems.push(...contradictions(config, nameOf))
  if (config === undefined || problems.length > 0)
    throw new MailstormError(
      'PROXY_CONFIG',
      `Failed to configure the proxy: ${[...new Set(problems)].join('; ')}.`,
    )
  return Object.freeze(config)
}

function problemOf(issue: z.core.$ZodIssue, nameOf: (key: string) => string): string {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.join(', ')} is not known; allowed are ${keys.join(', ')}`
  const key = String(issue.path[0])
  return `${nameOf(key)} has to be ${key in SETTINGS ? SETTINGS[key as keyof typeof SETTINGS].allowed : issue.message}`
}

function contradictions(config: ProxyConfig, nameOf: (key: string) => string): string[] {
  if (config.apiToken !== undefined || isLoopback(config.host)) return []
  return [
    `${nameOf('apiToken')} has to be set when ${nameOf('host')} is not a loopback address, but ${config.host}`,
  ]
}
