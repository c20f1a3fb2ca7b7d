import type { RunEvent } from './result.ts'

/** What happened to the parts of a run, with its second. */
export class RunEvents {
  readonly #events: RunEvent[] = []
  #startedAtEpochMs = Date.now()

  /** Second 0 is here; what came before it has none below. */
  begin(startedAtEpochMs: number): void {
    this.#startedAtEpochMs = startedAtEpochMs
  }

  add(what: string, atEpochMs: number = Date.now()): void {
    const seconds = Math.max(0, atEpochMs - this.#startedAtEpochMs) / 1000
    this.#events.push({ at_seconds: Math.round(seconds * 10) / 10, what })
  }

  get all(): readonly RunEvent[] {
    return this.#events.toSorted((a, b) => a.at_seconds - b.at_seconds)
  }
}
