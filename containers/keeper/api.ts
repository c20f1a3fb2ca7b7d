import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout } from 'node:timers/promises'
import type { LedgerEntry, ServerLedger } from '../../src/ledger/ledger.ts'
import { LOOPBACK } from '../../src/listening.ts'
import { ControlClient } from '../control-client.ts'
import type { RunningSmtpServer } from '../smtp-server.ts'
import type { KeptService, LifeState } from './service-keeper.ts'
import type { KeptState } from './state.ts'

/** Long enough for the kernel's CPU ticks of 10 ms to resolve a few percent. */
const BETWEEN_READINGS_MS = 500

/** One service in the answer to `GET /state`. */
export interface ServiceState {
  readonly name: string
  readonly address: string
  readonly state: LifeState
  /** How often it was restarted. */
  readonly restarts: number
  /** How it last ended by itself, such as "killed by SIGKILL", and when (ISO 8601); null when it never did. */
  readonly last_end: { readonly by: string; readonly at: string } | null
}

/** One line of `mailstorm status`; one service in the answer to `GET /status`. */
export interface ServiceStatus extends ServiceState {
  readonly cpu_percent: number | null
  readonly memory_bytes: number | null
}

/** The keeper's API, for other processes of this machine: read-only, on loopback. */
export async function serveKeeper(
  services: readonly KeptService[],
  servers: readonly KeptService<RunningSmtpServer>[],
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    answer(request, response, services, servers).catch((error: Error) => {
      // Too late for an error status; a broken answer is at least not taken for complete.
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error.message}\n`)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, LOOPBACK, resolve)
  })
  return { server, port: (server.address() as AddressInfo).port }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  services: readonly KeptService[],
  servers: readonly KeptService<RunningSmtpServer>[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://keeper')
  const named = url.searchParams.get('service')
  const run = url.searchParams.get('run') ?? ''
  const asked = services.filter(({ name }) => named === null || name === named)
  const smtp = servers.find(({ name }) => name === named)?.current
  switch (url.pathname) {
    case '/status':
      // CPU is measured between two readings; a single one would cover nothing, or hours.
      await Promise.all(asked.map((service) => service.usage()))
      await setTimeout(BETWEEN_READINGS_MS)
      return json(response, await Promise.all(asked.map(statusOf)))
    // A usage reading starts the next interval, so a client that only watches must not trigger one.
    case '/state':
      return json(response, asked.map(stateOf))
    case '/logs': {
      const lines = Number(url.searchParams.get('lines') ?? 1000)
      const [service] = asked
      return service === undefined || named === null
        ? notFound(response)
        : json(response, await service.logTail(lines))
    }
    case '/ledger':
      return smtp === undefined ? notFound(response) : json(response, await smtp.ledger(run))
    case '/ledger/entries':
      if (smtp === undefined) return notFound(response)
      response.writeHead(200, { 'content-type': 'application/x-ndjson' })
      // As fast as the client reads: there may be millions.
      return pipeline(Readable.from(linesOf(smtp.entries(run))), response)
    default:
      return notFound(response)
  }
}

async function statusOf(service: KeptService): Promise<ServiceStatus> {
  const usage = await service.usage()
  return {
    ...stateOf(service),
    cpu_percent: usage?.cpuPercent ?? null,
    memory_bytes: usage?.memoryBytes ?? null,
  }
}

function stateOf({ name, address, state, restarts, lastEnd }: KeptService): ServiceState {
  const end = lastEnd === undefined ? null : { by: lastEnd.by, at: new Date(lastEnd.atEpochMs).toISOString() }
  return { name, address, state, restarts, last_end: end }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function notFound(response: ServerResponse): void {
  response.writeHead(404, { 'content-type': 'text/plain' }).end('no such service or path\n')
}

async function* linesOf(entries: AsyncIterable<LedgerEntry>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}

/** Containers take up to two seconds for each of the two readings of `/status`. */
const ANSWER_WITHIN_MS = 15_000

/** Client of the keeper's API. */
export class KeeperClient {
  readonly #control: ControlClient

  constructor({ apiPort }: Pick<KeptState, 'apiPort'>, answerWithinMs: number = ANSWER_WITHIN_MS) {
    const url = `http://${LOOPBACK}:${apiPort}`
    this.#control = new ControlClient({ name: 'the keeper', url, answerWithinMs })
  }

  status(): Promise<ServiceStatus[]> {
    return this.#control.json('/status')
  }

  async statusOf(service: string): Promise<ServiceStatus | undefined> {
    const [status] = await this.#control.json<ServiceStatus[]>('/status', { service })
    return status
  }

  async stateOf(service: string): Promise<ServiceState | undefined> {
    const [state] = await this.#control.json<ServiceState[]>('/state', { service })
    return state
  }

  logs(service: string, lines: number): Promise<string[]> {
    return this.#control.json('/logs', { service, lines: String(lines) })
  }

  ledger(service: string, run: string): Promise<ServerLedger> {
    return this.#control.json('/ledger', { service, run })
  }

  entries(service: string, run: string): AsyncGenerator<LedgerEntry> {
    return this.#control.lines('/ledger/entries', { service, run })
  }
}
