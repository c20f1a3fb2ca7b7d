import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { errorText, MailstormError } from '../src/error.ts'
import type { MetricsAddress, RunExposition } from '../src/report/prometheus.ts'

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
      throw listenFailure(host, port, error)
    }
    // The run decides when the process ends, not an endpoint that nobody asks.
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

const CAUSES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  ENOTFOUND: 'the address is not known',
}

function listenFailure(host: string, port: number, error: unknown): MailstormError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = CAUSES[code] ?? errorText(error)
  return new MailstormError(
    'METRICS_PORT',
    `Failed to serve the metrics of the run at ${host}:${port}: ${why}.`,
    'Set STRESS_METRICS_PORT to another port (0 = any free one), or STRESS_METRICS_HOST to an address of this machine.',
  )
}
