import { isIP } from 'node:net'
import { z } from 'zod'
import { MailstormError } from '../error.ts'
import { type ProxyConfig, type ProxyOptions, SETTINGS } from './options.ts'

const keys = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]
const optionsSchema = z.strictObject(Object.fromEntries(keys.map((key) => [key, SETTINGS[key].schema])))

/** Checks options; throws one error that names every problem. */
export function proxyConfig(options: ProxyOptions): ProxyConfig {
  return checked(options, (key) => key)
}

/** Reads GMP_* variables; unknown ones are refused, with the list of those allowed. */
export function proxyConfigFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyConfig {
  const given: Record<string, unknown> = {}
  const known = new Map<string, keyof typeof SETTINGS>(keys.map((key) => [SETTINGS[key].variable, key]))
  const problems: string[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('GMP_') || value === undefined || value === '') continue
    const key = known.get(variable)
    if (key === undefined)
      problems.push(`${variable} is not known; allowed are ${[...known.keys()].join(', ')}`)
    else given[key] = SETTINGS[key].read(value) ?? Number.NaN
  }
  return checked(
    given,
    (key) => (key in SETTINGS ? SETTINGS[key as keyof typeof SETTINGS].variable : key),
    problems,
  )
}

function checked(given: object, nameOf: (key: string) => string, found: readonly string[] = []): ProxyConfig {
  const parsed = optionsSchema.safeParse(given)
  const problems = [...found, ...(parsed.error?.issues ?? []).map((issue) => problemOf(issue, nameOf))]
  const config = parsed.data as ProxyConfig | undefined
  if (config !== undefined) problems.push(...contradictions(config, nameOf))
  if (config === undefined || problems.length > 0)
    throw new MailstormError(
      'PROXY_CONFIG',
      `Failed to configure the proxy: ${[...new Set(problems)].join('; ')}.`,
    )
  return Object.freeze(config)
}

function problemOf(issue: z.core.$ZodIssue, nameOf: (key: string) => string): string {
  if (issue.code === 'unrecognized_keys')
    return `${issue.keys.join(', ')} is not known; allowed are ${keys.join(', ')}`
  const key = String(issue.path[0])
  return `${nameOf(key)} has to be ${key in SETTINGS ? SETTINGS[key as keyof typeof SETTINGS].allowed : issue.message}`
}

function contradictions(config: ProxyConfig, nameOf: (key: string) => string): string[] {
  if (config.apiToken !== undefined || isLoopback(config.host)) return []
  return [
    `${nameOf('apiToken')} has to be set when ${nameOf('host')} is not a loopback address, but ${config.host}`,
  ]
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}
