import { systemClock } from '../../engine/clock.ts'
import { MailstormError } from '../../error.ts'
import { hasUtf8Addresses } from '../../mail/envelopes/envelopes.ts'
import type { Capabilities } from '../../smtp/capabilities.ts'
import { SmtpFailure } from '../../smtp/failure.ts'
import { openSession, quit } from '../../smtp/session.ts'
import type { SmtpTarget } from '../../smtp/target.ts'
import type { Workload } from '../spec/spec.ts'

/** A server that is slower than that shows it in the load. */
const LONGEST_MS = 10_000
/** Nothing depends on the goodbye. */
const GOODBYE_MS = 1_000

/** Throws MailstormError when messages need what a server does not offer. One that cannot be asked shows it in the load. */
export async function checkExtensions(
  { mail, replyTimeoutMs }: Pick<Workload, 'mail' | 'replyTimeoutMs'>,
  targets: readonly SmtpTarget[],
): Promise<void> {
  if (!hasUtf8Addresses(mail)) return
  const offers = await Promise.all(targets.map((target) => offersOf(target, replyTimeoutMs)))
  const without = targets.filter((_, index) => offers[index]?.smtpUtf8 === false).map(({ name }) => name)
  if (without.length === 0) return
  throw new MailstormError(
    'NO_SMTPUTF8',
    `Failed to start the run: addresses beyond ASCII need SMTPUTF8 (RFC 6531), which ${without.join(', ')} ${without.length === 1 ? 'does' : 'do'} not offer.`,
    'Take addresses in ASCII (STRESS_SENDER, STRESS_RECIPIENT), or turn SMTPUTF8 on.',
  )
}

/** What a server offers by EHLO; undefined of one that does not answer, which shows it in the load. */
export async function offersOf(
  target: SmtpTarget,
  replyTimeoutMs: number,
): Promise<Capabilities | undefined> {
  try {
    const { transport, capabilities } = await openSession({
      ...{ target, clock: systemClock, replyTimeoutMs: Math.min(replyTimeoutMs, LONGEST_MS) },
      tlsSessions: new Map(),
    })
    await quit(transport, GOODBYE_MS).catch(unlessFault)
    transport.destroy()
    return capabilities
  } catch (error) {
    return unlessFault(error)
  }
}

/** Anything but an SmtpFailure is a fault of ours. */
function unlessFault(error: unknown): undefined {
  if (!(error instanceof SmtpFailure)) throw error
  return undefined
}
