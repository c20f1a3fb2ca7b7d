import { PHASES, type Phase } from './target.ts'

export const PHASE_INDEX = Object.fromEntries(PHASES.map((phase, index) => [phase, index])) as Record<
  Phase,
  number
>

/** Milliseconds by phase; NaN where a phase did not happen. All times are Clock milliseconds. */
export class PhaseTimer {
  readonly phasesMs = new Float64Array(PHASES.length)
  #sinceMs = 0

  start(nowMs: number): void {
    this.#sinceMs = nowMs
    this.phasesMs.fill(Number.NaN)
  }

  /** The time since the last mark was spent in `phase`. */
  mark(phase: Phase, nowMs: number): void {
    const index = PHASE_INDEX[phase]
    const before = this.phasesMs[index] as number
    this.phasesMs[index] = (Number.isNaN(before) ? 0 : before) + nowMs - this.#sinceMs
    this.#sinceMs = nowMs
  }
}
