import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../engine/clock.ts'
import { errorText } from '../error.ts'
import type { Account } from './account.ts'
import type { Store } from './store.ts'

export interface WaitOptions {
  readonly store: Pick<Store, 'arrivals'>
  readonly account: Account
  readonly runId: string
  /** How long after the load mail may still arrive. */
  readonly timeoutMs: number
  /** Ends the wait early. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Told after each look. */
  readonly onLook?: (() => void) | undefined
  readonly pause?: (ms: number) => Promise<void>
}

/** How the wait ended: all there, time over, told to stop, or the store could not be read at last. */
export interface Waited {
  readonly end: 'all' | 'timeout' | 'interrupted' | 'unreadable'
  readonly waitedMs: number
  /** Why the last look failed. */
  readonly why?: string
}

const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 1_000
/** A second copy may come right behind the first: after everything is there, nothing has to come for so long. */
const SETTLED_MS = 1_000

/**
 * Looks into the store until every acknowledged message has arrived or bounced, and for a second after that, or until
 * the time is over. A look that fails is tried again: stores restart too.
 */
export async function awaitArrivals(options: WaitOptions): Promise<Waited> {
  const { account, signal, clock, timeoutMs, onLook } = options
  const beginMs = clock.nowMs()
  const pause = options.pause ?? ((ms) => sleep(ms, undefined, { signal }).catch(() => undefined))
  let settledSinceMs: number | undefined
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LAST_PAUSE_MS, 2 * pauseMs)) {
    const [seen, lookedMs] = [account.seen, clock.nowMs()]
    const why = await look(options)
    onLook?.()
    const nowMs = clock.nowMs()
    const waitedMs = nowMs - beginMs
    if (account.missing === 0 && why === undefined) {
      if (settledSinceMs === undefined || account.seen > seen) settledSinceMs = nowMs
      else if (nowMs - settledSinceMs >= SETTLED_MS) return { end: 'all', waitedMs }
    }
    if (signal.aborted) return { end: account.missing === 0 ? 'all' : 'interrupted', waitedMs }
    if (waitedMs >= timeoutMs) {
      if (account.missing === 0) return { end: 'all', waitedMs }
      return why === undefined ? { end: 'timeout', waitedMs } : { end: 'unreadable', waitedMs, why }
    }
    // A store that takes long for a look is not asked all the time.
    await pause(Math.min(Math.max(pauseMs, nowMs - lookedMs), Math.max(1, timeoutMs - waitedMs)))
  }
}

/** Why it failed; undefined when it did not. */
async function look({ store, account, runId, signal }: WaitOptions): Promise<string | undefined> {
  try {
    for await (const arrival of store.arrivals(runId, signal)) account.add(arrival)
    return undefined
  } catch (error) {
    return errorText(error)
  }
}
