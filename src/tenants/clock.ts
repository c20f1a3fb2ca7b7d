import { setTimeout as delay } from 'node:timers/promises'

/** Time as tenants see it. Injected, so that tests can run in time of their own. */
export interface TenantClock {
  /** Since 1970, with a fraction. */
  epochMs(): number
  wait(ms: number): Promise<void>
}

/** Beyond this the wall clock was set, or the machine slept: then it is right, not we. */
const DRIFT_MS = 10

let baseMs = performance.timeOrigin

export const systemClock: TenantClock = {
  // Finer than Date.now(), and steady between two settings of the wall clock.
  epochMs() {
    const steadyMs = performance.now()
    if (Math.abs(Date.now() - baseMs - steadyMs) > DRIFT_MS) baseMs = Date.now() - steadyMs
    return baseMs + steadyMs
  },
  wait: (ms) => delay(ms),
}
