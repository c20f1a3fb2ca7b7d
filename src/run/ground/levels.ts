import { systemClock } from '../../engine/clock.ts'
import type { PipeliningRow } from '../../engine/result.ts'
import { firstEnvelope } from '../../mail/envelopes/envelopes.ts'
import type { SmtpTarget } from '../../smtp/target.ts'
import type { Workload } from '../spec/spec.ts'
import { findLevel, type LevelFinding } from './trial.ts'

/** Of a workload, what its pipelining depends on. */
export type LevelWorkload = Pick<
  Workload,
  'tls' | 'auth' | 'client' | 'accounts' | 'replyTimeoutMs' | 'pipelining' | 'mail'
>

/** A server that is slower than that shows it in the load. */
const LONGEST_TRIAL_MS = 10_000

/**
 * At which pipelining level each of a run's servers is sent to. `ours`: servers that we booted from our own
 * programs, which are known to handle `transactions`; `mayDeliver`: the trial may send them a message.
 */
export class TargetLevels {
  readonly #targetsFor: (workload: LevelWorkload) => readonly SmtpTarget[]
  readonly #options: { readonly areOurs: boolean; readonly mayDeliver: boolean }
  readonly #found = new Map<string, Promise<readonly LevelFinding[]>>()
  readonly #known = new Map<string, readonly LevelFinding[]>()

  constructor(
    targetsFor: (workload: LevelWorkload) => readonly SmtpTarget[],
    options: { readonly areOurs: boolean; readonly mayDeliver: boolean },
  ) {
    this.#targetsFor = targetsFor
    this.#options = options
  }

  /** Tries each server once for a level and an encryption, before the first load that has them. */
  async find(workload: LevelWorkload): Promise<void> {
    if (!this.#needsTrial(workload)) return
    const key = keyOf(workload)
    const finding = this.#found.get(key) ?? this.#tryAll(workload)
    this.#found.set(key, finding)
    this.#known.set(key, await finding)
  }

  /** The targets with the levels that they were found to handle. */
  limit(targets: readonly SmtpTarget[], workload: LevelWorkload): SmtpTarget[] {
    const found = this.#known.get(keyOf(workload)) ?? []
    return targets.map((target, index) => {
      const used = found[index]?.used ?? workload.pipelining
      return used === workload.pipelining ? target : { ...target, pipelining: used }
    })
  }

  /** What was found, for the result; empty where nothing had to be tried. */
  rows(targets: readonly SmtpTarget[], workload: LevelWorkload): PipeliningRow[] {
    const found = this.#known.get(keyOf(workload)) ?? []
    return targets.flatMap(({ name: target }, index) => {
      const finding = found[index]
      if (finding === undefined) return []
      const { used, why, delivered } = finding
      const reason = why === undefined ? {} : { why }
      return [{ target, asked: workload.pipelining, used, ...reason, trial_messages: delivered }]
    })
  }

  #needsTrial({ pipelining }: LevelWorkload): boolean {
    return pipelining === 'chunks' || (pipelining === 'transactions' && !this.#options.areOurs)
  }

  #tryAll(workload: LevelWorkload): Promise<readonly LevelFinding[]> {
    const { pipelining: asked, mail, replyTimeoutMs } = workload
    const { sender, recipients } = firstEnvelope(mail)
    const common = {
      clock: systemClock,
      asked,
      sender,
      recipient: recipients[0] ?? '',
      timeoutMs: Math.min(replyTimeoutMs, LONGEST_TRIAL_MS),
      mayDeliver: this.#options.mayDeliver && !this.#options.areOurs,
    }
    return Promise.all(this.#targetsFor(workload).map((target) => findLevel({ ...common, target })))
  }
}

function keyOf({ pipelining, tls }: LevelWorkload): string {
  return `${pipelining} ${tls}`
}
