import type { Known } from './fault-session.ts'
import type { GreylistPlan, Stage } from './server-plan.ts'

/** RFC 6647 2.1 to 2.5: by address, then also by EHLO name, by sender, by recipient. */
const IDENTITY: Readonly<Record<Stage, (known: Known) => readonly string[]>> = {
  greeting: ({ address }) => [address],
  ehlo: ({ address, helo }) => [address, helo],
  mail: ({ address, sender }) => [address, sender],
  rcpt: ({ address, sender, recipient }) => [address, sender, recipient],
  data: ({ address, sender, recipient }) => [address, sender, recipient],
  dot: ({ address, sender, recipient }) => [address, sender, recipient],
}

/** Remembers when it first saw whom. Pure: the time is given. */
export class Greylist {
  readonly #plan: GreylistPlan
  readonly #firstSeenMs = new Map<string, number>()

  constructor(plan: GreylistPlan) {
    this.#plan = plan
  }

  refuses(stage: Stage, known: Known, nowMs: number): boolean {
    if (stage !== this.#plan.stage) return false
    const key = JSON.stringify(IDENTITY[stage](known))
    const firstSeenMs = this.#firstSeenMs.get(key) ?? nowMs
    this.#firstSeenMs.set(key, firstSeenMs)
    return nowMs - firstSeenMs < this.#plan.forMs
  }
}
