import type { Readable } from 'node:stream'
import type { SMTPConnectionSendInfo } from 'nodemailer/lib/smtp-connection'
import { Permits } from './permits.ts'
import { type Envelope, type SessionOptions, SmtpSession } from './smtp-session.ts'

export interface SmtpPoolOptions extends SessionOptions {
  readonly maxSessions: number
}

/** Below the 5 minutes that RFC 5321 4.5.3.2.7 has servers wait. */
const IDLE_MS = 60_000

/**
 * Sessions to one server as one user, of all tenants that send there; none of them can have all (fair-share.ts). A message is sent a second time within an attempt only when the session was
 * one that the server had closed while it was idle, and nothing of the message was asked for: then nobody has it.
 */
export class SmtpPool {
  readonly #options: SmtpPoolOptions
  readonly #permits: Permits
  readonly #idle: SmtpSession[] = []
  readonly #busy = new Set<SmtpSession>()

  constructor(options: SmtpPoolOptions) {
    this.#options = options
    this.#permits = new Permits(options.maxSessions)
  }

  get isUnused(): boolean {
    return this.#idle.length === 0 && this.#permits.inUse === 0
  }

  async send(
    envelope: Envelope,
    newMessage: () => Readable,
    signal: AbortSignal,
    tenantId: string,
  ): Promise<SMTPConnectionSendInfo> {
    await this.#permits.take(tenantId, signal)
    try {
      for (;;) {
        const session = this.#takeIdle() ?? (await SmtpSession.open(this.#options, signal))
        const sent = await this.#sendOn(session, envelope, newMessage(), signal)
        if (sent !== STALE) return sent
      }
    } finally {
      this.#permits.give(tenantId)
    }
  }

  /** Says goodbye on sessions that nobody has needed for a while. */
  sweep(): void {
    const nowMs = performance.now()
    const old = this.#idle.filter(({ idleSinceMs }) => nowMs - idleSinceMs > IDLE_MS)
    this.#idle.splice(0, this.#idle.length, ...this.#idle.filter((session) => !old.includes(session)))
    for (const session of old) session.quit()
  }

  close(): void {
    for (const session of this.#idle.splice(0)) session.quit()
    for (const session of this.#busy) session.close()
  }

  #takeIdle(): SmtpSession | undefined {
    for (let session = this.#idle.pop(); session !== undefined; session = this.#idle.pop())
      if (!session.ended) return session
    return undefined
  }

  async #sendOn(session: SmtpSession, envelope: Envelope, message: Readable, signal: AbortSignal) {
    const { used } = session
    this.#busy.add(session)
    try {
      const info = await session.send(envelope, message, signal)
      this.#putBack(session)
      return info
    } catch (error) {
      message.destroy()
      const isLost = session.ended || !hasReply(error)
      if (isLost) session.close()
      else
        await session.reset(signal).then(
          () => this.#putBack(session),
          () => session.close(),
        )
      if (used && isLost && !message.readableDidRead && !signal.aborted) return STALE
      throw error
    } finally {
      this.#busy.delete(session)
    }
  }

  #putBack(session: SmtpSession): void {
    session.idleSinceMs = performance.now()
    this.#idle.push(session)
  }
}

/** The session had ended before: another one is to be tried. */
const STALE = Symbol('stale')

/** A refusal; the session goes on. 421 is the server's goodbye (RFC 5321 3.8). */
function hasReply(error: unknown): boolean {
  const { responseCode } = error as { responseCode?: number }
  return responseCode !== undefined && responseCode !== 421
}
