import type { TenantClock } from './options.ts'

/** Time that advances when a test says so, or when somebody waits. */
export class TestClock implements TenantClock {
  nowMs = 1_700_000_000_000

  epochMs(): number {
    return this.nowMs
  }

  async wait(ms: number): Promise<void> {
    this.nowMs += ms
  }
}
