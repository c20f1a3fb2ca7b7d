import { z } from 'zod'
import { checkHost } from '../attachments/reach.ts'
import { oneMailbox } from '../intake/mailbox.ts'
import type { ProxyConfig } from '../options.ts'
import { type Account, LIMIT_BEHAVIORS, type TlsKind } from '../store/accounts.ts'
import {
  AUTH_METHODS,
  LARGE_FILE_ACTIONS,
  type LargeFilePolicy,
  type TenantSettings,
} from '../store/tenants.ts'
import { Refusal } from './server.ts'

/** Checks a body; the refusal lists everything that is wrong with it. */
export function checked<T>(
  schema: z.ZodType<T>,
  given: unknown,
  where: 'body' | 'query' | 'path' = 'body',
): T {
  const parsed = schema.safeParse(given ?? {})
  if (parsed.success) return parsed.data
  throw new Refusal(
    422,
    parsed.error.issues.map(({ path, message }) => ({ loc: [where, ...path.map(String)], msg: message })),
  )
}

const line = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters or lone surrogates')
export const id = line(255).min(1)
const token = z
  .string()
  .max(4_096)
  .regex(/^[\x20-\x7e]*$/, 'has to be printable ASCII')
/** For SASL, which uses UTF-8 (RFC 4422 3.4, RFC 4616 2). */
const smtpCredential = line(4_096)
const path = z
  .string()
  .max(2_048)
  .regex(/^\/[\x21-\x7e]*$/, 'has to be a path such as /sync')
const host = z
  .string()
  .max(253)
  .regex(/^[A-Za-z0-9_.:[\]-]+$/, 'has to be a host name or an address')
  .refine((given) => isReachable(given), 'is an address that may not be reached')

/** Refuses private addresses set by a tenant itself; names are checked when they are used. */
export function refusePrivate(host: string | undefined, field: string): void {
  if (host === undefined || isReachable(host, false)) return
  const msg =
    'is in a private network, which only the admin may name (GMP_HTTP_URL_PRIVATE allows tenants to)'
  throw new Refusal(422, [{ loc: ['body', field], msg }])
}

function isReachable(given: string, allowPrivate = true): boolean {
  try {
    checkHost(given, allowPrivate)
    return true
  } catch {
    return false
  }
}

const baseUrl = line(2_048)
  .refine((given) => /^https?:$/.test(URL.parse(given)?.protocol ?? ''), 'has to be an http or https URL')
  .refine((given) => isReachable(URL.parse(given)?.hostname ?? ''), 'is an address that may not be reached')
  .refine((given) => !hasCredentials(given), 'has credentials in it: they belong in client_auth')
  .transform((given) => given.replace(/\/+$/, ''))

function hasCredentials(given: string): boolean {
  const url = URL.parse(given)
  return url !== null && (url.username !== '' || url.password !== '')
}

const clientAuth = z.object({
  method: z.enum(AUTH_METHODS),
  token: token.nullish(),
  user: token.nullish(),
  password: token.nullish(),
})

/** As in genro-mail-proxy: 0 means no limit. */
const tenantLimit = z.int().min(0).max(1_000_000_000).default(0)
const rateLimits = z.strictObject({ hourly: tenantLimit, daily: tenantLimit })

/** Fields of another version or server that this one does not support: refused, never silently ignored. */
const notBuilt = (why: string) =>
  z.custom<null | undefined | false>((given) => !given, `is not implemented here: ${why}`)

const largeFiles = z.strictObject({
  enabled: z.boolean().default(false),
  max_size_mb: z.number().gt(0).max(102_400).default(10),
  action: z.enum(LARGE_FILE_ACTIONS).default('warn'),
  public_base_url: z.lazy(() => baseUrl).nullish(),
  file_ttl_days: z.int().min(1).max(3_650).default(30),
  storage_url: notBuilt('files are stored in GMP_LARGE_FILES_DIR').optional(),
  lifespan_after_download_days: notBuilt('files are kept for file_ttl_days').optional(),
})

function isAddress(given: string): boolean {
  try {
    return oneMailbox('bounce_return_path', given).address === given
  } catch {
    return false
  }
}

export const instanceChange = z.strictObject({
  name: line(255).nullish(),
  bounce_enabled: z.boolean().nullish(),
  bounce_imap_host: host.nullish(),
  bounce_imap_port: z.int().min(1).max(65_535).nullish(),
  bounce_imap_user: smtpCredential.nullish(),
  bounce_imap_password: smtpCredential.nullish(),
  bounce_imap_folder: line(255).min(1).nullish(),
  bounce_imap_ssl: z.boolean().nullish(),
  bounce_poll_interval: z.int().min(1).max(86_400).nullish(),
  bounce_return_path: line(255).refine(isAddress, 'has to be one mail address').nullish(),
  api_token: notBuilt('the token is GMP_API_TOKEN').optional(),
})

const tenantFields = {
  name: line(255).nullish(),
  active: z.boolean().nullish(),
  client_base_url: baseUrl.nullish(),
  client_sync_path: path.nullish(),
  client_attachment_path: path.nullish(),
  client_auth: clientAuth.nullish(),
  rate_limits: rateLimits.nullish(),
  large_file_config: largeFiles.nullish(),
}

export const newTenant = z.object({ id, ...tenantFields })
export const tenantChange = z.object(tenantFields)
export type TenantChange = z.output<typeof tenantChange>

/** Applies `given` on top of `before`: null clears, absent fields stay. `fenced`: set by the tenant itself. */
export function settingsOf(
  given: TenantChange,
  fenced: boolean,
  before: TenantSettings = NO_SETTINGS,
): TenantSettings {
  const { client } = before
  const auth = given.client_auth
  return {
    name: over(given.name, before.name),
    active: given.active ?? before.active,
    client: {
      baseUrl: over(given.client_base_url, client.baseUrl),
      syncPath: over(given.client_sync_path, client.syncPath),
      attachmentPath: over(given.client_attachment_path, client.attachmentPath),
      auth: over(auth === undefined || auth === null ? auth : withoutNulls(auth), client.auth),
      fenced: given.client_base_url === undefined ? client.fenced : fenced,
    },
    rateLimits: over(given.rate_limits && rateLimitsOf(given.rate_limits), before.rateLimits) ?? NO_LIMITS,
    largeFiles: over(given.large_file_config && policyOf(given.large_file_config), before.largeFiles),
  }
}

const NO_LIMITS = { perHour: null, perDay: null }

const NO_SETTINGS: TenantSettings = {
  rateLimits: NO_LIMITS,
  largeFiles: null,
  name: null,
  active: true,
  client: { baseUrl: null, syncPath: null, attachmentPath: null, auth: null, fenced: false },
}

function rateLimitsOf({ hourly, daily }: z.output<typeof rateLimits>): TenantSettings['rateLimits'] {
  return { perHour: limitOf(hourly), perDay: limitOf(daily) }
}

function policyOf(given: z.output<typeof largeFiles>): LargeFilePolicy | null {
  if (!given.enabled) return null
  return {
    maxBytes: Math.round(given.max_size_mb * 1024 ** 2),
    action: given.action,
    publicBaseUrl: given.public_base_url ?? null,
    ttlDays: given.file_ttl_days,
  }
}

/** Refuses to turn attachments into links when there is no place for the files, or no address for the links. */
export function refuseUnstored(
  { large_file_config: given }: TenantChange,
  { largeFilesDir, publicUrl }: Pick<ProxyConfig, 'largeFilesDir' | 'publicUrl'>,
): void {
  if (!given?.enabled || given.action !== 'rewrite') return
  const refuse = (msg: string) => {
    throw new Refusal(422, [{ loc: ['body', 'large_file_config'], msg }])
  }
  if (largeFilesDir === undefined)
    refuse('cannot rewrite: the proxy has no GMP_LARGE_FILES_DIR to store files in')
  if (!given.public_base_url && publicUrl === undefined)
    refuse('cannot rewrite: links need public_base_url, or GMP_PUBLIC_URL of the proxy')
}

function over<T>(given: T | undefined, before: T): T {
  return given === undefined ? before : given
}

function withoutNulls({ method, token, user, password }: z.output<typeof clientAuth>) {
  return { method, token: token ?? undefined, user: user ?? undefined, password: password ?? undefined }
}

const limit = z.int().max(1_000_000_000).nullish()

/** Accepts the field names of genro-mail-proxy's pressure test as aliases; unknown keys are ignored. */
export const newAccount = z.preprocess(
  (given) => {
    if (typeof given !== 'object' || given === null) return given
    const { smtp_host, smtp_port, smtp_user, smtp_username, smtp_password, ...rest } = given as Record<
      string,
      unknown
    >
    return {
      host: smtp_host,
      port: smtp_port,
      user: smtp_user ?? smtp_username,
      password: smtp_password,
      ...rest,
    }
  },
  z.object({
    id,
    tenant_id: id.optional(),
    host,
    port: z.int().min(1).max(65_535),
    user: smtpCredential.nullish(),
    password: smtpCredential.nullish(),
    use_tls: z.boolean().nullish(),
    use_ssl: z.boolean().nullish(),
    batch_size: z.int().min(1).max(10_000).nullish(),
    limit_per_minute: limit,
    limit_per_hour: limit,
    limit_per_day: limit,
    limit_behavior: z.enum(LIMIT_BEHAVIORS).nullish(),
    is_pec_account: notBuilt('receipts of certified mail').optional(),
    ...Object.fromEntries(
      ['imap_host', 'imap_port', 'imap_user', 'imap_password'].map((name) => [
        name,
        notBuilt('bounces come from the mailbox of the instance, see PUT /instance').optional(),
      ]),
    ),
  }),
)

/** `fenced`: set by the tenant itself. */
export function accountOf(given: z.output<typeof newAccount>, tenantId: string, fenced: boolean): Account {
  return {
    tenantId,
    id: given.id,
    server: {
      host: given.host,
      port: given.port,
      user: given.user || null,
      password: given.password ?? null,
      tls: tlsOf(given),
      fenced,
    },
    batchSize: given.batch_size ?? null,
    limits: {
      perMinute: limitOf(given.limit_per_minute),
      perHour: limitOf(given.limit_per_hour),
      perDay: limitOf(given.limit_per_day),
    },
    limitBehavior: given.limit_behavior ?? 'defer',
  }
}

/**
 * As in genro-mail-proxy: by default TLS only on port 465. That port uses implicit TLS (RFC 8314 3.3), others
 * STARTTLS.
 */
function tlsOf({ port, use_tls, use_ssl }: z.output<typeof newAccount>): TlsKind {
  if (use_ssl === true) return 'implicit'
  if (port === 465) return use_tls === false ? 'none' : 'implicit'
  return use_tls === true ? 'starttls' : 'none'
}

function limitOf(given: number | null | undefined): number | null {
  return given === null || given === undefined || given <= 0 ? null : given
}
