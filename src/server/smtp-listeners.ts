import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ServerConfig } from './config.ts'
import type { Ledger } from './ledger.ts'
import { listenFailure } from './listen-failure.ts'
import { type Admission, assertReplaceable, PromptServer } from './prompt-connection.ts'
import { smtpOptions } from './smtp-handlers.ts'

/** Connections that wait to be accepted; the kernel lowers it to net.core.somaxconn. */
const BACKLOG = 4_096

/** The listeners of one server, with one limit of connections: plain (with STARTTLS), and implicit TLS. */
export class SmtpListeners {
  readonly #config: ServerConfig
  readonly #ledger: Ledger
  readonly #servers: PromptServer[] = []
  #port = 0
  #implicitTlsPort: number | undefined

  static async open(config: ServerConfig, ledger: Ledger): Promise<SmtpListeners> {
    assertReplaceable()
    const listeners = new SmtpListeners(config, ledger)
    try {
      listeners.#port = await listeners.#listen(config.port, false)
      if (config.implicitTlsPort !== undefined) {
        listeners.#implicitTlsPort = await listeners.#listen(config.implicitTlsPort, true)
      }
    } catch (error) {
      await listeners.close()
      throw error
    }
    return listeners
  }

  private constructor(config: ServerConfig, ledger: Ledger) {
    this.#config = config
    this.#ledger = ledger
  }

  get port(): number {
    return this.#port
  }

  get implicitTlsPort(): number | undefined {
    return this.#implicitTlsPort
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const listening = this.#servers.filter(({ server }) => server.listening)
    await Promise.all(
      listening.map(async (server) => {
        const closed = once(server, 'close')
        server.close()
        for (const connection of server.connections) connection._socket.destroy()
        await closed
      }),
    )
  }

  async #listen(port: number, secure: boolean): Promise<number> {
    const onClose = () => this.#ledger.connections(this.#connections())
    const options = { ...smtpOptions(this.#config, this.#ledger), onClose, secure }
    const server = new PromptServer(options, this.#admit)
    this.#servers.push(server)
    const { host } = this.#config
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) =>
        reject(listenFailure(error, host, port, secure ? 'SMTP_TLS_PORT' : 'SMTP_PORT'))
      server.once('error', fail)
      server.listen({ port, host, backlog: BACKLOG }, () => {
        server.off('error', fail)
        resolve()
      })
    })
    server.on('error', (error) => console.error(`Connection failed: ${error.message}`))
    return (server.server.address() as AddressInfo).port
  }

  #connections(): number {
    return this.#servers.reduce((sum, server) => sum + server.connections.size, 0)
  }

  readonly #admit: Admission = () => {
    const current = this.#connections()
    if (current > this.#config.maxConnections) return false
    try {
      this.#ledger.connections(current)
      return true
    } catch (error) {
      console.error(`Failed to write the ledger: ${(error as Error).message}`)
      return false
    }
  }
}
