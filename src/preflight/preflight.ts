import { MailstormError } from '../error.ts'
import type { SmtpTarget } from '../smtp/target.ts'
import { type Lookup, safeAddressesOf, systemLookup } from './address.ts'
import { checkDescriptors, type LimitsReader, readProcLimits } from './descriptors.ts'
import { checkReachable } from './reachability.ts'

export interface PreflightOptions {
  readonly targets: readonly SmtpTarget[]
  /** The most sessions that the run may have open at once. */
  readonly sessions: number
  readonly allowPublicTargets: boolean
}

/** What the checks ask of the world; replaced in tests. */
export interface PreflightWorld {
  readonly lookup: Lookup
  readonly readLimits: LimitsReader
  readonly greetingTimeoutMs: number
}

const WORLD: PreflightWorld = {
  lookup: systemLookup,
  readLimits: readProcLimits,
  greetingTimeoutMs: 10_000,
}

/** Everything that can be found out before the first message is sent. Throws all problems as one error. */
export async function preflight(options: PreflightOptions, world: PreflightWorld = WORLD): Promise<void> {
  const checks = [
    ...options.targets.map((target) => checkTarget(target, options.allowPublicTargets, world)),
    checkSessions(options.sessions, world.readLimits),
  ]
  const failures = (await Promise.allSettled(checks)).filter((check) => check.status === 'rejected')
  const problems = failures.map(({ reason }) => asProblem(reason))
  const [first] = problems
  if (first === undefined) return
  if (problems.length === 1) throw first
  const list = problems.map(({ message }) => message.replaceAll('\n', ' '))
  throw new MailstormError(
    'PREFLIGHT',
    [`Failed to start: ${problems.length} problems, and nothing was sent.`, ...list].join('\n  '),
  )
}

/** As a promise, so that its failure is collected like the others. */
async function checkSessions(sessions: number, readLimits: LimitsReader): Promise<void> {
  checkDescriptors(sessions, readLimits)
}

/** A target that must not be sent to is not even connected to. */
async function checkTarget(target: SmtpTarget, allowPublic: boolean, world: PreflightWorld): Promise<void> {
  const addresses = await safeAddressesOf({ host: target.host, allowPublic, lookup: world.lookup })
  await checkReachable({ target, addresses, timeoutMs: world.greetingTimeoutMs })
}

function asProblem(reason: unknown): MailstormError {
  if (reason instanceof MailstormError) return reason
  throw reason
}
