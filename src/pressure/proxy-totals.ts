import { type AccountCounters, type CounterName, keyOf, type ProxyReading } from './proxy-reading.ts'

/** What all proxies of a run counted together since it began. */
export interface ProxyTotals {
  /** Of the queue that they share; null when none of them told. */
  readonly pending: number | null
  readonly accounts: readonly AccountCounters[]
  readonly cache: { readonly hits: number; readonly lookups: number } | null
}

const NAMES: readonly CounterName[] = ['sent', 'errors', 'deferred', 'rate_limited']

/**
 * Adds up readings of several proxies. A counter that fell is one that began anew: its process was started
 * again, and what it shows has come since.
 */
export class ProxyCounters {
  readonly #before = new Map<string, ProxyReading>()
  readonly #accounts = new Map<string, AccountCounters>()
  readonly #cache = { hits: 0, lookups: 0 }
  #hasCache = false
  #pending: number | null = null

  /** `known`: what a proxy had counted before the run; without it, all that it shows is of the run. */
  begin(proxy: string, known: ProxyReading): void {
    this.#before.set(proxy, known)
  }

  /** Of one moment: proxies that could not be read are left out. */
  add(readings: ReadonlyMap<string, ProxyReading>): ProxyTotals {
    for (const [proxy, reading] of readings) {
      const before = this.#before.get(proxy)
      for (const account of reading.accounts) this.#addAccount(account, before)
      if (reading.cache !== null) {
        this.#hasCache = true
        this.#cache.hits += increase(before?.cache?.hits, reading.cache.hits)
        this.#cache.lookups += increase(before?.cache?.lookups, reading.cache.lookups)
      }
      this.#before.set(proxy, reading)
    }
    const pending = [...readings.values()].flatMap((reading) => reading.pending ?? [])
    // All show the same queue, some of them a moment late.
    this.#pending = pending.length === 0 ? null : Math.max(...pending)
    return this.totals()
  }

  totals(): ProxyTotals {
    return {
      pending: this.#pending,
      accounts: [...this.#accounts.values()],
      cache: this.#hasCache ? { ...this.#cache } : null,
    }
  }

  #addAccount(account: AccountCounters, before: ProxyReading | undefined): void {
    const key = keyOf(account)
    const known = before?.accounts.find((one) => keyOf(one) === key)
    const sum = {
      ...(this.#accounts.get(key) ?? { ...account, sent: 0, errors: 0, deferred: 0, rate_limited: 0 }),
    }
    for (const name of NAMES) sum[name] += increase(known?.[name], account[name])
    this.#accounts.set(key, sum)
  }
}

function increase(before = 0, now: number): number {
  return now >= before ? now - before : now
}
