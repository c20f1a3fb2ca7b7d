export interface DrainLimits {
  /** Nothing moved for so long: nothing will. */
  readonly quietMs: number
  /** However it moves. */
  readonly mostMs: number
}

/** How far a run is, in numbers of messages. */
export interface DrainCounts {
  readonly handedOver: number
  readonly delivered: number
  readonly reported: number
  readonly settled: number
}

export type DrainState = 'going-on' | 'done' | 'quiet' | 'too-long'

/** Says when there is nothing more to wait for after the last message was handed over. No clock of its own. */
export class Drain {
  readonly #limits: DrainLimits
  readonly #beganMs: number
  #movedMs: number
  #last = ''

  constructor(limits: DrainLimits, nowMs: number) {
    this.#limits = limits
    this.#beganMs = nowMs
    this.#movedMs = nowMs
  }

  look({ handedOver, delivered, reported, settled }: DrainCounts, nowMs: number): DrainState {
    if (settled >= handedOver) return 'done'
    const seen = [handedOver, delivered, reported, settled].join()
    if (seen !== this.#last) {
      this.#last = seen
      this.#movedMs = nowMs
    }
    if (nowMs - this.#movedMs >= this.#limits.quietMs) return 'quiet'
    return nowMs - this.#beganMs >= this.#limits.mostMs ? 'too-long' : 'going-on'
  }
}
