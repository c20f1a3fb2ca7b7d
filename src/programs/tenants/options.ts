import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { MailstormError } from '../../error.ts'
import type { HandedOver, ReportReceived, SyncRecord } from './books.ts'
import { MIN_CONTENT_BYTES } from './draft.ts'
import { PROFILE_NAMES, PROFILES } from './profile.ts'

/** Time as tenants see it; injected, so that tests control it. */
export interface TenantClock {
  /** Milliseconds since 1970, with a fraction. */
  epochMs(): number
  wait(ms: number): Promise<void>
}

/** Beyond this the wall clock was set or the machine slept; follow the wall clock. */
const DRIFT_MS = 10

let baseMs = performance.timeOrigin

const systemClock: TenantClock = {
  // Finer than Date.now(), and steady unless the wall clock is set.
  epochMs() {
    const steadyMs = performance.now()
    if (Math.abs(Date.now() - baseMs - steadyMs) > DRIFT_MS) baseMs = Date.now() - steadyMs
    return baseMs + steadyMs
  },
  wait: (ms) => delay(ms),
}

/** A fetch of an attachment, once it has ended. */
export interface AttachmentServed {
  readonly tenantId: string
  readonly md5: string
  readonly sizeBytes: number
  /** Less than the size when the client disconnected. */
  readonly servedBytes: number
  readonly startedAtEpochMs: number
  readonly endedAtEpochMs: number
}

/** Called for events of a tenant as they happen; must not throw. */
export interface TenantObserver {
  onHandedOver?(message: HandedOver): void
  onReported?(report: ReportReceived): void
  onSync?(sync: SyncRecord): void
  onAttachment?(served: AttachmentServed): void
}

/**
 * Field names of a message: `classic` as in the published clients of genro-mail-proxy's pressure test, `genro`
 * as genro-mail-proxy 0.6.10 accepts them.
 */
export const DIALECTS = ['classic', 'genro'] as const
export type Dialect = (typeof DIALECTS)[number]

export const SYNC_FAULTS = ['status-500', 'not-json', 'ok-false'] as const
export const ATTACHMENT_FAULTS = ['status-500', 'wrong-bytes', 'cut-short', 'drips', 'silent'] as const

const share = z.number().min(0).max(1)
const count = z.int().min(0)
const name = z.string().regex(/^[\w.-]{1,200}$/, 'letters, digits, dots, hyphens and underscores')
const secret = z.string().regex(/^[\x21-\x7e]{1,256}$/, 'printable ASCII without spaces')
const httpUrl = z.string().regex(/^https?:\/\/[^/\s]+[^\s]*$/, 'an http or https URL')

const auth = z.discriminatedUnion('method', [
  z.strictObject({ method: z.literal('none') }),
  z.strictObject({ method: z.literal('bearer'), token: secret }),
  z.strictObject({ method: z.literal('basic'), user: secret, password: secret }),
])
export type TenantAuth = z.output<typeof auth>

/** How messages reach the proxy: in the answer to its sync call, or by a call of ours before that answer. */
const intake = z.discriminatedUnion('style', [
  z.strictObject({ style: z.literal('response') }),
  z.strictObject({
    style: z.literal('push'),
    /** Proxies on one database, called in turn. */
    proxyUrls: z.array(httpUrl).min(1).readonly(),
    token: secret.optional(),
    timeoutMs: z.number().positive().default(30_000),
  }),
])
export type Intake = z.output<typeof intake>

const schema = z.strictObject({
  /** Its behaviour; the fields below change single figures of it. */
  profile: z.enum(PROFILE_NAMES),
  tenantId: name.optional(),
  clientId: name.optional(),
  accountId: name.optional(),
  seed: count.max(2 ** 32 - 1).default(1),
  /**
   * Part of every id and content, so that a proxy that remembers an earlier run does not know them. Changes
   * nothing else.
   */
  runId: z
    .string()
    .regex(/^[\w.-]{0,64}$/, 'letters, digits, dots, hyphens and underscores')
    .default(''),
  intake: intake.prefault({ style: 'response' }),
  dialect: z.enum(DIALECTS).default('classic'),
  /** Messages per sync call, on average. Default: the profile's. */
  messagesPerSync: count.max(10_000).optional(),
  /** Recipients of each message, 1 to 1,000. Default: 1. */
  recipientsPerMessage: z.int().min(1).max(1_000).default(1),
  /** Share of messages with an attachment, 0 to 1. Default: the profile's. */
  attachmentShare: share.optional(),
  /** Share of attachments that repeat an earlier one, 0 to 1. Default: the profile's. */
  cachedShare: share.optional(),
  /** Share of attachments of 10 MB or more, 0 to 1. Default: the profile's. */
  largeShare: share.optional(),
  /** Share of sync calls answered with `next_sync_after`, 0 to 1. Default: the profile's. */
  dndShare: share.optional(),
  /** Length of a do-not-disturb period. Default: 30 to 300 s. */
  dndSeconds: z
    .strictObject({
      /** Shortest, in whole seconds. */
      min: count.max(86_400),
      /** Longest, in whole seconds. */
      max: count.max(86_400),
    })
    .refine(({ min, max }) => min <= max, 'min is more than max')
    .default({ min: 30, max: 300 }),
  /** Larger attachments are cut to this many bytes. Default: none is cut. */
  maxAttachmentBytes: z.int().min(MIN_CONTENT_BYTES).optional(),
  /**
   * The account for messages with an attachment of at least this size, on an SMTP server that can take them.
   */
  largeAccount: z.strictObject({ id: name, fromBytes: z.int().min(1) }).optional(),
  /** Messages in all. Default: no limit. */
  maxMessages: count.optional(),
  /** Delay before each answer to a sync call, in ms. Default: 0. */
  responseDelayMs: z.number().min(0).default(0),
  syncFault: z.strictObject({ kind: z.enum(SYNC_FAULTS), share }).optional(),
  /** What goes wrong when attachments are fetched. Default: nothing. */
  attachmentFault: z
    .strictObject({
      /** An error, wrong or missing bytes, or an answer that never ends (`drips` slowly, or stays `silent`). */
      kind: z.enum(ATTACHMENT_FAULTS),
      /** Share of the fetches, 0 to 1. */
      share,
    })
    .optional(),
  /** A message without any report after this many ms is offered again under the same id. Default: never. */
  reofferAfterMs: z.number().positive().optional(),
  auth: auth.default({ method: 'none' }),
  clock: z.custom<TenantClock>().default(systemClock),
  observer: z.custom<TenantObserver>().default({}),
})

export type TenantOptions = z.input<typeof schema>
type Given = z.output<typeof schema>
type Optional =
  | 'maxAttachmentBytes'
  | 'largeAccount'
  | 'maxMessages'
  | 'syncFault'
  | 'attachmentFault'
  | 'reofferAfterMs'
/** All defaults filled in; only optional values may be missing. */
export type TenantConfig = {
  readonly [K in Exclude<keyof Given, Optional>]-?: NonNullable<Given[K]>
} & Readonly<Pick<Given, Optional>>

/** Everything that is wrong with options, without creating a tenant; `at` precedes the names of its fields. */
export function tenantProblems(options: unknown, at: readonly PropertyKey[] = []): string[] {
  const { error } = schema.safeParse(options, { reportInput: true })
  return (error?.issues ?? []).map((issue) => problemOf(issue, at))
}

/** Checks options; throws one error that lists every problem. */
export function tenantConfig(options: TenantOptions): TenantConfig {
  const problems = tenantProblems(options)
  if (problems.length > 0) throw badOptions(problems)
  const { profile, ...given } = schema.parse(options)
  const behaviour = PROFILES[profile]
  return Object.freeze({
    ...given,
    profile,
    tenantId: given.tenantId ?? `tenant-${profile}`,
    clientId: given.clientId ?? `${profile}-1`,
    accountId: given.accountId ?? `smtp-${profile}`,
    messagesPerSync: given.messagesPerSync ?? behaviour.messagesPerSync,
    attachmentShare: given.attachmentShare ?? behaviour.attachmentShare,
    cachedShare: given.cachedShare ?? behaviour.cachedShare,
    largeShare: given.largeShare ?? behaviour.largeShare,
    dndShare: given.dndShare ?? behaviour.dndShare,
  })
}

const SECRETS: ReadonlySet<unknown> = new Set(['token', 'password'])
const NOT_SHOWN = 'not shown'

/** What is wrong with one field, and what was given, without secrets; `at` precedes the field's name. */
export function problemOf(
  { path, message, input }: z.core.$ZodIssue,
  at: readonly PropertyKey[] = [],
): string {
  const name = [...at, ...path].map(String).join('.')
  if (path.length === 0) return name === '' ? message : `${name}: ${message}`
  const isSecret = path.some((part) => part === 'auth' || SECRETS.has(part))
  // A whole object is given when its shape is wrong, with every secret in it.
  const given = JSON.stringify(input, (key, value) => (SECRETS.has(key) ? NOT_SHOWN : value))
  return `${name}: ${message} (given: ${isSecret ? NOT_SHOWN : given})`
}

function badOptions(problems: readonly string[]): MailstormError {
  return new MailstormError(
    'TENANT_OPTIONS',
    `Failed to create a tenant: ${problems.join('; ')}.`,
    `Profiles are ${PROFILE_NAMES.join(', ')}; shares go from 0 to 1.`,
  )
}
