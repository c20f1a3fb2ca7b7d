import { constants } from 'node:os'
import type { Reporter, Vitest } from 'vitest/node'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
type Signal = (typeof SIGNALS)[number]

/** The name of Vitest's own listener (Logger.addCleanupListeners), which exits 1 ms after the signal. */
const VITEST_LISTENER = 'onExit'

/**
 * Lets a run that is interrupted end properly: the first signal cancels it, so that the tests' abort
 * signals fire and partial results are written; the second exits at once. The exit code is the shell's
 * for a signal, 128 + its number: 130 or 143.
 */
export default class GracefulInterrupt implements Reporter {
  readonly #listeners = new Map<Signal, () => void>()
  #vitest: Vitest | undefined
  #phase: 'before' | 'running' | 'after' = 'before'
  #interrupted = false

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    for (const signal of SIGNALS) {
      this.#removeVitestListener(signal)
      const listener = () => this.#interrupt(signal)
      this.#listeners.set(signal, listener)
      process.on(signal, listener)
    }
    vitest.onClose(() => {
      for (const [signal, listener] of this.#listeners) process.off(signal, listener)
    })
  }

  onTestRunStart(): void {
    this.#phase = 'running'
  }

  onTestRunEnd(): void {
    this.#phase = 'after'
  }

  #removeVitestListener(signal: Signal): void {
    const own = process.listeners(signal).filter(({ name }) => name === VITEST_LISTENER)
    for (const listener of own) process.off(signal, listener)
    if (own.length > 0) return
    this.#vitest?.logger.warn(
      `Vitest's own ${signal} listener was not found: an interrupted run may lose its partial result. ` +
        'mailstorm has been tested with Vitest 5.1.',
    )
  }

  #interrupt(signal: Signal): void {
    const code = 128 + constants.signals[signal]
    const idle = this.#phase === 'before' || (this.#phase === 'after' && this.#vitest?.shouldKeepServer())
    if (this.#interrupted || idle) process.exit(code)
    this.#interrupted = true
    // Vitest sets 1 for a run that did not pass, whenever that may be; ours is the last word.
    process.once('exit', () => {
      process.exitCode = code
    })
    // The servers are being stopped already; that has its own time limit (teardownTimeout).
    if (this.#phase === 'after') return
    this.#vitest?.logger.log(
      `\n${signal}: stopping, partial results will be written. Once more to exit at once without them.`,
    )
    this.#vitest?.cancelCurrentRun('keyboard-input').catch((error: unknown) => {
      this.#vitest?.logger.printError(error, { fullStack: true })
      process.exit(code)
    })
  }
}
