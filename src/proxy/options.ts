import { flag, number, presetText, required, type Setting, text, times, word } from './settings.ts'

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
  host: presetText('GMP_HOST', 'an address to listen on', /^[A-Za-z0-9._:-]{1,255}$/, '127.0.0.1'),
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
  /** Under which name tenants find the reports. The real one sends delivery_report, the seed's clients read reports. */
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
