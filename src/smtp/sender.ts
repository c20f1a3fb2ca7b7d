import type { Clock } from '../load/clock.ts'
import type { Lane, Ticket } from '../load/dispatch.ts'
import type { Failure, Sample } from '../load/sample.ts'
import type { Farewells } from './farewells.ts'
import type { Gate } from './gate.ts'
import type { MessageTemplate } from './message.ts'
import type { OpenTransports } from './open-transports.ts'
import type { Reply } from './reply.ts'
import type { TlsSessionCache } from './session.ts'
import type { SessionCaps } from './session-caps.ts'
import { type SessionEnd, SessionRun } from './session-run.ts'
import type { Phase, PipeliningLevel, SmtpTarget } from './target.ts'
import type { Pending } from './transacted.ts'

/** What a session looks like: how it pipelines, how long it lasts, how patient it is. */
export interface SessionShape {
  readonly pipelining: PipeliningLevel
  /** Messages before QUIT and a new session; Infinity for no limit. */
  readonly messagesPerSession: number
  readonly timeoutMs: number
}

/** What all lanes of one thread share. */
export interface SenderOptions {
  readonly clock: Clock
  readonly model: 'open' | 'closed'
  readonly targets: readonly SmtpTarget[]
  readonly template: MessageTemplate
  readonly shape: SessionShape
  readonly tlsSessions: TlsSessionCache
  /** Open connections, so that an abort can end them. */
  readonly transports: OpenTransports
  readonly connectGate: Gate
  readonly farewells: Farewells
  readonly sessionCaps: SessionCaps
  readonly onSample: (sample: Sample) => void
  readonly onSessionOpened: () => void
  /** Told when a message goes to a new session because the server had ended the one that it was for. */
  readonly onReconnect: () => void
  /** Told how a session ended badly after its messages had their outcomes: at RSET. QUIT is the farewells'. */
  readonly onSessionFailure: (failure: Failure, target: number) => void
  /** Told every reply of every session; `target` is an index into the targets. */
  readonly onReply?: ((reply: Reply, phase: Phase, target: number) => void) | undefined
}

/**
 * A lane that sends by SMTP, one session after another, each to the next of the targets. `firstTarget`
 * differs from worker to worker, so that they do not all begin at the first server.
 */
export function smtpLane(options: SenderOptions, firstTarget: number): Lane {
  const { targets, sessionCaps, onReconnect } = options
  return async (feed) => {
    let target = firstTarget % targets.length
    let end: SessionEnd = {}
    for (;;) {
      const next = end.unsent ?? pendingOf(feed.take() ?? (await feed.next()))
      if (next === undefined) break
      if (end.unsent !== undefined || end.isLost === true) onReconnect()
      end = await new SessionRun(options, feed, target, end.suspicion).run(next)
      // The same server goes on with what it broke off, and shows whether its session was full.
      const goesOn = end.unsent !== undefined || end.isLost === true || end.suspicion !== undefined
      if (!goesOn) target = (target + 1) % targets.length
    }
    if (end.suspicion !== undefined) sessionCaps.settle(end.suspicion, undefined)
  }
}

function pendingOf(ticket: Ticket | undefined): Pending | undefined {
  return ticket && { ticket }
}
