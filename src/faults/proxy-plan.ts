import type { DialTarget } from '../dial.ts'
import { MailstormError } from '../error.ts'

export const CUT_KINDS = ['close', 'reset', 'half-open', 'stall'] as const
export type CutKind = (typeof CUT_KINDS)[number]

/**
 * Exactly what stands before it passes: so many octets; or the first such text, when `behind` is given
 * the first that comes behind that.
 */
export type Place = { readonly bytes: number } | { readonly text: string; readonly behind?: string }

export interface CutPlan {
  readonly after: Place
  readonly by: CutKind
}

/** What happens to the octets of one direction of a connection. */
export interface LanePlan {
  /** Each octet arrives so much later. */
  readonly delayMs?: number
  /** From 0 to so many milliseconds more, by chance; octets never overtake one another. */
  readonly jitterMs?: number
  /** Of each connection. */
  readonly bytesPerSecond?: number
  readonly cut?: CutPlan
}

/** What a fault proxy does; by default nothing. Values, so that they cross to a thread. */
export interface FaultProxyPlan {
  readonly target: DialTarget
  readonly toServer?: LanePlan
  readonly toClient?: LanePlan
  /** Share of the connections that are cut, from 0 to 1; by default all. */
  readonly share?: number
  /** The same seed cuts the same connections, counted in the order of their arrival. */
  readonly seed?: number
}

type Faults = Omit<FaultProxyPlan, 'target'>

/** A plan in words, as a title of a result has it. */
export function describeProxyPlan({ toServer = {}, toClient = {}, share = 1 }: Faults): string {
  const parts = [...laneInWords(toServer, 'server'), ...laneInWords(toClient, 'client')]
  const cuts = toServer.cut !== undefined || toClient.cut !== undefined
  if (cuts && share < 1) parts.push(`cuts on ${Math.round(share * 100)} % of the connections`)
  return parts.length === 0 ? 'no fault' : parts.join(', ')
}

function laneInWords({ delayMs, jitterMs, bytesPerSecond, cut }: LanePlan, to: string): string[] {
  const parts: string[] = []
  if (delayMs !== undefined) parts.push(`${delayMs} ms later to the ${to}`)
  if (jitterMs !== undefined) parts.push(`up to ${jitterMs} ms of jitter to the ${to}`)
  if (bytesPerSecond !== undefined) parts.push(`${counted(bytesPerSecond)} octets a second to the ${to}`)
  if (cut !== undefined) {
    const { after } = cut
    parts.push(`${cut.by} ${placeInWords(after)} to the ${to}`)
  }
  return parts
}

function placeInWords(after: Place): string {
  if ('bytes' in after) return `after ${counted(after.bytes)} octets`
  const behind = after.behind === undefined ? '' : ` behind ${JSON.stringify(after.behind)}`
  return `before ${JSON.stringify(after.text)}${behind}`
}

function counted(octets: number): string {
  return octets.toLocaleString('en')
}

/** Throws one error that names every bad value. */
export function checkProxyPlan({ toServer = {}, toClient = {}, share = 1 }: Faults): void {
  const problems = [...laneProblems(toServer, 'toServer'), ...laneProblems(toClient, 'toClient')]
  if (!(share >= 0 && share <= 1)) problems.push(`share is ${share}; allowed is 0 to 1`)
  if (problems.length > 0) {
    throw new MailstormError('BAD_FAULTS', `Failed to start a fault proxy: ${problems.join('; ')}.`)
  }
}

function laneProblems(
  { delayMs = 0, jitterMs = 0, bytesPerSecond = 1, cut }: LanePlan,
  lane: string,
): string[] {
  const problems: string[] = []
  for (const [name, ms] of Object.entries({ delayMs, jitterMs })) {
    if (!(ms >= 0 && ms < 1e9)) problems.push(`${lane}.${name} is ${ms}; allowed is 0 to 1e9`)
  }
  if (!(bytesPerSecond >= 1))
    problems.push(`${lane}.bytesPerSecond is ${bytesPerSecond}; allowed is 1 or more`)
  if (cut === undefined) return problems
  const { after } = cut
  // What may be the beginning of the text is held back: a line end would be, behind each line.
  if ('text' in after && !/^[^\r\n]/.test(after.text)) {
    problems.push(`${lane}.cut.after.text is ${JSON.stringify(after.text)}; it may not begin with a line end`)
  }
  if ('bytes' in after && !(after.bytes >= 0)) {
    problems.push(`${lane}.cut.after.bytes is ${after.bytes}; allowed is 0 or more`)
  }
  return problems
}
