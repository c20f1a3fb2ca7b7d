import { MailstormError } from '../error.ts'
import { cutText } from '../text/foreign-text.ts'
import type { Kind } from './kind.ts'

/** One thing that a program can be told: by a variable, or by an option of that kind. */
export interface Setting<T> {
  readonly variable: string
  readonly kind: Kind<Exclude<T, undefined>>
  /** Its text when the variable is unset; undefined = it has to be set, or may be absent. */
  readonly byDefault: string | undefined
  readonly required: boolean
  /** Its value is never printed. */
  readonly secret: boolean
}

/** One that has a value whatever is said. */
export function setting<T>(variable: string, kind: Kind<T>, byDefault: string): Setting<T> {
  return { variable, kind: kind as Setting<T>['kind'], byDefault, required: false, secret: false }
}

/** One that is undefined when nothing is said. */
export function optional<T>(variable: string, kind: Kind<T>, secret = false): Setting<T | undefined> {
  const of = kind as Setting<T | undefined>['kind']
  return { variable, kind: of, byDefault: undefined, required: false, secret }
}

export function required<T>(variable: string, kind: Kind<T>, secret = false): Setting<T> {
  return { variable, kind: kind as Setting<T>['kind'], byDefault: undefined, required: true, secret }
}

export type Settings = Readonly<Record<string, Setting<unknown>>>
export type SettingValues<S extends Settings> = {
  readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never
}

export interface SettingsReading<S extends Settings> {
  /** Undefined when there is a problem. */
  readonly values: SettingValues<S> | undefined
  /** One line each: what was given, what is allowed, what to do. */
  readonly problems: string[]
}

/** Reads the variables of a program. An empty one counts as unset. */
export function readSettings<S extends Settings>(
  settings: S,
  environment: Readonly<Record<string, string | undefined>>,
): SettingsReading<S> {
  return readEach(settings, ({ variable, kind, byDefault, required, secret }) => {
    const given = environment[variable] || undefined
    const text = given ?? byDefault
    if (text === undefined) return required ? `${variable} is not set. Allowed: ${kind.allowed}.` : undefined
    const parsed = kind.schema.safeParse(text)
    if (parsed.success) return parsed
    return problemOf(variable, given, {
      why: parsed.error.issues[0]?.message ?? '',
      allowed: kind.allowed,
      example: byDefault ?? kind.example,
      byDefault: byDefault ?? (required ? undefined : 'none'),
      secret,
    })
  })
}

/** Checks options that were given as values, by the keys of the settings. */
export function checkSettings<S extends Settings>(settings: S, options: object): SettingsReading<S> {
  const given = new Map<string, unknown>(Object.entries(options))
  const reading = readEach(settings, ({ kind, byDefault, required, secret }, key) => {
    const value = given.get(key)
    if (value === undefined && byDefault !== undefined) return kind.schema.safeParse(byDefault)
    if (value === undefined) return required ? `${key} is not set. Allowed: ${kind.allowed}.` : undefined
    const parsed = kind.value.safeParse(value)
    if (parsed.success) return parsed
    const shown = secret ? '(not shown)' : cutText(JSON.stringify(value), SHOWN_CHARACTERS)
    return `${key}=${shown} ${parsed.error.issues[0]?.message}. Allowed: ${kind.allowed}.`
  })
  const unknown = [...given.keys()].filter((key) => !Object.hasOwn(settings, key))
  if (unknown.length === 0) return reading
  const allowed = Object.keys(settings).join(', ')
  const problems = unknown.map((key) => `${key} is not known; allowed are ${allowed}`)
  return { values: undefined, problems: [...reading.problems, ...problems] }
}

function readEach<S extends Settings>(
  settings: S,
  read: (setting: Setting<unknown>, key: string) => { readonly data?: unknown } | string | undefined,
): SettingsReading<S> {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [key, setting] of Object.entries(settings)) {
    const reading = read(setting, key)
    if (typeof reading === 'string') problems.push(reading)
    else values[key] = reading?.data
  }
  return { values: problems.length > 0 ? undefined : (values as SettingValues<S>), problems }
}

/** Variables that look like the program's and are not: a mistyped one must not pass unseen. */
export function unknownVariables(
  settings: Settings,
  environment: Readonly<Record<string, string | undefined>>,
  prefix: RegExp,
): string[] {
  const known = Object.values(settings).map(({ variable }) => variable)
  return Object.entries(environment)
    .filter(([name, value]) => prefix.test(name) && Boolean(value) && !known.includes(name))
    .map(([name]) => `${name} is not known; allowed are ${known.join(', ')}`)
}

const SHOWN_CHARACTERS = 120

export interface Expected {
  readonly why: string
  readonly allowed: string
  readonly example: string
  readonly byDefault: string | undefined
  readonly secret: boolean
}

/** A login in a URL is shown in no message, wherever it was given. */
function withoutLogin(text: string): string {
  return text.replace(/:\/\/.*@/s, '://***@')
}

/** What was given, what is allowed, what to do. */
export function problemOf(name: string, given = '', { why, allowed, ...about }: Expected): string {
  const value = about.secret ? '(not shown)' : JSON.stringify(cutText(withoutLogin(given), SHOWN_CHARACTERS))
  const or = about.byDefault === undefined ? '' : `, or unset it (default: ${about.byDefault})`
  return `${name}=${value} ${why}. Allowed: ${allowed}. Set ${name}=${about.example}${or}.`
}

/** One error for all that is wrong with what a program was told. */
export function settingsError(
  code: string,
  failure: string,
  problems: readonly string[],
  where = '',
): MailstormError {
  const many = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return new MailstormError(code, [`${failure}: ${many}${where}.`, ...problems].join('\n  '))
}
