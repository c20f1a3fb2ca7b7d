import { join, relative, resolve } from 'node:path'
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node'
import { storeResult } from '../src/analysis/store.ts'
import { MailstormError } from '../src/error.ts'
import type { Result } from '../src/load/result.ts'
import { renderMarkdown } from '../src/render/markdown.ts'
import { type Paint, paintFor, plain } from '../src/render/paint.ts'
import { renderSummary } from '../src/render/summary.ts'
import { renderText } from '../src/render/text.ts'
import { collectResults, resultKey, resultOf } from './collect-results.ts'
import type { Terminal } from './live-line.ts'

export interface ResultsReporterOptions {
  /** Folder for the results, from Vitest's root; by default STRESS_RESULTS_DIR, else `results`. */
  readonly directory?: string
}

/**
 * Writes each result as soon as its run has ended, so that a later crash costs nothing, and prints its
 * summary; at the end the table over all of them.
 */
export default class ResultsReporter implements Reporter {
  readonly #options: ResultsReporterOptions
  readonly #taken = new Map<string, Promise<void>>()
  #vitest: Vitest | undefined
  #paint: Paint = plain

  constructor(options: ResultsReporterOptions = {}) {
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
    this.#paint = paintFor(vitest.logger.outputStream as Terminal, process.env)
  }

  onTestRunStart(): void {
    this.#taken.clear()
  }

  async onTestCaseResult(testCase: TestCase): Promise<void> {
    const result = resultOf(testCase)
    if (result !== undefined) await this.#take(result)
  }

  /** Takes what no finished test has brought: results of interrupted tests, of suites, of merged reports. */
  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const results = collectResults(modules)
    for (const result of results) await this.#take(result)
    await Promise.all(this.#taken.values())
    if (results.length > 0) this.#vitest?.logger.log(`\n${renderSummary(results, this.#paint)}`)
  }

  #take(result: Result): Promise<void> {
    const key = resultKey(result)
    const taken = this.#taken.get(key) ?? this.#writeAndPrint(result)
    this.#taken.set(key, taken)
    return taken
  }

  /** The figures go to the terminal also when they cannot be written; the run then fails. */
  async #writeAndPrint(result: Result): Promise<void> {
    const logger = this.#vitest?.logger
    logger?.log(`\n${renderText(result, this.#paint)}`)
    try {
      const { json, markdown } = await storeResult(this.#folder(), result, renderMarkdown(result))
      const logs = result.logs === undefined ? '' : `, logs: ${shortPath(join(this.#folder(), result.logs))}`
      logger?.log(`Written: ${shortPath(json)} and ${shortPath(markdown)}${logs}`)
    } catch (error) {
      if (!(error instanceof MailstormError)) throw error
      process.exitCode = 1
      logger?.error(this.#paint('red', error.message))
    }
  }

  #folder(): string {
    const root = this.#vitest?.config.root ?? process.cwd()
    return resolve(root, this.#options.directory ?? (process.env.STRESS_RESULTS_DIR || 'results'))
  }
}

/** From the working directory when it is below that, else absolute. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
