import { z } from 'zod'
import { isLoopback, LOOPBACK } from '../../listening.ts'
import {
  kilobytes,
  kind,
  listenHost,
  listenPort,
  matching,
  megabytes,
  oneOf,
  seconds,
  trueOrFalse,
  wholeNumber,
} from '../../options/kind.ts'
import {
  checkSettings,
  optional,
  readSettings,
  required,
  type SettingsReading,
  type SettingValues,
  setting,
  settingsError,
  unknownVariables,
} from '../../options/settings.ts'

const postgresUrl = matching(
  /^postgres(ql)?:\/\/\S+$/,
  'a URL such as postgresql://user:password@host:5432/name',
  'postgresql://user:password@host:5432/name',
)
const token = matching(/^[\x21-\x7e]{8,256}$/, 'a token of 8 to 256 printable characters', 'a-long-secret')
const absolutePath = matching(/^\//, 'an absolute path', '/srv/files')
const webUrl = matching(/^https?:\/\/\S+[^/\s]$/, 'a URL without / at its end', 'https://files.example.com')

const MOST_SECONDS = 604_800
const WRONG_TIMES = 'is not a list of times'

/** Times in seconds, separated by commas; parsed to milliseconds. */
const times = kind<readonly number[]>(
  `1 to 20 times of at most ${MOST_SECONDS.toLocaleString('en-US')} seconds, separated by commas`,
  '60,300,900',
  (text) => {
    const parts = text.split(',').map((part) => part.trim())
    const isFine =
      parts.length <= 20 && parts.every((part) => /^\d+(\.\d+)?$/.test(part) && Number(part) <= MOST_SECONDS)
    return isFine ? { value: parts.map((part) => Number(part) * 1000) } : { wrong: WRONG_TIMES }
  },
  z
    .array(
      z
        .number()
        .min(0)
        .max(MOST_SECONDS * 1000),
      WRONG_TIMES,
    )
    .min(1, WRONG_TIMES)
    .max(20, WRONG_TIMES),
)

/**
 * All settings of a proxy. Option names carry their unit; the variables are those of genro-mail-proxy, in s and
 * MB, where it has them or at least documents them.
 */
export const SETTINGS = {
  databaseUrl: required('GMP_DB_PATH', postgresUrl, true),
  /** Connections to PostgreSQL, in addition to the one that listens. */
  databaseConnections: setting('GMP_DB_POOL_SIZE', wholeNumber({ min: 2, max: 100 }), '8'),
  /** The admin's token. Without it the API is open, and listens on loopback only. */
  apiToken: optional('GMP_API_TOKEN', token, true),
  host: setting('GMP_HOST', listenHost, LOOPBACK),
  /** 0: any free port. */
  port: setting('GMP_PORT', listenPort, '8000'),
  logLevel: setting(
    'GMP_LOG_LEVEL',
    oneOf(['debug', 'info', 'warning', 'error', 'silent'], 'warning'),
    'warning',
  ),

  sendLoopIntervalMs: setting('GMP_SEND_LOOP_INTERVAL', seconds({ min: 0.01, max: 3600 }), '1'),
  batchSizePerAccount: setting('GMP_BATCH_SIZE_PER_ACCOUNT', wholeNumber({ min: 1, max: 10_000 }), '50'),
  /** SMTP connections to one server as one user, and simultaneous sends for one account. */
  poolSize: setting('GMP_POOL_SIZE', wholeNumber({ min: 1, max: 1_000 }), '20'),
  /** Simultaneous sends of the whole process. */
  maxInFlight: setting('GMP_MAX_IN_FLIGHT', wholeNumber({ min: 1, max: 10_000 }), '200'),
  sendTimeoutMs: setting('GMP_SEND_TIMEOUT', seconds({ min: 0.1, max: 3600 }), '60'),
  connectTimeoutMs: setting('GMP_CONNECT_TIMEOUT', seconds({ min: 0.1, max: 600 }), '15'),
  smtpTlsVerify: setting('GMP_SMTP_TLS_VERIFY', trueOrFalse, 'true'),
  /** How long a claimed message belongs to this process without being renewed. */
  leaseMs: setting('GMP_LEASE', seconds({ min: 0.5, max: 3600 }), '30'),
  /** Payload bytes that one claim may fetch. */
  claimBytes: setting('GMP_CLAIM_MAX_MB', megabytes({ min: 1, max: 1_024 }), '8'),
  /** Wait before attempt 2, 3, … As in genro-mail-proxy: six attempts in 3 h 21 m. */
  retryDelaysMs: setting('GMP_RETRY_DELAYS', times, '60,300,900,3600,7200'),
  retentionMs: setting(
    'GMP_DELIVERY_REPORT_RETENTION_SECONDS',
    seconds({ min: 1, max: 31_536_000 }),
    '604800',
  ),
  stopTimeoutMs: setting('GMP_STOP_TIMEOUT', seconds({ min: 0.1, max: 600 }), '10'),

  syncIntervalMs: setting('GMP_SYNC_INTERVAL', seconds({ min: 0.05, max: 86_400 }), '5'),
  syncTimeoutMs: setting('GMP_SYNC_TIMEOUT', seconds({ min: 0.05, max: 600 }), '10'),
  syncConcurrency: setting('GMP_SYNC_CONCURRENCY', wholeNumber({ min: 1, max: 1_000 }), '32'),
  /** Consecutive calls to a tenant that has more messages (queued > 0), or for which more reports wait. */
  syncMaxRounds: setting('GMP_SYNC_MAX_ROUNDS', wholeNumber({ min: 1, max: 1_000 }), '20'),
  reportBatch: setting('GMP_REPORT_BATCH', wholeNumber({ min: 1, max: 10_000 }), '1000'),
  /**
   * Key of the reports in a sync call: genro-mail-proxy sends delivery_report, its pressure test's clients read
   * reports.
   */
  reportKey: setting('GMP_REPORT_KEY', oneOf(['both', 'delivery_report', 'reports'], 'both'), 'both'),

  maxBodyBytes: setting('GMP_MAX_BODY_MB', megabytes({ min: 1, max: 1_024 }), '32'),
  maxBatch: setting('GMP_MAX_BATCH', wholeNumber({ min: 1, max: 100_000 }), '1000'),

  attachmentTimeoutMs: setting('GMP_ATTACHMENT_TIMEOUT', seconds({ min: 0.05, max: 3600 }), '30'),
  /** From the start of a shared fetch to its last byte, however steadily it drips. */
  attachmentTotalTimeoutMs: setting(
    'GMP_ATTACHMENT_TOTAL_TIMEOUT',
    seconds({ min: 0.05, max: 86_400 }),
    '300',
  ),
  maxAttachmentBytes: setting('GMP_ATTACHMENT_MAX_MB', megabytes({ min: 1, max: 102_400 }), '100'),
  /** Root of attachments given by path; without it they are refused. */
  filesDir: optional('GMP_FILES_DIR', absolutePath),
  /**
   * Whether tenants may name servers in loopback and private networks: http_url, and URL and SMTP host set with
   * a tenant's own key. Link-local addresses are never connected to.
   */
  httpUrlPrivate: setting('GMP_HTTP_URL_PRIVATE', trueOrFalse, 'false'),
  /**
   * Where attachments that become links are stored (large_file_config); shared by the proxies of a database.
   */
  largeFilesDir: optional('GMP_LARGE_FILES_DIR', absolutePath),
  /** URL of this proxy for recipients of links. */
  publicUrl: optional('GMP_PUBLIC_URL', webUrl),
  cacheMemoryMaxBytes: setting('GMP_CACHE_MEMORY_MAX_MB', megabytes({ min: 0, max: 10_240 }), '50'),
  cacheMemoryTtlMs: setting('GMP_CACHE_MEMORY_TTL_SECONDS', seconds({ min: 0.01, max: 31_536_000 }), '300'),
  /** Undefined: this process's own folder, removed when it ends. */
  cacheDiskDir: optional('GMP_CACHE_DISK_DIR', absolutePath),
  cacheDiskMaxBytes: setting('GMP_CACHE_DISK_MAX_MB', megabytes({ min: 0, max: 1_048_576 }), '500'),
  cacheDiskTtlMs: setting('GMP_CACHE_DISK_TTL_SECONDS', seconds({ min: 0.01, max: 31_536_000 }), '3600'),
  /** Smaller content is kept in memory, larger on disk. */
  cacheDiskThresholdBytes: setting(
    'GMP_CACHE_DISK_THRESHOLD_KB',
    kilobytes({ min: 0, max: 1_048_576 }),
    '100',
  ),
}

/** Frozen, with all defaults filled in. */
export type ProxyConfig = SettingValues<typeof SETTINGS>
export type ProxyOptions = Partial<ProxyConfig> & Pick<ProxyConfig, 'databaseUrl'>

/** Checks options; throws one error that lists every problem. */
export function proxyConfig(options: ProxyOptions): ProxyConfig {
  return checked(checkSettings(SETTINGS, options), (key) => key)
}

/** Reads GMP_* variables; rejects unknown ones, with the list of those allowed. */
export function proxyConfigFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyConfig {
  const { values, problems } = readSettings(SETTINGS, env)
  problems.push(...unknownVariables(SETTINGS, env, /^GMP_/))
  return checked({ values, problems }, (key) => SETTINGS[key].variable)
}

function checked(
  { values: config, problems }: SettingsReading<typeof SETTINGS>,
  nameOf: (key: 'host' | 'apiToken') => string,
): ProxyConfig {
  if (config !== undefined && config.apiToken === undefined && !isLoopback(config.host))
    problems.push(
      `${nameOf('apiToken')} has to be set when ${nameOf('host')} is not a loopback address, but ${config.host}.`,
    )
  if (config === undefined || problems.length > 0)
    throw settingsError('PROXY_CONFIG', 'Failed to configure the proxy', problems)
  return Object.freeze(config)
}
