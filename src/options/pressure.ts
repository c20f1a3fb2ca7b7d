import { LOOPBACK } from '../listening.ts'
import {
  decimal,
  type Kind,
  kind,
  line,
  oneOf,
  onOff,
  preset,
  unset,
  type ValuesOf,
  wholeNumber,
} from './kind.ts'

const PROXY_DIALECTS = ['auto', 'mailstorm', 'genro'] as const
export type ProxyDialect = (typeof PROXY_DIALECTS)[number]

const INTAKES = ['response', 'push'] as const

/** Of proxies that share one database. */
const urlList: Kind<readonly string[]> = kind(
  'http or https URLs, separated by commas',
  'http://127.0.0.1:8000',
  (text) => {
    const urls = text.split(',').map((part) => part.trim().replace(/\/+$/, ''))
    const bad = urls.find((url) => !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    return bad === undefined
      ? { value: Object.freeze(urls) }
      : { wrong: 'has a part that is not an http URL' }
  },
)

/** With a user, and its password if it has one. */
const postgresUrl: Kind<string> = kind(
  'a URL of a PostgreSQL',
  'postgresql://user:password@127.0.0.1:5432/name',
  (text) =>
    /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? '')
      ? { value: text }
      : { wrong: 'is not such a URL' },
)

export const PRESSURE = {
  PRESSURE_DURATION: unset(
    decimal({ min: 1, max: 86_400, unit: 'seconds', example: 60 }),
    "the suite's: 60 in pressure",
    'Seconds during which the tenants hand over messages.',
  ),
  PRESSURE_INTAKE: unset(
    oneOf(INTAKES, 'push'),
    'response; push for genro-mail-proxy, which supports nothing else',
    'How tenants hand over: in the answer to a sync call, or by add-messages.',
  ),
  PROXY_URL: unset(
    urlList,
    'none: our own proxy is booted',
    'Running mail proxies to test, all on one database.',
  ),
  PROXY_TOKEN: unset(line('text', 'secret'), 'none', 'The admin token of the proxies in PROXY_URL.', true),
  PROXY_DATABASE_URL: unset(
    postgresUrl,
    'none: failover is left out',
    'The PostgreSQL of the proxies in PROXY_URL, whose connections failover ends.',
    true,
  ),
  PROXY_DIALECT: preset(
    oneOf(PROXY_DIALECTS, 'genro'),
    'auto',
    'What the proxies in PROXY_URL are: ours, or genro-mail-proxy 0.6.10. auto asks their metrics.',
  ),
  PROXY_HOST: preset(
    line('a host name or an address', '172.17.0.1'),
    LOOPBACK,
    'How the proxies in PROXY_URL reach this machine, where the tenants and the SMTP sink are.',
  ),
  PROXY_RUN_NOW: preset(
    onOff,
    '1',
    'Tenants of a genro-mail-proxy in PROXY_URL call run-now every GMP_SYNC_INTERVAL; 0 leaves the sync to the proxy, which waits 300 s.',
  ),
  PROXY_INSTANCES: unset(
    wholeNumber({ min: 1, max: 32, example: 3 }),
    "the suite's: one, in the test process",
    'Number of our own proxies to boot, each as a process.',
  ),
}

/** What overrides the suite of a pressure run; undefined leaves it as it is. */
export interface PressureOptions {
  readonly durationSeconds: number | undefined
  readonly intake: (typeof INTAKES)[number] | undefined
  /** Undefined: proxies are booted. */
  readonly external: ExternalProxies | undefined
  readonly instances: number | undefined
}

export interface ExternalProxies {
  readonly urls: readonly string[]
  /** The one that they share. */
  readonly databaseUrl: string | undefined
  readonly token: string | undefined
  readonly dialect: ProxyDialect
  /** This machine, as the proxies reach it. */
  readonly host: string
  /** Tenants have themselves called, if the proxy is not ours. */
  readonly runNow: boolean
}

export function pressureOptions(values: ValuesOf<typeof PRESSURE>): PressureOptions {
  const { PROXY_URL: urls, PROXY_TOKEN: token, PROXY_DIALECT: dialect } = values
  const { PROXY_HOST: host, PROXY_RUN_NOW: runNow, PROXY_DATABASE_URL: databaseUrl } = values
  return Object.freeze({
    durationSeconds: values.PRESSURE_DURATION,
    intake: values.PRESSURE_INTAKE,
    external:
      urls === undefined ? undefined : Object.freeze({ urls, databaseUrl, token, dialect, host, runNow }),
    instances: values.PROXY_INSTANCES,
  })
}

const share = decimal({ min: 0, max: 1, example: 0.3 })

/** How simulated tenants behave, under the names of genro-mail-proxy's pressure test; applies to all tenants of a run. */
export const TENANTS = {
  MSG_RATE_PER_SYNC: unset(
    wholeNumber({ min: 0, max: 10_000, example: 5 }),
    "the profile's: 20, 5, 50 or 2",
    'Messages per sync call, on average.',
  ),
  ATTACHMENT_CACHE_HIT_RATE: unset(
    share,
    "the profile's: 0.1, 0.3, 0.5 or 0.2",
    'Share of the attachments that repeat an earlier one.',
  ),
  DND_PROBABILITY: unset(
    share,
    "the profile's: 0.02, 0.05, 0.1 or 0.05",
    'Share of the sync calls that are answered with next_sync_after.',
  ),
  LARGE_ATTACHMENT_RATE: unset(
    share,
    "the profile's: 0.05, 0.1, 0.15 or 0.5",
    'Share of the attachments that have 10 MB or more.',
  ),
}

/** What overrides the profile of every simulated tenant; only what was given. */
export interface TenantOverrides {
  readonly messagesPerSync?: number
  readonly cachedShare?: number
  readonly dndShare?: number
  readonly largeShare?: number
}

export function tenantOverrides(values: ValuesOf<typeof TENANTS>): TenantOverrides {
  const { MSG_RATE_PER_SYNC: messagesPerSync, ATTACHMENT_CACHE_HIT_RATE: cachedShare } = values
  const { DND_PROBABILITY: dndShare, LARGE_ATTACHMENT_RATE: largeShare } = values
  return Object.freeze({
    ...(messagesPerSync !== undefined && { messagesPerSync }),
    ...(cachedShare !== undefined && { cachedShare }),
    ...(dndShare !== undefined && { dndShare }),
    ...(largeShare !== undefined && { largeShare }),
  })
}
