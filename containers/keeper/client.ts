import type { ServiceState, ServiceStatus } from './api.ts'
import type { KeptState } from './state.ts'

/** Asks a keeper about its services. */
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
