import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type {
  SMTPServerAuthentication,
  SMTPServerDataStream,
  SMTPServerError,
  SMTPServerOptions,
} from 'smtp-server'
import { listenFailure } from '../../listening.ts'
import type { ServerConfig } from './config.ts'
import type { Ledger } from './ledger.ts'
import { MessageReader } from './message-reader.ts'
import { type Admission, assertReplaceable, PromptServer } from './prompt-server.ts'

/** Connections waiting to be accepted; the kernel lowers this to net.core.somaxconn. */
const BACKLOG = 4_096

/** The listeners of one server, plain (with STARTTLS) and implicit TLS, under one connection limit. */
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
    const server = new PromptServer(options, this.#admit, this.#config.credentials)
    this.#servers.push(server)
    const { host } = this.#config
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error) =>
        reject(listenFailure(error, { host, port }, secure ? '(SMTP_TLS_PORT)' : '(SMTP_PORT)'))
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

/** RFC 5321 4.5.3.2.7: a server should wait at least five minutes for the next command. */
const IDLE_MS = 5 * 60_000

/** Those of the package. */
const AUTH_METHODS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2']

/** Options of npm smtp-server for this program: accept every envelope, keep the ledger, store nothing. */
function smtpOptions(config: ServerConfig, ledger: Ledger): SMTPServerOptions {
  return {
    name: config.domain,
    size: config.maxMessageBytes,
    // RFC 1870 6.3: a message that turns out too large is refused after its data.
    rejectOversized: true,
    maxClients: config.maxConnections,
    socketTimeout: IDLE_MS,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    // SCRAM's server has to know the password.
    authMethods: [...AUTH_METHODS, ...(config.credentials === undefined ? [] : ['SCRAM-SHA-256'])],
    authOptional: true,
    allowInsecureAuth: true,
    ...(config.tls ?? { hideSTARTTLS: true }),
    disabledCommands: [
      ...(config.tls === undefined ? ['STARTTLS'] : []),
      ...(config.chunking ? [] : ['BDAT']),
    ],
    // Each of the package's own handlers waits a turn of the event loop.
    onConnect: (_session, done) => done(),
    onMailFrom: (_address, _session, done) => done(),
    onRcptTo: (_address, _session, done) => done(),
    onAuth: (auth, _session, done) =>
      done(null, isAuthentic(auth, config) ? { user: auth.username ?? 'anyone' } : {}),
    onData: (stream, _session, done) => receive(stream, ledger, done),
  }
}

function isAuthentic(auth: SMTPServerAuthentication, { credentials }: ServerConfig): boolean {
  if (credentials === undefined) return true
  if (auth.username !== credentials.user) return false
  if (auth.method === 'CRAM-MD5') return auth.validatePassword(credentials.pass)
  // The password is the token, too.
  return (auth.method === 'XOAUTH2' ? auth.accessToken : auth.password) === credentials.pass
}

function receive(stream: SMTPServerDataStream, ledger: Ledger, done: (error?: Error) => void): void {
  const reader = new MessageReader()
  stream.on('data', (chunk: Buffer) => reader.push(chunk))
  // The client went away within the message: nothing was received, and nobody is left to answer.
  stream.on('error', () => {})
  stream.on('end', () => {
    if (stream.sizeExceeded) return done()
    ledger.record(reader.end(), (error) => {
      if (error === undefined) return done()
      console.error(`Failed to write the ledger: ${error.message}`)
      done(notStored())
    })
  })
}

/** RFC 5321 4.2.3: 452, insufficient system storage. */
function notStored(): SMTPServerError {
  return Object.assign(new Error('Ledger cannot be written'), { responseCode: 452 })
}
