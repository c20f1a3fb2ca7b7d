import type { SmtpServer } from '../store/accounts.ts'
import { Permits } from './fair-share.ts'
import {
  type Envelope,
  type SessionOptions,
  SmtpSession,
  type Transacted,
  type TransactionWatch,
} from './smtp-session.ts'
import type { WireMessage } from './wire-message.ts'

export interface TransportOptions {
  readonly poolSize: number
  readonly connectTimeoutMs: number
  /** Limit of silence; the attempt limits the total time. */
  readonly sendTimeoutMs: number
  readonly smtpTlsVerify: boolean
  /** Whether tenants may name servers in private networks. */
  readonly httpUrlPrivate: boolean
}

/** One pool of sessions per server and user, shared by accounts. */
export class Transports {
  readonly #options: TransportOptions
  readonly #pools = new Map<string, SmtpPool>()

  constructor(options: TransportOptions) {
    this.#options = options
  }

  for(server: SmtpServer): SmtpPool {
    const key = JSON.stringify(server)
    const pool = this.#pools.get(key) ?? this.#open(server)
    this.#pools.set(key, pool)
    return pool
  }

  /** Ends idle sessions, and forgets pools of accounts that are gone or have changed. */
  sweep(): void {
    for (const [key, pool] of this.#pools) {
      pool.sweep()
      if (pool.isUnused) this.#pools.delete(key)
    }
  }

  close(): void {
    for (const pool of this.#pools.values()) pool.close()
  }

  #open({ host, port, user, password, tls, fenced }: SmtpServer): SmtpPool {
    const { poolSize, connectTimeoutMs, sendTimeoutMs, smtpTlsVerify: verify, httpUrlPrivate } = this.#options
    return new SmtpPool({
      maxSessions: poolSize,
      target: {
        name: `${host}:${port}`,
        host,
        port,
        tls: { mode: tls, verify },
        ...(user === null ? {} : { auth: { user, pass: password ?? '' } }),
      },
      allowPrivate: !fenced || httpUrlPrivate,
      connectTimeoutMs,
      sendTimeoutMs,
      tlsSessions: new Map(),
    })
  }
}

export interface SmtpPoolOptions extends SessionOptions {
  readonly maxSessions: number
}

/** Below the 5 minutes that servers should wait (RFC 5321 4.5.3.2.7). */
const IDLE_MS = 60_000

/**
 * Sessions to one server as one user, for all tenants that send there; none of them can have all
 * (fair-share.ts). A message is sent again within an attempt only when the server had closed the idle session
 * and no content was sent: then nobody has it.
 */
class SmtpPool {
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
    message: WireMessage,
    { signal, tenantId, watch }: SendOptions,
  ): Promise<Transacted> {
    await this.#permits.take(tenantId, signal)
    try {
      for (;;) {
        const session = this.#takeIdle() ?? (await SmtpSession.open(this.#options, signal))
        const sent = await this.#sendOn(session, { envelope, message, signal, watch })
        if (sent !== STALE) return sent
      }
    } finally {
      this.#permits.give(tenantId)
    }
  }

  /** Sends QUIT on sessions that have been idle for a while. */
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

  async #sendOn(session: SmtpSession, { envelope, message, signal, watch }: Sending) {
    const { used } = session
    this.#busy.add(session)
    try {
      const transacted = await session.send(envelope, message, signal, watch)
      this.#putBack(session)
      return transacted
    } catch (error) {
      if (session.isUsableAfter(error)) {
        this.#putBack(session)
        throw error
      }
      session.close()
      if (used && session.contentUntouched && !signal.aborted) return STALE
      throw error
    } finally {
      this.#busy.delete(session)
    }
  }

  #putBack(session: SmtpSession): void {
    session.rest()
    this.#idle.push(session)
  }
}

export interface SendOptions {
  readonly signal: AbortSignal
  readonly tenantId: string
  readonly watch: TransactionWatch | undefined
}

interface Sending {
  readonly envelope: Envelope
  readonly message: WireMessage
  readonly signal: AbortSignal
  readonly watch: TransactionWatch | undefined
}

/** The session had already ended: try another one. */
const STALE = Symbol('stale')
