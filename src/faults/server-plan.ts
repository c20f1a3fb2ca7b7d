import { MailstormError } from '../error.ts'

/** Points of the dialogue at which a fault server can misbehave; `dot` is the reply to the final dot. */
export const STAGES = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'dot'] as const
export type Stage = (typeof STAGES)[number]

export interface RatePlan {
  readonly perSecond: number
  /** What may come at once after a pause; by default a tenth of a second's worth, at least 1. */
  readonly burst?: number
  readonly stage?: Stage
  readonly code?: 421 | 451
}

export interface GreylistPlan {
  readonly stage: Stage
  /** Who is unknown is refused for so long after it was first seen (RFC 6647 4.2). */
  readonly forMs: number
}

/** What a fault server does; by default it takes everything at once. Values, so that they cross to a thread. */
export interface FaultServerPlan {
  readonly rate?: RatePlan
  readonly greylist?: GreylistPlan
  /** Milliseconds before the reply of a stage. */
  readonly tarpit?: Readonly<Partial<Record<Stage, number>>>
  /** Undefined = any free port. */
  readonly port?: number
}

/** A plan in words, as a title of a result has it. */
export function describeServerPlan({ rate, greylist, tarpit = {} }: FaultServerPlan): string {
  const parts = Object.entries(tarpit).map(([stage, ms]) => `${ms} ms before the reply to ${stage}`)
  if (rate !== undefined) parts.unshift(`${rate.perSecond} messages a second, ${rate.code ?? 451} beyond`)
  if (greylist !== undefined) parts.unshift(`greylisting at ${greylist.stage} for ${greylist.forMs / 1000} s`)
  return parts.length === 0 ? 'no fault' : parts.join(', ')
}

/** Throws one error that names every bad value. */
export function checkServerPlan({ rate, greylist, tarpit = {} }: FaultServerPlan): void {
  const positive = { 'rate.perSecond': rate?.perSecond, 'greylist.forMs': greylist?.forMs }
  const problems = Object.entries(positive)
    .filter(([, value]) => value !== undefined && !(value > 0 && value < 1e9))
    .map(([name, value]) => `${name} is ${value}; allowed is a number above 0 and below 1e9`)
  if (rate?.burst !== undefined && !(rate.burst >= 1)) {
    problems.push(`rate.burst is ${rate.burst}; allowed is a number from 1`)
  }
  if (rate?.stage === 'greeting' && rate.code !== 421) {
    // RFC 5321 4.3.2: a connection is refused by 421 or 554, and by nothing else.
    problems.push(`rate.code is ${rate.code ?? 451} at the greeting; allowed there is 421`)
  }
  for (const [stage, ms] of Object.entries(tarpit)) {
    if (!(ms >= 0 && ms < 1e9)) problems.push(`tarpit.${stage} is ${ms}; allowed is 0 to 1e9 milliseconds`)
  }
  if (problems.length > 0) {
    throw new MailstormError('BAD_FAULTS', `Failed to start a fault server: ${problems.join('; ')}.`)
  }
}
