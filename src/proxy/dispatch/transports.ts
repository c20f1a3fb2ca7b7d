import type { SmtpServer } from '../store/accounts.ts'
import { SmtpPool } from './smtp-pool.ts'

export interface TransportOptions {
  readonly poolSize: number
  readonly connectTimeoutMs: number
  /** Of silence; what a server may take in all is the attempt's business. */
  readonly sendTimeoutMs: number
  readonly smtpTlsVerify: boolean
  /** Also the private networks that tenants name themselves. */
  readonly httpUrlPrivate: boolean
}

/** One pool of sessions per server and user, whatever accounts share it. */
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

  /** Ends sessions that are idle, and forgets pools of accounts that are gone, or have changed. */
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
