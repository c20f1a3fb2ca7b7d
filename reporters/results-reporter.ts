import { join, relative } from 'node:path'
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { MailstormError, USAGE_ERROR } from '../src/error.ts'
import { isColorRefused, isInVsCode } from '../src/options/process-environment.ts'
import type { AnyResult } from '../src/pressure/result.ts'
import { writeIndex, writeReport } from '../src/report/html/files.ts'
import { renderMarkdown, renderText } from '../src/report/kinds.ts'
import { renderSummary } from '../src/report/runs/list.ts'
import { type Page, PIPE, pageFor, wrapLine, wrapText } from '../src/report/terminal.ts'
import { checkResultsFolder, storeResult } from '../src/results/store.ts'
import { collectResults, resultKey, resultOf, resultsFolder } from './collect-results.ts'
import { tell, toldTo } from './kept-reporters.ts'
import type { Terminal } from './live-line.ts'
import { namesLike } from './rows.ts'

/** Options of {@link ResultsReporter}. */
export interface ResultsReporterOptions {
  /** Folder for the results, relative to Vitest's root. Default: STRESS_RESULTS_DIR, else `results`. */
  readonly directory?: string
}

/**
 * Writes each result and prints its summary as soon as its run has ended, so that a later crash loses nothing;
 * prints the table over all results at the end.
 */
export default class ResultsReporter implements Reporter {
  readonly #options: ResultsReporterOptions
  readonly #taken = new Map<string, Promise<void>>()
  #vitest: Vitest | undefined
  #page: Page = PIPE

  /** @param options - where results are written */
  constructor(options: ResultsReporterOptions = {}) {
    this.#options = options
  }

  async onInit(vitest: Vitest): Promise<void> {
    this.#vitest = vitest
    this.#page = pageFor(toldTo(vitest) as Terminal, isColorRefused())
    await checkResultsFolder(this.#folder()).catch(refuse)
  }

  onTestRunStart(): void {
    this.#taken.clear()
  }

  async onTestCaseResult(testCase: TestCase): Promise<void> {
    const result = resultOf(testCase)
    if (result !== undefined) await this.#take(result)
  }

  /** Picks up results that no finished test carried: of interrupted tests, of suites, of merged reports. */
  async onTestRunEnd(
    modules: readonly TestModule[],
    _errors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    if (reason === 'passed' && hasRunNothing(modules)) this.#nothingMatched(modules)
    const results = collectResults(modules)
    for (const result of results) await this.#take(result)
    await Promise.all(this.#taken.values())
    if (results.length === 0) return
    // The rows that would have failed may have been cut off, or excluded by `-t`.
    if (results.some(({ verdict }) => verdict === 'FAILED')) process.exitCode = 1
    tell(this.#vitest, `\n${renderSummary(results, this.#page)}`)
    await this.#orTell(async () => {
      const index = await writeIndex(this.#folder())
      tell(this.#vitest, `All runs: ${shortPath(index)}`)
    })
  }

  /** Vitest passes a run in which nothing ran, whoever reports it; a gate that tested nothing must not be green. */
  #nothingMatched(modules: readonly TestModule[]): void {
    const { testNamePattern: pattern } = this.#vitest?.config ?? {}
    if (pattern === undefined) return
    process.exitCode = 1
    const { paint, width } = this.#page
    const lines = [
      paint('red', `\nNo scenario matches -t ${pattern.source}: nothing was run.`),
      ...namesLike(pattern, modules),
    ]
    for (const line of lines) this.#vitest?.logger.error(wrapText(line, width))
  }

  #take(result: AnyResult): Promise<void> {
    const key = resultKey(result)
    const taken = this.#taken.get(key) ?? this.#writeAndPrint(result)
    this.#taken.set(key, taken)
    return taken
  }

  /** Prints the figures even when they cannot be written; the run then fails. */
  async #writeAndPrint(result: AnyResult): Promise<void> {
    tell(this.#vitest, `\n${renderText(result, this.#page)}`)
    await this.#orTell(async () => {
      const { json, markdown, latestFailure } = await storeResult(
        this.#folder(),
        result,
        renderMarkdown(result),
      )
      const files = [json, markdown]
      try {
        files.push(await writeReport(json, result))
      } finally {
        if (result.logs !== undefined) files.push(join(this.#folder(), result.logs))
        const written = `Written: ${files.map(shortPath).join(', ')}`
        tell(this.#vitest, wrapLine(written, this.#page.width).join('\n'))
      }
      if (latestFailure !== undefined) throw latestFailure
    })
  }

  async #orTell(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      if (!(error instanceof MailstormError)) throw error
      process.exitCode = 1
      this.#vitest?.logger.error(this.#page.paint('red', error.message))
    }
  }

  #folder(): string {
    return resultsFolder(this.#vitest, this.#options.directory)
  }
}

function hasRunNothing(modules: readonly TestModule[]): boolean {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  return modules.length > 0 && tests.every((test) => test.result().state === 'skipped')
}

/** On the command line it ends as for a bad option; an IDE gets the error to show. */
function refuse(error: unknown): never {
  if (!(error instanceof MailstormError) || isInVsCode()) throw error
  process.stderr.write(`\n${wrapText(error.message, pageFor(process.stderr, isColorRefused()).width)}\n\n`)
  process.exit(USAGE_ERROR)
}

/** Relative to the working directory for paths below it, else absolute. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short.startsWith('..') ? path : short
}
