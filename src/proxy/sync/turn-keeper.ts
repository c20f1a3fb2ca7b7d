import type { ProxyConfig } from '../options.ts'
import type { Database } from '../store/database.ts'
import { extendTurn, type SyncTurn } from '../store/sync-turns.ts'

/** A tenant should not wait longer than this for the proxies that are left when one was killed. */
const LONGEST_LEASE_MS = 10_000
/** Two signs of life may be late or lost. */
const SIGNS_PER_LEASE = 3

/** How long a turn belongs to the proxy that took it, without a sign of life. */
export function turnLeaseMs({ leaseMs }: Pick<ProxyConfig, 'leaseMs'>): number {
  return Math.min(leaseMs, LONGEST_LEASE_MS)
}

/** Gives signs of life of a turn until it is disposed of: a tenant may take long to answer. */
export function keepTurn(db: Database, turn: SyncTurn, leaseMs: number): Disposable {
  // While the database is away nobody else can take the turn either.
  const extend = () => void extendTurn(db, turn, leaseMs).catch(() => {})
  const timer = setInterval(extend, leaseMs / SIGNS_PER_LEASE)
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
