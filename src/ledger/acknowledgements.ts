/** Unit of a time: 0.1 ms, so that 119 hours fit. 0 is no time. */
const UNITS_PER_MS = 10
/** Time and target. */
const WORDS = 2
const BYTES = WORDS * Uint32Array.BYTES_PER_ELEMENT
/** Address space that a run without a planned number of messages may grow into; only what is used takes memory. */
const MOST_BYTES = 100_000_000 * BYTES
const STEP_MESSAGES = 131_072

/**
 * When each message was acknowledged, and by which target: 8 bytes a message, in memory that all threads of a run
 * share. Kept only for runs that are verified behind their servers.
 */
export class Acknowledgements {
  readonly memory: SharedArrayBuffer
  readonly #words: Uint32Array

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#words = new Uint32Array(memory)
  }

  /** `planned`: how many messages there are at most; Infinity where time alone ends the run. */
  static for(planned: number): Acknowledgements {
    const memory = Number.isFinite(planned)
      ? new SharedArrayBuffer(planned * BYTES)
      : new SharedArrayBuffer(STEP_MESSAGES * BYTES, { maxByteLength: MOST_BYTES })
    return new Acknowledgements(memory)
  }

  /** `ms`: after the start of the run. */
  add(message: number, target: number, ms: number): void {
    const at = message * WORDS
    if (at >= this.#words.length) this.#grow(message)
    this.#words[at] = Math.max(0, Math.round(ms * UNITS_PER_MS)) + 1
    this.#words[at + 1] = target
  }

  /** After the start of the run; undefined when the message was not acknowledged. */
  msOf(message: number): number | undefined {
    const units = this.#words[message * WORDS] ?? 0
    return units === 0 ? undefined : (units - 1) / UNITS_PER_MS
  }

  targetOf(message: number): number {
    return this.#words[message * WORDS + 1] ?? 0
  }

  /** Several threads may grow it at a time: it never shrinks. Beyond its limit there are no times. */
  #grow(message: number): void {
    const { memory } = this
    if (!memory.growable) return
    const bytes = Math.min(memory.maxByteLength, (message + STEP_MESSAGES) * BYTES)
    try {
      if (bytes > memory.byteLength) memory.grow(bytes)
    } catch (error) {
      if (!(error instanceof RangeError) || memory.byteLength < bytes) throw error
    }
  }
}
