import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { listenFailure } from '../../../listening.ts'
import type { ProxyConfig } from '../options.ts'
import { Accounts } from '../store/accounts.ts'
import { Tenants } from '../store/tenants.ts'
import { Access, type ApiParts } from './access.ts'
import { instanceRoutes, logCommands } from './instance.ts'
import { commandRoutes, fileRoutes, readingRoutes } from './messages.ts'
import { newServer } from './server.ts'
import { accountRoutes, tenantRoutes } from './tenants.ts'

/** The REST interface, as clients of genro-mail-proxy know it. */
export class Api {
  readonly #app: FastifyInstance
  readonly #config: ProxyConfig

  constructor(parts: Pick<ApiParts, 'db' | 'config' | 'log' | 'metrics' | 'largeFiles' | 'wake'>) {
    const { db, config, log } = parts
    const tenants = new Tenants(db)
    const access = new Access(config.apiToken, tenants)
    const all: ApiParts = { ...parts, tenants, accounts: new Accounts(db), access }
    this.#config = config
    this.#app = newServer({ maxBodyBytes: config.maxBodyBytes, log })
    logCommands(this.#app, all)
    for (const routes of [
      readingRoutes,
      tenantRoutes,
      accountRoutes,
      commandRoutes,
      instanceRoutes,
      fileRoutes,
    ])
      routes(this.#app, all)
  }

  /** Resolves with its URL. */
  async listen(): Promise<string> {
    const { host, port } = this.#config
    await this.#app.listen({ host, port }).catch((error: unknown) => {
      throw listenFailure(error, { host, port }, '(GMP_PORT)')
    })
    const { port: bound } = this.#app.server.address() as AddressInfo
    return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
  }

  /** Running requests have `withinMs` to end; slower ones are cut off. */
  async close(withinMs: number): Promise<void> {
    const cutOff = setTimeout(() => this.#app.server.closeAllConnections(), withinMs)
    await this.#app.close()
    clearTimeout(cutOff)
  }
}
