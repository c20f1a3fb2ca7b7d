import type { Clock } from '../load/clock.ts'
import type { Lane } from '../load/dispatch.ts'
import type { Sample } from '../load/sample.ts'
import type { Gate } from './gate.ts'
import type { MessageTemplate } from './message.ts'
import type { OpenTransports } from './open-transports.ts'
import type { Reply } from './reply.ts'
import type { TlsSessionCache } from './session.ts'
import { SessionRun } from './session-run.ts'
import type { Phase, PipeliningLevel, SmtpTarget } from './target.ts'

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
  readonly onSample: (sample: Sample) => void
  readonly onSessionOpened: () => void
  readonly onQuit: (ms: number) => void
  /** Told every reply of every session; `target` is an index into the targets. */
  readonly onReply?: ((reply: Reply, phase: Phase, target: number) => void) | undefined
}

/**
 * A lane that sends by SMTP, one session after another, each to the next of the targets. `firstTarget`
 * differs from worker to worker, so that they do not all begin at the first server.
 */
export function smtpLane(options: SenderOptions, firstTarget: number): Lane {
  return async (feed) => {
    let target = firstTarget % options.targets.length
    let ticket = feed.take() ?? (await feed.next())
    while (ticket !== undefined) {
      const unsent = await new SessionRun(options, feed, target).run(ticket)
      // A ticket comes back when the server had closed an idle session: the same server gets it again.
      if (unsent === undefined) target = (target + 1) % options.targets.length
      ticket = unsent ?? feed.take() ?? (await feed.next())
    }
  }
}
