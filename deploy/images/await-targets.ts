import { MailstormError } from '../../src/error.ts'
import { type ServerAddress, targetAt } from '../../src/options/server-address.ts'
import type { MeetingClock } from '../../src/run/generators/meeting.ts'
import { preflight } from '../../src/smtp/preflight/preflight.ts'
import type { TlsMode } from '../../src/smtp/target.ts'

export interface TargetsOptions {
  readonly targets: readonly ServerAddress[]
  readonly tls: TlsMode | undefined
  readonly allowPublicTargets: boolean
  readonly withinMs: number
  readonly clock: MeetingClock
}

const TRY_EVERY_MS = 2_000

/**
 * Resolves once every server greets. Pods of servers and generators start in any order, and a server that is not ready
 * has no address in the cluster's name server. Throws what was wrong last.
 */
export async function awaitTargets({ withinMs, clock, ...rest }: TargetsOptions): Promise<void> {
  const { allowPublicTargets, tls } = rest
  // Whether it greets is all that is asked; its certificate is looked at by the run.
  // The exchangers of a domain are found by the run, with its own resolver.
  const named = rest.targets.filter(({ scheme }) => scheme !== 'mx')
  const targets = named.map((target) => targetAt(target, { mode: tls, verify: false }))
  const deadline = clock.nowEpochMs() + withinMs
  for (;;) {
    try {
      return await preflight({ targets, sessions: 1, allowPublicTargets })
    } catch (error) {
      if (!mayPass(error) || clock.nowEpochMs() >= deadline) throw error
      await clock.wait(TRY_EVERY_MS)
    }
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof MailstormError && ['UNREACHABLE', 'UNKNOWN_HOST', 'PREFLIGHT'].includes(error.code)
}
