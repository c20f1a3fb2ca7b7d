import type { HangingSession, ThreadMeasure } from './messages.ts'
import type { WatchLimits } from './plan.ts'

interface Part {
  workers: readonly number[]
  hanging: readonly HangingSession[] | undefined
  /** Looks since it was heard last. */
  missed: number
}

/** What is wrong with a run's threads. */
export type Trouble =
  | { readonly kind: 'blocked'; readonly threads: readonly string[]; readonly workers: readonly number[] }
  | { readonly kind: 'hangs'; readonly sessions: readonly HangingSession[] }

/**
 * What a run has heard of its threads. Time is counted in looks, so that a main thread that was blocked, or
 * a machine that was suspended, does not take its own silence for theirs.
 */
export class Heartbeats {
  readonly #mostMissed: number
  readonly #parts = new Map<string, Part>()
  #looks = 0

  constructor({ heartbeatMs, everyMs }: WatchLimits) {
    this.#mostMissed = Math.ceil(heartbeatMs / everyMs)
  }

  heard({ part, workers, hanging }: Pick<ThreadMeasure, 'part' | 'workers' | 'hanging'>): void {
    this.#parts.set(part, { workers, hanging, missed: 0 })
  }

  /** To be called once in an interval, with the workers that have not ended. */
  look(unfinished: ReadonlySet<number>): Trouble | undefined {
    this.#looks++
    const parts = [...this.#parts].filter(([, { workers }]) => workers.some((one) => unfinished.has(one)))
    for (const [, part] of parts) part.missed++
    const known = new Set(parts.flatMap(([, { workers }]) => workers))
    const unheard = [...unfinished].filter((worker) => !known.has(worker))
    const silent = parts.filter(([, { missed }]) => missed > this.#mostMissed)
    const neverBegun = this.#looks > this.#mostMissed ? unheard : []
    if (silent.length > 0 || neverBegun.length > 0) {
      const workers = silent.flatMap(([, part]) => part.workers.filter((one) => unfinished.has(one)))
      return { kind: 'blocked', threads: silent.map(([name]) => name), workers: [...workers, ...neverBegun] }
    }
    // The others go on: what is left of the plan is theirs.
    if (parts.length === 0 || unheard.length > 0) return undefined
    const hanging = parts.map(([, part]) => part.hanging)
    if (hanging.some((sessions) => sessions === undefined)) return undefined
    return { kind: 'hangs', sessions: hanging.flatMap((sessions) => sessions ?? []) }
  }

  /** What the threads of these workers said last. */
  hanging(unfinished: ReadonlySet<number>): readonly HangingSession[] {
    const parts = [...this.#parts.values()].filter(({ workers }) =>
      workers.some((one) => unfinished.has(one)),
    )
    return parts.flatMap(({ hanging }) => hanging ?? [])
  }
}

const MOST_NAMED = 5

/** For people: `2 sessions hang: smtp-server-1 in tls for 41 s, …`. */
export function troubleText(
  trouble: Trouble,
  { targetNames, nowMs }: { targetNames: readonly string[]; nowMs: number },
): string {
  if (trouble.kind === 'blocked') {
    const { threads, workers } = trouble
    const who = threads.length === 0 ? 'a sender thread' : `sender thread ${threads.join(', ')}`
    const listed = `${workers
      .slice(0, MOST_NAMED)
      .map((worker) => worker + 1)
      .join(', ')}${workers.length > MOST_NAMED ? ', …' : ''}`
    return `${who} answers no more (worker ${listed}): its event loop is blocked, as by a hook that does not return, or it has ended`
  }
  const { sessions } = trouble
  if (sessions.length === 0) return 'workers are silent beyond all time limits, outside of any session'
  const named = sessions.slice(0, MOST_NAMED).map(({ target, phase, sinceMs }) => {
    const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000))
    return `${targetNames[target] ?? `target ${target}`} in phase ${phase} for ${seconds} s`
  })
  const more = sessions.length > MOST_NAMED ? `, and ${sessions.length - MOST_NAMED} more` : ''
  const hang = sessions.length === 1 ? 'one session hangs' : `${sessions.length} sessions hang`
  return `${hang} beyond all time limits: ${named.join(', ')}${more}`
}
