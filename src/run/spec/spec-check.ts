import type { Stage } from '../../engine/executors/ramp.ts'
import { EXECUTORS, executorOf, type LoadSpec } from '../../engine/executors/registry.ts'
import { MailstormError } from '../../error.ts'
import { VARIABLES } from '../../options/environment.ts'
import {
  decimal,
  type Kind,
  line,
  MIN_MESSAGE_BYTES,
  oneOf,
  type Variable,
  wholeNumber,
} from '../../options/kind.ts'
import { FIELD_OF, FIELD_VARIABLES } from '../../options/load.ts'
import { publicProblem } from '../../options/mail.ts'
import { AUTH_MECHANISMS, type Credentials } from '../../smtp/target.ts'
import { cutText } from '../../text/foreign-text.ts'
import { type FieldsOf, unknownField, unknownFields } from '../../text/nearest.ts'
import { type ClientSpec, clientProblems } from './client-identity.ts'

type Allowed = Pick<Variable, 'allowed' | 'wrongWith'>

/** A field allows what its variable allows. */
const OF_VARIABLES: Readonly<Record<string, Allowed>> = Object.fromEntries(
  FIELD_VARIABLES.flatMap((variable): [string, Allowed][] => {
    const known = VARIABLES.find(({ name }) => name === variable)
    return known === undefined ? [] : [[FIELD_OF[variable], known]]
  }),
)

const NO_VARIABLE = {
  maxDurationSeconds: allowedBy(decimal({ min: 0.1, max: 1_000_000, unit: 'seconds' })),
  drainSeconds: allowedBy(decimal({ min: 0, max: 86_400, unit: 'seconds' })),
  servers: allowedBy(wholeNumber({ min: 1, max: 256 })),
} as const satisfies Readonly<Record<string, Allowed>>

/** The name of a size is fine in a suite, but not its text with a unit. */
const SIZE = `small, medium, large, xlarge, or a number of bytes from ${MIN_MESSAGE_BYTES} to 1,073,741,824; or a distribution, as 1KB..100KB, lognormal(12KB,1.5) or small:40,50MB:5`

/** Checked with the load itself (registry.ts), as threshold expressions, or with the metrics that they record. */
const ELSEWHERE = ['executor', 'workers', 'thresholds', 'metrics', 'hooks']
const FIELDS: Readonly<Record<string, Allowed | undefined>> = {
  ...OF_VARIABLES,
  ...NO_VARIABLE,
  ...(OF_VARIABLES.size === undefined ? {} : { size: { ...OF_VARIABLES.size, allowed: SIZE } }),
  auth: undefined,
  ...Object.fromEntries(ELSEWHERE.map((name) => [name, undefined])),
}

const CREDENTIALS: Readonly<Record<string, Allowed>> = {
  user: allowedBy(line('text of one line', 'user')),
  pass: allowedBy(line('text of one line', 'secret')),
  tokenFile: allowedBy(line('a path', 'token')),
  tokenCommand: allowedBy(line('a command of the shell', 'print-token')),
  mechanism: allowedBy(oneOf(AUTH_MECHANISMS, 'LOGIN')),
}

export const CREDENTIAL_FIELDS = {
  user: true,
  pass: true,
  tokenFile: true,
  tokenCommand: true,
  mechanism: true,
} as const satisfies FieldsOf<Credentials>
const STAGE_FIELDS = { durationSeconds: true, target: true } as const satisfies FieldsOf<Stage>

function allowedBy<T>({ allowed, value: schema }: Kind<T>): Allowed {
  return { allowed, wrongWith: (value) => schema.safeParse(value).error?.issues[0]?.message }
}

/** What is looked at by name of a scenario's spec (spec.ts). */
type Spec = LoadSpec &
  ClientSpec & {
    readonly workers: number
    readonly maxSessions?: number
    readonly thresholds: readonly string[]
    readonly size?: unknown
    readonly corpus?: string
    readonly auth?: Credentials
    readonly accounts?: string
    readonly pipelining?: string
    readonly thinkTimeSeconds?: unknown
    readonly breakOff?: unknown
    readonly sender?: string
    readonly recipient?: string
  }

/**
 * Throws one MailstormError with every field that makes no sense, before anything is booted or dialled. `beside`: fields
 * that stand beside those of the spec, and may be what a misspelt one is meant to be.
 */
export function checkSpec(spec: Spec, allowPublic: boolean, beside: readonly string[] = []): void {
  const problems = Object.entries(spec).flatMap(([name, value]) =>
    value === undefined ? [] : (problemWith(name, value, { spec, beside }) ?? []),
  )
  if (!Array.isArray(spec.thresholds)) problems.push('thresholds is not a list: thresholds: [] for none.')
  if (spec.thinkTimeSeconds !== undefined && ['transactions', 'chunks'].includes(spec.pipelining ?? ''))
    problems.push(
      `thinkTimeSeconds has a client send one command at a time, and pipelining ${spec.pipelining} sends many at once: leave one of them out.`,
    )
  if (spec.breakOff !== undefined && spec.pipelining === 'chunks')
    problems.push(
      'breakOff does not go with pipelining chunks, where a client has several messages on their way.',
    )
  if (spec.auth !== undefined && spec.accounts !== undefined)
    problems.push('auth and accounts both say who logs in: leave one of them out.')
  problems.push(
    ...authProblems(spec.auth),
    ...clientProblems(spec, allowPublic),
    ...(allowPublic ? [] : publicProblems(spec)),
  )
  const { workers, maxSessions } = spec
  if (executorOf(spec).model === 'open' && maxSessions !== undefined && maxSessions < workers)
    problems.push(
      `maxSessions ${maxSessions} is less than its ${workers} workers, and each has a session: raise it, or take fewer workers.`,
    )
  if (spec.corpus !== undefined && spec.size !== undefined)
    problems.push(
      'size changes nothing with a corpus, whose messages have sizes of their own. Leave one of them out.',
    )
  refuse(problems)
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new MailstormError('BAD_SCENARIO', ['Failed to read the scenario:', ...problems].join('\n  '))
}

const SEARCH = {
  startRate: allowedBy(decimal({ min: 0.01, max: 100_000, unit: 'messages per second' })),
  maxRate: allowedBy(decimal({ min: 0.01, max: 100_000, unit: 'messages per second' })),
  resolution: allowedBy(decimal({ min: 0.001, max: 0.5 })),
  seconds: allowedBy(decimal({ min: 0.1, max: 86_400, unit: 'seconds' })),
} as const satisfies Readonly<Record<string, Allowed>>

/** The same for what a search for the highest rate has besides the load at each rate. */
export function checkSearch(search: { readonly [F in keyof typeof SEARCH]: number }): void {
  const problems = Object.entries(SEARCH).flatMap(
    ([name, field]) => wrongIn(name, search[name as keyof typeof SEARCH], field) ?? [],
  )
  if (search.maxRate < search.startRate)
    problems.push(
      `maxRate ${search.maxRate} is below startRate ${search.startRate}, where the search begins.`,
    )
  refuse(problems)
}

interface Around {
  readonly spec: Spec
  readonly beside: readonly string[]
}

function problemWith(name: string, value: unknown, around: Around): string | undefined {
  if (!Object.hasOwn(FIELDS, name)) return unknownProblem(name, value, around)
  const field = FIELDS[name]
  return field === undefined ? undefined : wrongIn(name, value, field)
}

function wrongIn(name: string, value: unknown, { allowed, wrongWith }: Allowed): string | undefined {
  const why = wrongWith(value)
  // A password is never shown.
  const given = name === 'auth.pass' ? '(not shown)' : shown(value)
  return why === undefined ? undefined : `${name} ${given} ${why}. Allowed: ${allowed}.`
}

const SHOWN_CHARACTERS = 120

/** JSON has neither NaN nor Infinity. */
function shown(value: unknown): string {
  return cutText(typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? ''), SHOWN_CHARACTERS)
}

/** A field of another executor changes nothing; any other name is no field at all. */
function unknownProblem(name: string, value: unknown, { spec, beside }: Around): string | undefined {
  const own = executorOf(spec)
  const fieldsOf = ({ takes, levels }: typeof own) => [...Object.values(takes), levels?.startField]
  if (fieldsOf(own).includes(name)) return amountProblem(name, value)
  const theirs = EXECUTORS.flatMap(fieldsOf).filter((field) => field !== undefined)
  if (theirs.includes(name))
    return `${name} changes nothing with ${own.name}, which ${own.goesBy.suite}. Leave it out, or choose another executor.`
  if (own.alsoTakes?.includes(name) === true) return undefined
  return unknownField(name, [
    ...new Set([
      ...Object.values(own.takes),
      ...(own.alsoTakes ?? []),
      ...Object.keys(FIELDS),
      ...theirs,
      ...beside,
    ]),
  ])
}

/** What only the type of a value tells; its size is for the executor to judge (registry.ts). */
function amountProblem(name: string, value: unknown): string | undefined {
  if (name === 'stages') return Array.isArray(value) ? stageProblem(value) : 'stages is not a list.'
  return Number.isFinite(value) ? undefined : `${name} ${shown(value)} is not a number.`
}

/** Their numbers are for the executor to judge. */
function stageProblem(stages: readonly unknown[]): string | undefined {
  return stages
    .flatMap((stage, index) => {
      if (typeof stage !== 'object' || stage === null)
        return [`stages[${index}] ${shown(stage)} is not an object.`]
      return unknownFields(stage, STAGE_FIELDS, `stages[${index}].`)
    })
    .at(0)
}

function authProblems(auth: Spec['auth']): string[] {
  if (auth === undefined) return []
  const given: Readonly<Record<string, unknown>> = { ...auth }
  const secrets = SECRETS.filter((name) => given[name] !== undefined)
  const problems = Object.entries(CREDENTIALS).flatMap(([name, field]) => {
    if (given[name] === undefined) return name === 'user' ? ['auth.user is missing.'] : []
    return wrongIn(`auth.${name}`, given[name], field) ?? []
  })
  problems.push(...unknownFields({ auth }, { auth: CREDENTIAL_FIELDS }))
  if (secrets.length === 0) problems.push('auth.pass is missing, and so are tokenFile and tokenCommand.')
  if (secrets.length > 1) problems.push(`auth has ${secrets.join(' and ')}: one of them is enough.`)
  return problems
}

const SECRETS = ['pass', 'tokenFile', 'tokenCommand'] as const

/** Real people get what a public server is sent for them, even where the server itself may be tested. */
function publicProblems({ sender, recipient }: Spec): string[] {
  return Object.entries({ sender, recipient }).flatMap(([name, address]) => {
    if (address === undefined || wrongInAddress(name, address)) return []
    return publicProblem(`${name} ${JSON.stringify(address)}`, address) ?? []
  })
}

function wrongInAddress(name: string, address: string): boolean {
  return OF_VARIABLES[name]?.wrongWith(address) !== undefined
}
