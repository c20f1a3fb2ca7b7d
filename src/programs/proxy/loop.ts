import { errorText } from '../../error.ts'
import type { Log } from './log.ts'

export interface LoopOptions {
  readonly name: string
  /** Time from the end of a cycle to the next one, unless woken. */
  readonly intervalMs: number
  readonly cycle: () => Promise<void>
  readonly log: Log
}

/**
 * Runs cycles one after another, at intervals, and at once when woken. Waking it during a cycle causes another.
 */
export class Loop {
  readonly #options: LoopOptions
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #again = false
  #stopped = false

  constructor(options: LoopOptions) {
    this.#options = options
  }

  wake(): void {
    if (this.#stopped) return
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    clearTimeout(this.#timer)
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      this.#wait()
    })
  }

  /** For callers that are content with the running cycle. */
  wakeUnlessRunning(): void {
    if (this.#running === undefined) this.wake()
  }

  /** Resolves when no cycle is running and none will start. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  #wait(): void {
    if (this.#stopped) return
    if (this.#again) this.wake()
    else this.#timer = setTimeout(() => this.wake(), this.#options.intervalMs)
  }

  async #run(): Promise<void> {
    this.#again = false
    try {
      await this.#options.cycle()
    } catch (error) {
      // Whatever it was, the next cycle starts after the interval.
      this.#options.log.warning(`${this.#options.name} failed`, { error: errorText(error) })
      this.#again = false
    }
  }
}
