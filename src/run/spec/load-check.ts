import { MailstormError } from '../../error.ts'
import { PROBE, VARIABLE_GROUPS, VARIABLES } from '../../options/environment.ts'
import { SOAK } from '../../options/generators.ts'
import { LOAD_VARIABLES } from '../../options/load.ts'
import { type Options, readOptions } from '../../options/options.ts'
import { asksFor } from './asked-projects.ts'
import type { ReadScenario } from './suite-reading.ts'

/** What was asked for, to tell which scenarios will run. */
export interface Asked {
  /** `-t`, or a row chosen in an editor. */
  readonly pattern: RegExp | undefined
  /** `--project`. */
  readonly projects: readonly string[]
}

/** The effect of one variable in one scenario, or one run of it. */
interface Use {
  readonly variable: string
  readonly where: string
  /** Why it has no effect there; undefined when it has. */
  readonly why: string | undefined
}

/**
 * Checks that every variable about how scenarios run has an effect in at least one that will run. Throws
 * MailstormError otherwise; returns a line for each variable that affects only some of them.
 */
export function checkLoad(
  scenarios: readonly ReadScenario[],
  asked: Asked,
  env: NodeJS.ProcessEnv,
): readonly string[] {
  const options = readOptions(env)
  const uses = willRun(scenarios, asked).flatMap((scenario) => usesOf(scenario, options))
  const variables = [...new Set(uses.map(({ variable }) => variable))]
  const all = variables.map((variable) => {
    const own = uses.filter((use) => use.variable === variable)
    const idle = reasonsOf(own)
    return { variable, idle, used: own.some(({ why }) => why === undefined) }
  })
  const unused = all.filter(({ used }) => !used)
  if (unused.length > 0)
    throw changesNothing(unused.map(({ variable, idle }) => sentenceOf(variable, idle, env)))
  return all
    .filter(({ idle }) => idle.length > 0)
    .map(({ variable, idle }) => sentenceOf(variable, idle, env))
}

function changesNothing(lines: readonly string[]): MailstormError {
  return new MailstormError(
    'BAD_OPTIONS',
    ['Failed to override the load: these settings would change nothing.', ...lines].join('\n  '),
    `Unset ${lines.length === 1 ? 'it' : 'them'}, or run a scenario that uses ${lines.length === 1 ? 'it' : 'them'}.`,
  )
}

/** A pattern that names no scenario, such as `worker 3,`, applies to the scenarios that run by default. */
function willRun(scenarios: readonly ReadScenario[], { pattern, projects }: Asked): readonly ReadScenario[] {
  const byDefault = scenarios.filter(
    ({ onlyWhenNamed, project }) =>
      onlyWhenNamed !== true ||
      (project !== undefined && pattern === undefined && projects.includes(project)),
  )
  const named = scenarios.filter(({ name }) => pattern !== undefined && asksFor(pattern, name))
  return named.length > 0 ? named : byDefault
}

function usesOf(scenario: ReadScenario, { load, given }: Options): Use[] {
  const runs = scenario.runs()
  const ofLoad = LOAD_VARIABLES.filter((variable) => load[variable] !== undefined)
  const ofSome = [...READ_BY_SOME.keys()].filter((variable) => given.has(variable))
  return [...ofLoad, ...ofSome].flatMap((variable) => {
    const unread = scenario.reads.includes(variable) ? undefined : READ_BY_SOME.get(variable)
    const reasons = runs.map(({ refused }) => refused.get(variable) ?? unread)
    const [first] = reasons
    if (reasons.every((why) => why === first)) return [{ variable, where: scenario.name, why: first }]
    return runs.map(({ part }, index) => ({
      variable,
      where: `${scenario.name} / ${part}`,
      why: reasons[index],
    }))
  })
}

/** Variables that only some scenarios read, and the reason to give in all others. */
const READ_BY_SOME: ReadonlyMap<string, string> = new Map([
  ...Object.keys(SOAK).map((name) => [name, 'only soak uses it'] as const),
  ...Object.keys(PROBE).map((name) => [name, 'only the probe uses it'] as const),
  ...VARIABLE_GROUPS.pressure.map(({ name }) => [name, 'only runs of the mail proxy use it'] as const),
])

/** Reasons why it has no effect, each once. */
function reasonsOf(uses: readonly Use[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const { where, why } of uses) {
    if (why !== undefined) byReason.set(why, [...(byReason.get(why) ?? []), where])
  }
  return [...byReason].map(([why, where]) => `${where.join(', ')}: ${why.replace(/\.$/, '')}.`)
}

function sentenceOf(variable: string, idle: readonly string[], env: NodeJS.ProcessEnv): string {
  const secret = VARIABLES.find(({ name }) => name === variable)?.secret === true
  const name = secret ? variable : `${variable}=${env[variable]?.trim() ?? ''}`
  const [only] = idle
  if (idle.length === 1) return `${name} changes nothing in ${only}`
  return [`${name} changes nothing in`, ...idle].join('\n    ')
}
