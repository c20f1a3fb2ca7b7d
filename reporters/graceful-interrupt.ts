import { constants } from 'node:os'
import type { Reporter, TestModule, Vitest } from 'vitest/node'
import { outliveClosedOutput } from '../src/cli/closed-output.ts'
import { type EndSignal, onEndSignal } from '../src/processes.ts'
import { collectResults, probeOf } from './collect-results.ts'
import { tell } from './kept-reporters.ts'

/** Name of Vitest's own listener (Logger.addCleanupListeners), which exits 1 ms after the signal. */
const VITEST_LISTENER = 'onExit'
const VITEST_SIGNALS = ['SIGINT', 'SIGTERM'] as const

const PARENT_LOOK_MS = 500

/** Options of {@link GracefulInterrupt}. */
export interface GracefulInterruptOptions {
  /**
   * Ends the run when the parent process ends. On SIGTERM from npx, npm's shell dies without passing the signal
   * on, so we would never see it. Default: false.
   */
  readonly endWithParent?: boolean
}

/**
 * Ends an interrupted run properly: the first signal cancels it, so that abort signals fire and partial results
 * are written; the second exits at once. The exit code is the shell's for a signal, 128 + its number: 130, 143
 * or 129.
 */
export default class GracefulInterrupt implements Reporter {
  readonly #options: GracefulInterruptOptions
  #vitest: Vitest | undefined
  #phase: 'before' | 'running' | 'after' = 'before'
  #interrupted = false
  #parentLook: NodeJS.Timeout | undefined

  /** @param options - whether the end of the parent process ends the run too */
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

  /** A process whose parent has ended is given another parent. */
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
    // The parent may have ended by the same kill: that is not a second signal.
    clearInterval(this.#parentLook)
    // Vitest sets 1 for a run that did not pass, at any time; set ours last.
    process.once('exit', () => {
      process.exitCode = code
    })
    // The servers are already being stopped, within a time limit of its own (teardownTimeout).
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
  return tasks.some((task) => probeOf(task) !== undefined)
}
