import { constants } from 'node:os'
import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { outliveClosedOutput } from '../src/cli/closed-output.ts'
import { type EndSignal, onEndSignal } from '../src/end-signals.ts'
import { collectResults } from './collect-results.ts'
import { tell } from './kept-reporters.ts'

/** The name of Vitest's own listener (Logger.addCleanupListeners), which exits 1 ms after the signal. */
const VITEST_LISTENER = 'onExit'
const VITEST_SIGNALS = ['SIGINT', 'SIGTERM'] as const

const PARENT_LOOK_MS = 500

export interface GracefulInterruptOptions {
  /**
   * End with the process that started this one. npm's shell dies of a SIGTERM that npx hands on, without
   * handing it on in turn: nobody but us then knows that the load is to end.
   */
  readonly endWithParent?: boolean
}

/**
 * Lets a run that is interrupted end properly: the first signal cancels it, so that the tests' abort
 * signals fire and partial results are written; a later one exits at once. The exit code is the shell's
 * for a signal, 128 + its number: 130, 143 or 129.
 */
export default class GracefulInterrupt implements Reporter {
  readonly #options: GracefulInterruptOptions
  #vitest: Vitest | undefined
  #phase: 'before' | 'running' | 'after' = 'before'
  #interrupted = false
  #parentLook: NodeJS.Timeout | undefined

  constructor(options: GracefulInterruptOptions = {}) {
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    outliveClosedOutput()
    for (const signal of VITEST_SIGNALS) this.#removeVitestListener(signal)
    const listenNoMore = onEndSignal((signal) => this.#interrupt(signal, signal))
    if (this.#options.endWithParent === true) this.#watchParent()
    vitest.onClose(() => {
      clearInterval(this.#parentLook)
      listenNoMore()
    })
  }

  onTestRunStart(): void {
    this.#phase = 'running'
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    this.#phase = 'after'
    const isEmpty = collectResults(modules).length === 0 && !modules.some(hasProbed)
    if (this.#interrupted && isEmpty)
      tell(this.#vitest, 'It was stopped before it had sent anything: there is no result.')
  }

  #removeVitestListener(signal: EndSignal): void {
    const own = process.listeners(signal).filter(({ name }) => name === VITEST_LISTENER)
    for (const listener of own) process.off(signal, listener)
    if (own.length > 0) return
    this.#vitest?.logger.warn(
      `Vitest's own ${signal} listener was not found: an interrupted run may lose its partial result. ` +
        'mailstorm has been tested with Vitest 5.1.',
    )
  }

  /** A process whose parent has ended gets another one. */
  #watchParent(): void {
    const parentPid = process.ppid
    this.#parentLook = setInterval(() => {
      if (process.ppid === parentPid) return
      this.#interrupt('SIGTERM', `the process that started this one (${parentPid}) has ended`)
    }, PARENT_LOOK_MS).unref()
  }

  #interrupt(signal: EndSignal, why: string): void {
    const code = 128 + constants.signals[signal]
    const idle = this.#phase === 'before' || (this.#phase === 'after' && this.#vitest?.shouldKeepServer())
    if (this.#interrupted || idle) process.exit(code)
    this.#interrupted = true
    // The same kill may have ended the parent: that is no second wish.
    clearInterval(this.#parentLook)
    // Vitest sets 1 for a run that did not pass, whenever that may be; ours is the last word.
    process.once('exit', () => {
      process.exitCode = code
    })
    // The servers are being stopped already; that has its own time limit (teardownTimeout).
    if (this.#phase === 'after') return
    tell(
      this.#vitest,
      `\n${why}: stopping, partial results will be written. Again to exit at once without them.`,
    )
    this.#vitest?.cancelCurrentRun('keyboard-input').catch((error: unknown) => {
      this.#vitest?.logger.printError(error, { fullStack: true })
      process.exit(code)
    })
  }
}

function hasProbed(module: TestModule): boolean {
  const tasks = [...module.children.allSuites(), ...module.children.allTests()]
  return tasks.some((task) => task.meta().mailstormProbe !== undefined)
}
