import { MailstormError } from '../error.ts'
import { METRIC_KINDS, type MetricKinds } from './custom-metrics.ts'
import { KNOWN_METRICS } from './threshold-metric.ts'

const NAME = /^[a-z][a-z0-9_]*$/
/** `connect.p(95)` must stay the phase's. */
const TAKEN: ReadonlySet<string> = new Set(KNOWN_METRICS.map((name) => name.split('.')[0] ?? name))

/** Refuses names that thresholds could not tell apart, and kinds that there are not. Names all problems. */
export function checkMetricKinds(kinds: MetricKinds): void {
  const problems = Object.entries(kinds).flatMap(([name, kind]) => problemsOf(name, kind))
  if (problems.length === 0) return
  throw new MailstormError(
    'BAD_METRIC',
    ["Failed to read the scenario's own metrics:", ...problems].join('\n  '),
  )
}

function problemsOf(name: string, kind: string): string[] {
  const problems: string[] = []
  if (!NAME.test(name))
    problems.push(`"${name}" is no name: small letters, digits and _ are allowed, a letter first.`)
  else if (TAKEN.has(name)) problems.push(`"${name}" is a metric of mailstorm's: choose another name.`)
  if (!METRIC_KINDS.some((known) => known === kind))
    problems.push(`"${name}" cannot be a "${kind}": the kinds are ${METRIC_KINDS.join(', ')}.`)
  return problems
}
