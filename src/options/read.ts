import { cutText } from '../foreign-text.ts'
import { nearest } from '../nearest.ts'
import { contradictionsIn } from './contradictions.ts'
import { ENVIRONMENT, type Environment, VARIABLES } from './environment.ts'
import type { Variable } from './variable.ts'

export interface EnvironmentReading {
  /** What could be read; a variable with a problem counts as unset in here. */
  readonly values: Environment
  /** Names of the variables that were set. */
  readonly given: ReadonlySet<string>
  /** One line each: the variable, what was given, what is allowed, what to do. */
  readonly problems: readonly string[]
}

const BY_NAME: ReadonlyMap<string, Variable> = new Map(VARIABLES.map((variable) => [variable.name, variable]))
/** Names with this prefix are all ours, so that a mistyped one cannot pass unseen. */
const OUR_PREFIX = 'STRESS_'

export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentReading {
  const given = givenIn(env)
  const first = ENVIRONMENT.safeParse(Object.fromEntries(given))
  const wrong = first.success ? [] : first.error.issues
  const unreadable = new Set(wrong.map((issue) => String(issue.path[0])))
  // Read again without what is wrong, so that contradictions among the rest are found at once.
  const readable = [...given].filter(([name]) => !unreadable.has(name))
  const values = ENVIRONMENT.parse(Object.fromEntries(readable))
  const names = new Set(given.keys())
  const problems = [
    ...unknownNames([...given.keys()]),
    ...wrong.map((issue) => problemOf(String(issue.path[0]), given, issue.message)),
    ...contradictionsIn(values, names, unreadable),
  ]
  return { values, given: names, problems }
}

/** CI systems hand an input that was left out over as an empty variable. */
function givenIn(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value.trim() === '') continue
    if (BY_NAME.has(name) || name.startsWith(OUR_PREFIX)) given.set(name, valueAsGiven(name, value))
  }
  return given
}

/** A password may begin or end with a space. */
function valueAsGiven(name: string, value: string): string {
  return BY_NAME.get(name)?.secret === true ? value : value.trim()
}

function unknownNames(names: readonly string[]): string[] {
  const known = [...BY_NAME.keys()]
  return names
    .filter((name) => !BY_NAME.has(name))
    .map((name) => {
      const meant = nearest(bare(name), known.map(bare))
      const full = known.find((candidate) => bare(candidate) === meant)
      if (full !== undefined) return `${name} is not known. Did you mean ${full}?`
      return `${name} is not known. Unset it; ${known.length} variables are known, and the README lists them (Options).`
    })
}

/** Compared by what differs: the common prefixes would make all names near to each other. */
function bare(name: string): string {
  return name.replace(/^(STRESS|SMTP)_/, '')
}

const SHOWN_CHARACTERS = 120

function problemOf(name: string, given: ReadonlyMap<string, string>, why: string): string {
  const variable = BY_NAME.get(name)
  const text = given.get(name)
  if (variable === undefined || text === undefined) throw new Error(`${name}: ${why}`)
  const value = variable.secret ? '(not shown)' : JSON.stringify(cutText(text, SHOWN_CHARACTERS))
  const todo = `Set ${name}=${variable.example}, or unset it (default: ${variable.byDefault}).`
  return `${name}=${value} ${why}. Allowed: ${variable.allowed}. ${todo}`
}
