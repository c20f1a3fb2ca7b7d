import type { ServiceStatus } from './api.ts'
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

  async logs(service: string, lines: number): Promise<string[]> {
    return (await this.get('/logs', { service, lines: String(lines) })).json() as Promise<string[]>
  }

  async get(path: string, query: Readonly<Record<string, string>>): Promise<Response> {
    const response = await fetch(`${this.#url}${path}?${new URLSearchParams(query)}`)
    if (!response.ok) throw new Error(`the keeper answered ${response.status} to ${path}`)
    return response
  }
}
