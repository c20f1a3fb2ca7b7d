import type { Reporter, TestCase, Vitest } from 'vitest/node'
import { PROGRESS_ARTIFACT } from '../fixtures/task-data.ts'
import { MailstormError, USAGE_ERROR } from '../src/error.ts'
import { isPressure } from '../src/pressure/result.ts'
import { type MetricsAddress, RunExposition } from '../src/report/prometheus.ts'
import { pageFor, wrapText } from '../src/report/terminal.ts'
import { resultOf } from './collect-results.ts'
import { tell } from './kept-reporters.ts'
import { MetricsServer } from './metrics-server.ts'

/**
 * How long the process stays for Prometheus to fetch the last figures: a little over its usual scrape
 * interval of 5 s. Without it, a run shorter than that would never be seen.
 */
const LAST_SCRAPE_MS = 6_000

type Artifact = Parameters<NonNullable<Reporter['onTestCaseArtifactRecord']>>[1]

/** Serves the figures of the run to Prometheus while it goes on. */
export default class MetricsReporter implements Reporter {
  readonly #address: MetricsAddress
  readonly #lastScrapeMs: number
  readonly #exposition = new RunExposition()
  #server: MetricsServer | undefined
  #vitest: Vitest | undefined
  #hasFigures = false

  constructor(address: MetricsAddress, lastScrapeMs = LAST_SCRAPE_MS) {
    this.#address = address
    this.#lastScrapeMs = lastScrapeMs
  }

  async onInit(vitest: Vitest): Promise<void> {
    this.#vitest = vitest
    this.#server ??= await this.#start(vitest)
    if (this.#server === undefined) return
    tell(vitest, `Metrics for Prometheus: ${this.#server.url}`)
    vitest.onClose(() => this.#server?.[Symbol.asyncDispose]())
  }

  /** What nobody asked for must not keep a run from running, as a second one beside the first. */
  async #start(vitest: Vitest): Promise<MetricsServer | undefined> {
    try {
      return await MetricsServer.start(this.#exposition, this.#address)
    } catch (error) {
      if (this.#address.asked) this.#refuse(error)
      tell(vitest, `Prometheus will not see this run. ${(error as Error).message.split('\n')[0]}`)
      return undefined
    }
  }

  /** On the command line as a bad option; an IDE gets the error to show. */
  #refuse(error: unknown): never {
    if (!(error instanceof MailstormError) || process.env.VITEST_VSCODE !== undefined) throw error
    process.stderr.write(`\n${wrapText(error.message, pageFor(process.stderr, process.env).width)}\n\n`)
    process.exit(USAGE_ERROR)
  }

  onTestCaseArtifactRecord(_testCase: TestCase, artifact: Artifact): void {
    // Of pressure runs the proxy's own metrics tell.
    if (artifact.type !== PROGRESS_ARTIFACT || 'kind' in artifact.progress) return
    this.#hasFigures = true
    this.#exposition.update(artifact.progress)
  }

  onTestCaseResult(testCase: TestCase): void {
    const result = resultOf(testCase)
    if (result === undefined || isPressure(result)) return
    this.#hasFigures = true
    this.#exposition.finish(result)
  }

  async onTestRunEnd(): Promise<void> {
    if (!this.#hasFigures || this.#server === undefined) return
    tell(
      this.#vitest,
      `Waiting up to ${this.#lastScrapeMs / 1000} s for Prometheus to fetch the last figures …`,
    )
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, this.#lastScrapeMs)
    await Promise.race([promise, this.#server.nextScrape()])
    clearTimeout(timer)
  }
}
