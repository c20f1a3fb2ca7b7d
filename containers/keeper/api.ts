import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { LOOPBACK } from '../../src/listening.ts'
import type { RunningSmtpServer } from '../smtp-server.ts'
import type { KeptService, LifeState } from './service-keeper.ts'
import type { KeptState } from './state.ts'

/** Long enough for the kernel's CPU ticks of 10 ms to resolve a few percent. */
const BETWEEN_READINGS_MS = 500

/** One service in the answer to `GET /state`. */
interface ServiceState {
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

/** The keeper's API: what other processes may know of the services. Loopback only, read-only. */
export async function serveKeeper(
  services: readonly KeptService[],
  servers: readonly KeptService<RunningSmtpServer>[],
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((request, response) => {
    answer(request, response, services, servers).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(`${error.message}\n`)
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
      for await (const entry of smtp.entries(run)) response.write(`${JSON.stringify(entry)}\n`)
      response.end()
      return
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

/** Client of the keeper's API. */
export class KeeperClient {
  readonly #url: string

  constructor({ apiPort }: Pick<KeptState, 'apiPort'>) {
    this.#url = `http://127.0.0.1:${apiPort}`
  }

  async status(): Promise<ServiceStatus[]> {
    return (await this.get('/status', {})).json() as Promise<ServiceStatus[]>
  }

  async statusOf(service: string): Promise<ServiceStatus | undefined> {
    const [status] = (await (await this.get('/status', { service })).json()) as ServiceStatus[]
    return status
  }

  async stateOf(service: string): Promise<ServiceState | undefined> {
    const [state] = (await (await this.get('/state', { service })).json()) as ServiceState[]
    return state
  }

  async logs(service: string, lines: number): Promise<string[]> {
    return (await this.get('/logs', { service, lines: String(lines) })).json() as Promise<string[]>
  }

  async get(path: string, query: Readonly<Record<string, string>>): Promise<Response> {
    const response = await fetch(`${this.#url}${path}?${new URLSearchParams(query)}`)
    if (!response.ok) throw new Error(`the keeper answered ${response.status} to ${path}`)
    return response
  }
}
