import { z } from 'zod'
import { MailstormError } from '../error.ts'
import { PRESSURE_FIGURES } from '../figures/pressure.ts'
import { parseThresholdOn, type Threshold, withEveryRuns } from '../figures/threshold.ts'
import type { Options } from '../options/options.ts'
import type { RecipientPlan } from '../programs/faults/recipient-front.ts'
import { proxyConfigFromEnvironment } from '../programs/proxy/options.ts'
import { problemOf, type TenantOptions, tenantProblems } from '../programs/tenants/options.ts'
import type { ProfileName } from '../programs/tenants/profile.ts'
import type { FailoverPlan } from './scene/failover.ts'

/** A tenant of a pressure scenario: a profile, and how this tenant differs from it. */
export interface TenantSpec
  extends Pick<
    TenantOptions,
    | 'profile'
    | 'messagesPerSync'
    | 'recipientsPerMessage'
    | 'attachmentShare'
    | 'cachedShare'
    | 'largeShare'
    | 'dndShare'
    | 'dndSeconds'
    | 'maxMessages'
    | 'maxAttachmentBytes'
    | 'responseDelayMs'
    | 'reofferAfterMs'
    | 'attachmentFault'
  > {
  /** Name after `tenant-`. Default: the profile. */
  readonly name?: string
  /** Number of such tenants; their names are numbered. Default: 1. */
  readonly count?: number
  /** Most messages a minute that the proxy may send for the tenant's account. Default: no limit. */
  readonly limitPerMinute?: number
  /** What the proxy does with messages over that limit. Default: `defer`. */
  readonly limitBehavior?: 'defer' | 'reject'
}

/** A pressure scenario. Optional fields have defaults. */
export interface PressureSpec {
  /** How long tenants hand over messages, in seconds; PRESSURE_DURATION overrides it. */
  readonly durationSeconds: number
  /** Tenants, by profile or in detail. */
  readonly tenants: readonly (ProfileName | TenantSpec)[]
  /**
   * What must hold, in k6's syntax: times in ms, shares from 0 to 1. `lost==0`, `duplicated==0`,
   * `corrupted==0`, `unreported==0` and `disturbances==0` are added unless a threshold names that metric.
   */
  readonly thresholds: readonly string[]
  /** Number of proxies as processes on one database. Default: a single one inside the test process. */
  readonly proxies?: number
  /** GMP_* settings of the proxies; the environment's override them. */
  readonly proxy?: Readonly<Record<`GMP_${string}`, string>>
  /**
   * How messages reach the proxy: in the response to its sync call, or pushed by add-messages. Default:
   * `response`, or `push` for a genro-mail-proxy named by PROXY_URL.
   */
  readonly intake?: 'response' | 'push'
  /** Slows the link from the proxies to the sink for a while. */
  readonly slowSink?: SlowSpan
  /**
   * A server in front of the sink that refuses some recipients. Rate limits are then checked against its MAIL
   * commands.
   */
  readonly refusing?: RecipientPlan
  /** The database drops its connections, then refuses writes for a while. */
  readonly failover?: FailoverPlan
  /**
   * Why external proxies (PROXY_URL) are left out of this scenario, as printed: "too many tenants for one proxy".
   */
  readonly onlyOurs?: string
  /** After the hand-over, the run stops waiting when nothing has moved for this many seconds. Default: 15. */
  readonly quietSeconds?: number
  /** Longest wait after the hand-over, in seconds, whether or not something moves. Default: 180. */
  readonly drainSeconds?: number
}

/** A time during which the link to the sink is slow. */
export interface SlowSpan {
  /** Start, in seconds after the first sync call. */
  readonly fromSecond: number
  /** End, in seconds after the first sync call. */
  readonly untilSecond: number
  /** Bandwidth of the link, in bytes per second. */
  readonly bytesPerSecond: number
}

/** A spec with every default filled in. */
export interface PressureWorkload {
  readonly durationSeconds: number
  readonly tenants: readonly TenantPlan[]
  readonly thresholds: readonly Threshold[]
  readonly instances: number
  readonly inProcess: boolean
  readonly proxySettings: Readonly<Record<string, string>>
  readonly intake: 'response' | 'push'
  /** Whether tenants call run-now because the proxy calls them too rarely. */
  readonly runNow: boolean
  readonly slowSink: SlowSpan | undefined
  readonly refusing: RecipientPlan | undefined
  readonly failover: FailoverPlan | undefined
  readonly quietMs: number
  readonly drainMs: number
}

export interface TenantPlan {
  readonly tenantId: string
  readonly accountId: string
  readonly clientId: string
  readonly options: Omit<TenantSpec, 'name' | 'count' | 'limitPerMinute' | 'limitBehavior'>
  readonly limitPerMinute: number | undefined
  readonly limitBehavior: 'defer' | 'reject'
}

/** What every run must keep: each message once, unchanged and reported, and no call inside a DND window. */
export const VERIFIED = ['lost==0', 'duplicated==0', 'corrupted==0', 'unreported==0', 'disturbances==0']

/** The proxy's settings in genro-mail-proxy's pressure test. */
const DEFAULT_SETTINGS = {
  GMP_SEND_LOOP_INTERVAL: '1',
  GMP_BATCH_SIZE_PER_ACCOUNT: '50',
  GMP_POOL_SIZE: '20',
  GMP_SYNC_INTERVAL: '5',
} as const
/** We set where a proxy listens and its database. */
const OURS = new Set(['GMP_DB_PATH', 'GMP_API_TOKEN', 'GMP_HOST', 'GMP_PORT'])

/** A day, as for PRESSURE_DURATION. */
const MOST_SECONDS = 86_400
/** As for PROXY_INSTANCES. */
const MOST_PROXIES = 32
const MOST_TENANTS = 1_000

const QUIET_SECONDS = 15
const DRAIN_SECONDS = 180

function thresholdOf(text: string): Threshold {
  return parseThresholdOn(text, PRESSURE_FIGURES)
}

const second = z.number().min(0).max(MOST_SECONDS)
const length = z.number().positive().max(MOST_SECONDS)
const name = z.string().regex(/^[\w.-]{1,100}$/, 'letters, digits, dots, hyphens and underscores')

/** What is allowed in a spec; the tenants are checked one by one. */
const FIELDS = {
  durationSeconds: length,
  tenants: z.array(z.unknown()).min(1),
  thresholds: z.array(z.string()),
  proxies: z.int().min(1).max(MOST_PROXIES).optional(),
  proxy: z.record(z.string().regex(/^GMP_/, 'names of GMP_* settings'), z.string()).optional(),
  intake: z.enum(['response', 'push']).optional(),
  slowSink: z
    .strictObject({ fromSecond: second, untilSecond: second, bytesPerSecond: z.number().min(1) })
    .refine(({ fromSecond, untilSecond }) => fromSecond < untilSecond, 'ends before it begins')
    .optional(),
  refusing: z
    .strictObject({
      perTransaction: z.int().min(1).optional(),
      odd: z
        .strictObject({ replies: z.array(z.string().regex(/^[45]\d\d/, 'a 4xx or 5xx reply')).min(1) })
        .optional(),
    })
    .optional(),
  failover: z
    .strictObject({
      endings: z.strictObject({
        fromSecond: second,
        everySeconds: length,
        times: z.int().min(0).max(10_000),
      }),
      readOnly: z
        .strictObject({ fromSecond: second, untilSecond: second })
        .refine(({ fromSecond, untilSecond }) => fromSecond < untilSecond, 'ends before it begins'),
    })
    .optional(),
  onlyOurs: z.string().optional(),
  quietSeconds: length.optional(),
  drainSeconds: length.optional(),
} satisfies Record<keyof PressureSpec, z.ZodType>

const TENANT_FIELDS = {
  name: name.optional(),
  count: z.int().min(1).max(MOST_TENANTS).optional(),
  limitPerMinute: z.int().min(1).optional(),
  limitBehavior: z.enum(['defer', 'reject']).optional(),
} satisfies Record<keyof Omit<TenantSpec, keyof TenantOptions>, z.ZodType>

/** Everything that is wrong with a spec, whatever its types say: suites may be JavaScript. */
function problemsOf(spec: PressureSpec): string[] {
  const { error } = z.strictObject(FIELDS).safeParse(spec, { reportInput: true })
  const tenants: readonly unknown[] = Array.isArray(spec.tenants) ? spec.tenants : []
  return [
    ...(error?.issues ?? []).map((issue) => problemOf(issue)),
    ...tenants.flatMap((tenant, index) => problemsOfTenant(tenant, ['tenants', index])),
  ]
}

function problemsOfTenant(given: unknown, at: readonly PropertyKey[]): string[] {
  if (typeof given !== 'object' || given === null) return tenantProblems({ profile: given }, at)
  const entries = Object.entries(given)
  const isOurs = ([key]: [string, unknown]) => Object.hasOwn(TENANT_FIELDS, key)
  const { error } = z
    .strictObject(TENANT_FIELDS)
    .safeParse(Object.fromEntries(entries.filter(isOurs)), { reportInput: true })
  const options = Object.fromEntries(entries.filter((entry) => !isOurs(entry)))
  return [...(error?.issues ?? []).map((issue) => problemOf(issue, at)), ...tenantProblems(options, at)]
}

function refuseBad(spec: PressureSpec): void {
  const problems = problemsOf(spec)
  if (problems.length === 0) return
  throw new MailstormError('BAD_SCENARIO', ['Failed to read the scenario:', ...problems].join('\n  '))
}

/** Throws a MailstormError that lists everything that is wrong when the spec cannot be run. */
export function resolvePressure(
  spec: PressureSpec,
  { pressure, tenants }: Pick<Options, 'pressure' | 'tenants'>,
  env: NodeJS.ProcessEnv,
): PressureWorkload {
  refuseBad(spec)
  const durationSeconds = pressure.durationSeconds ?? spec.durationSeconds
  const hasLess = durationSeconds < spec.durationSeconds || tenants.messagesPerSync !== undefined
  const instances = pressure.external?.urls.length ?? pressure.instances ?? spec.proxies ?? 1
  // Fairness compares tenants with at least 20 messages, which a shorter run may not reach.
  const own = spec.thresholds
    .map(thresholdOf)
    .map(
      (threshold): Threshold =>
        hasLess && threshold.metric === 'fairness' ? { ...threshold, unasked: true } : threshold,
    )
  return {
    durationSeconds,
    tenants: spec.tenants.flatMap((tenant) => tenantPlans(tenant, tenants)),
    thresholds: withEveryRuns(own, VERIFIED, PRESSURE_FIGURES),
    instances,
    inProcess: (pressure.instances ?? spec.proxies) === undefined,
    proxySettings: settingsOf(spec, env),
    intake:
      pressure.intake ?? (pressure.external?.dialect === 'genro' ? 'push' : (spec.intake ?? 'response')),
    runNow: pressure.external?.runNow ?? true,
    slowSink: spec.slowSink,
    refusing: spec.refusing,
    failover: spec.failover,
    quietMs: (spec.quietSeconds ?? QUIET_SECONDS) * 1000,
    drainMs: (spec.drainSeconds ?? DRAIN_SECONDS) * 1000,
  }
}

function tenantPlans(given: ProfileName | TenantSpec, overrides: Options['tenants']): TenantPlan[] {
  const spec = typeof given === 'string' ? { profile: given } : given
  const { name, count = 1, limitPerMinute, limitBehavior = 'defer', ...options } = spec
  return Array.from({ length: count }, (_, index) => {
    const label = `${name ?? spec.profile}${count === 1 ? '' : `-${index + 1}`}`
    return {
      tenantId: `tenant-${label}`,
      accountId: `smtp-${label}`,
      clientId: count === 1 ? `${label}-1` : label,
      options: { ...options, ...overrides },
      limitPerMinute,
      limitBehavior,
    }
  })
}

/** The environment overrides the suite; every setting is checked before anything is booted. */
function settingsOf({ proxy }: PressureSpec, env: NodeJS.ProcessEnv): Record<string, string> {
  const given = Object.entries(env).filter(
    (pair): pair is [string, string] => pair[0].startsWith('GMP_') && !OURS.has(pair[0]) && Boolean(pair[1]),
  )
  const settings = { ...DEFAULT_SETTINGS, ...proxy, ...Object.fromEntries(given) }
  proxyConfigFromEnvironment({ ...settings, GMP_DB_PATH: 'postgresql://checked/only' })
  return settings
}

/** Title of a tenant's row: its id, with its account's limit if it has one. */
export function tenantTitle({ tenantId, limitPerMinute, limitBehavior }: TenantPlan): string {
  return limitPerMinute === undefined
    ? tenantId
    : `${tenantId}, at most ${limitPerMinute} a minute, else ${limitBehavior}`
}

/** Counts are kept per tenant id, so no two tenants may share one. */
export function refuseSameTenants(plans: readonly TenantPlan[]): void {
  const ids = plans.map(({ tenantId }) => tenantId)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice === undefined) return
  throw new MailstormError(
    'BAD_SCENARIO',
    `Failed to read the scenario: two of its tenants are named ${twice}.`,
    'Give one of them another name, or replace both by one tenant with a count.',
  )
}
