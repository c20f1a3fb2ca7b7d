import { mostRecipients } from '../../mail/envelopes/envelopes.ts'
import { mostBytes } from '../../mail/mail.ts'
import { LEAST_BYTES_PER_MS } from '../../smtp/target.ts'
import type { TransportState } from '../../smtp/transport.ts'
import type { Clock } from '../clock.ts'
import type { LoadPlan, WatchLimits } from './plan.ts'
import type { HangingSession, ThreadMeasure } from './run-control.ts'

/**
 * Replies that one message may wait for: connect and TLS 2, greeting 1, EHLO and HELO 4 (once more under
 * TLS), STARTTLS 1, AUTH 12 (three mechanisms), MAIL, DATA, final dot, RSET and QUIT 5; and one to a recipient.
 */
const REPLIES = 25
/** A message whose session ended before it was begun gets a second one. */
const SESSIONS = 2

export function watchLimits({
  mail,
  replyTimeoutMs,
  retryDelaysMs = [],
  behaviour: { thinkMs: [, thinkMs] = [0, 0] } = {},
}: Pick<LoadPlan, 'replyTimeoutMs' | 'mail' | 'retryDelaysMs' | 'behaviour'>): WatchLimits {
  const repliesMs = (REPLIES + mostRecipients(mail.recipients)) * replyTimeoutMs
  // MAIL, DATA and each RCPT.
  const waitMs = Math.max(0, ...retryDelaysMs) + SESSIONS * (2 + mostRecipients(mail.recipients)) * thinkMs
  return {
    everyMs: 1_000,
    overdueMs: 10_000,
    silenceMs: SESSIONS * (repliesMs + mostBytes(mail) / LEAST_BYTES_PER_MS) + waitMs + 10_000,
    heartbeatMs: 20_000,
    graceMs: 10_000,
  }
}

/** What a thread is doing. */
export interface Activity {
  /** Grows with everything that comes to an end. */
  readonly progress: number
  /** Messages were begun and have not ended, or workers are left although nothing is to be sent any more. */
  readonly waits: boolean
  /** Gone through only where nothing has come to an end for a while: there may be thousands. */
  readonly sessions: Iterable<SessionState>
}

export interface SessionState extends TransportState {
  /** Index into the targets. */
  readonly target: number
}

/** One thread's silence. Its time is that of its own looks: a thread that was blocked has not been silent. */
export class Silence {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #limits: WatchLimits
  #progress = 0
  #lastLookMs: number
  #quietMs = 0

  constructor(clock: Pick<Clock, 'nowMs'>, limits: WatchLimits) {
    this.#clock = clock
    this.#limits = limits
    this.#lastLookMs = clock.nowMs()
  }

  /** The sessions that hang, none of them when it hangs outside of any; undefined while it does not. */
  look({ progress, waits, sessions }: Activity): readonly HangingSession[] | undefined {
    const { overdueMs, silenceMs, everyMs } = this.#limits
    const nowMs = this.#clock.nowMs()
    this.#quietMs += Math.min(nowMs - this.#lastLookMs, 2 * everyMs)
    this.#lastLookMs = nowMs
    if (progress !== this.#progress) this.#quietMs = 0
    this.#progress = progress
    if (this.#quietMs <= overdueMs && this.#quietMs <= silenceMs) return undefined
    const busy = [...sessions].filter(({ limitMs }) => limitMs !== Number.POSITIVE_INFINITY)
    const hangs = busy.length > 0 && busy.every(({ limitMs }) => nowMs - limitMs > overdueMs)
    if ((hangs && this.#quietMs > overdueMs) || (waits && this.#quietMs > silenceMs)) {
      return busy.map(({ target, phase, sinceMs }) => ({ target, phase, sinceMs }))
    }
    return undefined
  }
}

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
    return `${who} no longer answers (worker ${listed}): its event loop is blocked, for example by a hook that never returns, or it has died`
  }
  const { sessions } = trouble
  if (sessions.length === 0) return 'workers have been silent past every time limit, outside any session'
  const named = sessions.slice(0, MOST_NAMED).map(({ target, phase, sinceMs }) => {
    const seconds = Math.max(0, Math.round((nowMs - sinceMs) / 1000))
    return `${targetNames[target] ?? `target ${target}`} in phase ${phase} for ${seconds} s`
  })
  const more = sessions.length > MOST_NAMED ? `, and ${sessions.length - MOST_NAMED} more` : ''
  const hang = sessions.length === 1 ? 'one session hangs' : `${sessions.length} sessions hang`
  return `${hang} past every time limit: ${named.join(', ')}${more}`
}
