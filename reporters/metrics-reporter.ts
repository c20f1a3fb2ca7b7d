import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Reporter, TestCase, Vitest } from 'vitest/node'
import { PROGRESS_ARTIFACT } from '../fixtures/task-data.ts'
import { MailstormError, USAGE_ERROR } from '../src/error.ts'
import { whyNotListening } from '../src/listening.ts'
import { isColorRefused, isInVsCode } from '../src/options/process-environment.ts'
import { type MetricsAddress, RunExposition } from '../src/report/prometheus.ts'
import { pageFor, wrapText } from '../src/report/terminal.ts'
import { tell } from './kept-reporters.ts'

/**
 * How long the process waits for Prometheus to fetch the last figures: a little over its usual scrape interval
 * of 5 s. A shorter run would otherwise never be seen.
 */
const LAST_SCRAPE_MS = 6_000

type Artifact = Parameters<NonNullable<Reporter['onTestCaseArtifactRecord']>>[1]

/** Serves the figures of the run to Prometheus while it is running. */
export default class MetricsReporter implements Reporter {
  readonly #address: MetricsAddress
  readonly #lastScrapeMs: number
  readonly #exposition = new RunExposition()
  #server: MetricsServer | undefined
  #vitest: Vitest | undefined
  #hasFigures = false

  /**
   * @param address - where to serve
   * @param lastScrapeMs - how long to wait for a last scrape after the run, in ms
   */
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

  /** A port that nobody asked for must not stop a run, such as a second one beside the first. */
  async #start(vitest: Vitest): Promise<MetricsServer | undefined> {
    try {
      return await MetricsServer.start(this.#exposition, this.#address)
    } catch (error) {
      if (this.#address.asked) this.#refuse(error)
      tell(vitest, `Prometheus will not see this run. ${(error as Error).message.split('\n')[0]}`)
      return undefined
    }
  }

  /** On the command line it ends as for a bad option; an IDE gets the error to show. */
  #refuse(error: unknown): never {
    if (!(error instanceof MailstormError) || isInVsCode()) throw error
    process.stderr.write(`\n${wrapText(error.message, pageFor(process.stderr, isColorRefused()).width)}\n\n`)
    process.exit(USAGE_ERROR)
  }

  onTestCaseArtifactRecord(_testCase: TestCase, artifact: Artifact): void {
    if (artifact.type !== PROGRESS_ARTIFACT) return
    if (this.#exposition.update(artifact.progress)) this.#hasFigures = true
  }

  onTestCaseResult(testCase: TestCase): void {
    const result = testCase.meta().mailstormResult
    if (result === undefined) return
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

/** `GET /metrics` of a stress run. */
export class MetricsServer implements AsyncDisposable {
  readonly url: string
  readonly #server: Server
  readonly #exposition: RunExposition
  #scraped = Promise.withResolvers<void>()

  static async start(
    exposition: RunExposition,
    { host, port }: Pick<MetricsAddress, 'host' | 'port'>,
  ): Promise<MetricsServer> {
    const server = createServer()
    server.listen(port, host)
    try {
      await once(server, 'listening')
    } catch (error) {
      throw notServed(host, port, error)
    }
    // An endpoint that nobody scrapes must not keep the process alive.
    server.unref()
    return new MetricsServer(server, exposition, host)
  }

  private constructor(server: Server, exposition: RunExposition, host: string) {
    this.#server = server
    this.#exposition = exposition
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}/metrics`
    server.on('request', ({ url }, response) => {
      this.#answer(url ?? '/', response).catch((error: Error) => response.destroy(error))
    })
  }

  /** Resolves with the next scrape that begins after this call. */
  nextScrape(): Promise<void> {
    return this.#scraped.promise
  }

  async #answer(url: string, response: ServerResponse): Promise<void> {
    if (new URL(url, 'http://run').pathname !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('only /metrics is here\n')
      return
    }
    const scraped = this.#scraped
    this.#scraped = Promise.withResolvers()
    const { user, system } = process.cpuUsage()
    const text = await this.#exposition.text({
      cpuSeconds: (user + system) / 1e6,
      memoryBytes: process.memoryUsage.rss(),
    })
    response.on('finish', () => scraped.resolve())
    response.writeHead(200, { 'content-type': this.#exposition.contentType }).end(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

function notServed(host: string, port: number, error: unknown): MailstormError {
  const { why } = whyNotListening(error)
  return new MailstormError(
    'METRICS_PORT',
    `Failed to serve the metrics of the run at ${host}:${port}: ${why}.`,
    'Set STRESS_METRICS_PORT to another port (0 = any free one), or STRESS_METRICS_HOST to an address of this machine.',
  )
}
