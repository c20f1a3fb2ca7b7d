import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { LedgerEntry, ServerLedger } from '../src/ledger/ledger.ts'
import { LOOPBACK } from '../src/listening.ts'
import { readLedgerEntries, readServerLedger } from '../src/programs/smtp-server/ledger.ts'
import type { Certificate } from './certificate.ts'
import { ControlClient } from './control-client.ts'
import type { RunningContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import type { Engine } from './docker/engine.ts'
import {
  type DockerOptions,
  IMAGE_WITHIN_MS,
  type Limits,
  NODE_IMAGE,
  READY_WITHIN_MS,
} from './docker/options.ts'
import type { ProgramSources } from './docker/program-image.ts'
import { EmbeddedProcess, EmbeddedService } from './embedded-process.ts'
import { type RunningService, type Service, startFailure } from './service.ts'
import { awaitBanner, seeBanner } from './smtp-banner.ts'

export interface SmtpServerOptions {
  /** Such as `smtp-server-1`. */
  readonly name: string
  readonly domain?: string
  /** Undefined: any free port. */
  readonly port?: number
  readonly maxConnections?: number
  readonly maxMessageBytes?: number
  /** Offer CHUNKING and take BDAT (RFC 3030); only our own server program can. Default: true. */
  readonly chunking?: boolean
  /** With a certificate the server offers STARTTLS, and implicit TLS on a separate port. */
  readonly certificate?: Certificate
  /** Without credentials every AUTH succeeds. */
  readonly auth?: { readonly user: string; readonly pass: string }
  readonly readyWithinMs?: number
}

export interface RunningSmtpServer extends RunningService {
  readonly host: string
  readonly port: number
  readonly implicitTlsPort: number | undefined
  /** PEM of the certificate to trust. */
  readonly ca: string | undefined
  readonly pid: number
  /** Why it keeps no ledger; undefined when it does. */
  readonly noLedger?: string
  /** What it received of a run. Also works after it ended by itself, but not after stop(). */
  ledger(runId: string): Promise<ServerLedger>
  entries(runId: string): AsyncIterable<LedgerEntry>
  /** Continues the ledger of its earlier lives. */
  startAgain?(): Promise<RunningSmtpServer>
}

const PROGRAM = fileURLToPath(new URL('../src/programs/smtp-server/main.ts', import.meta.url))
const BANNER_WITHIN_MS = 5_000

/** The SMTP server program as a local process. */
export function embeddedSmtpServer(options: SmtpServerOptions): Service<RunningSmtpServer> {
  return { start: () => start(options) }
}

async function start(options: SmtpServerOptions, before?: EmbeddedSmtpServer): Promise<RunningSmtpServer> {
  const { name, readyWithinMs, certificate } = options
  const listening = {
    SMTP_HOST: LOOPBACK,
    SMTP_PORT: before?.port ?? options.port ?? 0,
    SMTP_TLS_PORT: before?.implicitTlsPort ?? 0,
  }
  const program = await EmbeddedProcess.start({
    name,
    program: PROGRAM,
    env: {
      ...serverEnvironment(options, listening),
      ...(before === undefined ? {} : { LEDGER_FILE: before.ledgerFile, LEDGER_TEMPORARY: 'true' }),
    },
    ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
  })
  const server = new EmbeddedSmtpServer(name, program, {
    ca: certificate?.certPem,
    startAfter: (ended) => start(options, ended),
  })
  try {
    await seeBanner(server.host, server.port, BANNER_WITHIN_MS)
  } catch (error) {
    // Keep the ledger of an earlier life for the next attempt.
    await (before === undefined ? server.stop() : program.stop())
    throw startFailure(name, (error as Error).message, program.logTail())
  }
  return server
}

/** Ports of the server program; omitted ones get the default of the program or its image. */
interface Listening {
  readonly SMTP_HOST?: string
  readonly SMTP_PORT?: number
  /** Port of implicit TLS; none without a certificate. */
  readonly SMTP_TLS_PORT: number
}

/** The environment that src/programs/smtp-server/main.ts reads, wherever it runs. */
function serverEnvironment(
  { domain, maxConnections, maxMessageBytes, chunking, certificate, auth }: SmtpServerOptions,
  { SMTP_TLS_PORT, ...listening }: Listening,
): Record<string, string> {
  const values = {
    ...listening,
    SMTP_DOMAIN: domain,
    SMTP_MAX_CONNECTIONS: maxConnections,
    SMTP_MAX_MESSAGE_SIZE: maxMessageBytes,
    SMTP_CHUNKING: chunking,
    SMTP_TLS_PORT: certificate === undefined ? undefined : SMTP_TLS_PORT,
    SMTP_TLS_CERT: certificate?.certPem,
    SMTP_TLS_KEY: certificate?.keyPem,
    SMTP_AUTH_USER: auth?.user,
    SMTP_AUTH_PASS: auth?.pass,
  }
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
}

/** Longest time from a broken connection to the news that the process or container has ended. */
const END_WITHIN_MS = 2_000

interface SmtpServerParts {
  readonly ca: string | undefined
  /** Boots the next life of a server that has ended. */
  startAfter(ended: EmbeddedSmtpServer): Promise<RunningSmtpServer>
}

class EmbeddedSmtpServer extends EmbeddedService implements RunningSmtpServer {
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly ca: string | undefined
  /**
   * A temporary file, removed by stop() or when we end, but not when the program dies: it says what the program
   * received.
   */
  readonly ledgerFile: string
  readonly #control: ControlClient
  readonly #startAfter: SmtpServerParts['startAfter']

  constructor(name: string, program: EmbeddedProcess, { ca, startAfter }: SmtpServerParts) {
    super(name, program)
    this.#startAfter = startAfter
    const {
      smtp_port: port,
      implicit_tls_port: tlsPort,
      control_port: controlPort,
      ledger_file: ledgerFile,
    } = program.readyLine
    this.port = Number(port)
    this.implicitTlsPort = typeof tlsPort === 'number' ? tlsPort : undefined
    this.ca = ca
    this.ledgerFile = String(ledgerFile)
    this.#control = new ControlClient({ name, url: `http://${LOOPBACK}:${controlPort}` })
  }

  async ledger(runId: string): Promise<ServerLedger> {
    try {
      return await this.#control.json<ServerLedger>('/ledger', { run: runId })
    } catch (error) {
      if (await this.program.endsWithin(END_WITHIN_MS)) return readServerLedger(this.ledgerFile, runId)
      throw error
    }
  }

  /** Read from the file, which is on this machine and complete whether or not the process lives. */
  entries(runId: string): AsyncIterable<LedgerEntry> {
    return readLedgerEntries(this.ledgerFile, runId)
  }

  startAgain(): Promise<RunningSmtpServer> {
    return this.#startAfter(this)
  }

  override async stop(): Promise<void> {
    await super.stop()
    await rm(dirname(this.ledgerFile), { recursive: true, force: true })
  }
}

export interface DockerSmtpServerOptions extends SmtpServerOptions, DockerOptions {
  /** Base image. */
  readonly nodeImage?: string
}

export const SMTP_LIMITS: Limits = { cpus: 2, memoryBytes: 2 * 1024 ** 3 }
/** As Dockerfile.smtp-server has them. */
const SMTP_PORT = 2525
const TLS_PORT = 2465
const CONTROL_PORT = 8080
const LEDGER_FILE = '/tmp/ledger.ndjson'

export interface ServerImageOptions {
  readonly nodeImage?: string
  readonly withinMs?: number
  readonly note?: (line: string) => void
}

/** Everything that the program imports. */
export const SMTP_SERVER_SOURCES: ProgramSources = {
  paths: [
    'src/programs/smtp-server',
    'src/ledger',
    'src/programs/sink/smtp/data-reader.ts',
    'src/error.ts',
    'src/text/foreign-text.ts',
    'src/listening.ts',
    'src/options/kind.ts',
    'src/options/settings.ts',
  ],
  packages: ['smtp-server', 'zod'],
}

/** The image of our SMTP server program, built when there is none for its present content. */
export async function smtpServerImage(engine: Engine, options: ServerImageOptions = {}): Promise<string> {
  const { programImage } = await import('./docker/program-image.ts')
  return programImage(engine, {
    name: 'smtp-server',
    dockerfile: fileURLToPath(new URL('Dockerfile.smtp-server', import.meta.url)),
    nodeImage: options.nodeImage ?? NODE_IMAGE,
    sources: SMTP_SERVER_SOURCES,
    withinMs: options.withinMs ?? IMAGE_WITHIN_MS,
    note: options.note ?? console.info,
  })
}

/** The SMTP server program in a container. */
export function dockerSmtpServer(options: DockerSmtpServerOptions): Service<RunningSmtpServer> {
  return {
    async start() {
      const { name, domain, port, certificate, note = console.info } = options
      const { Engine } = await import('./docker/engine.ts')
      const { startContainer } = await import('./docker/container.ts')
      const engine = await Engine.connect()
      const { nodeImage = NODE_IMAGE } = options
      const image = await smtpServerImage(engine, { nodeImage, note })
      const container = await startContainer(engine, {
        name,
        image,
        ports: { [SMTP_PORT]: port ?? 0, [CONTROL_PORT]: 0, ...(certificate && { [TLS_PORT]: 0 }) },
        environment: serverEnvironment(options, { SMTP_TLS_PORT: TLS_PORT }),
        ...(domain === undefined ? {} : { hostname: domain }),
        limits: options.limits ?? SMTP_LIMITS,
        readyWithinMs: options.readyWithinMs ?? READY_WITHIN_MS,
        note,
        ready: (running, signal) => awaitBanner(running.host, running.port(SMTP_PORT), signal),
      })
      return new ContainerSmtpServer(container, {
        port: container.port(SMTP_PORT),
        implicitTlsPort: certificate === undefined ? undefined : container.port(TLS_PORT),
        controlPort: container.port(CONTROL_PORT),
        ca: certificate?.certPem,
      })
    },
  }
}

export interface PublishedPorts {
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly controlPort: number
  readonly ca: string | undefined
}

class ContainerSmtpServer extends ContainerService implements RunningSmtpServer {
  readonly port: number
  readonly implicitTlsPort: number | undefined
  readonly ca: string | undefined
  readonly #control: ControlClient
  #ledgerFile: Promise<string> | undefined
  #folder: string | undefined

  constructor(container: RunningContainer, ports: PublishedPorts) {
    super(container)
    this.port = ports.port
    this.implicitTlsPort = ports.implicitTlsPort
    this.ca = ports.ca
    const url = `http://${container.host}:${ports.controlPort}`
    this.#control = new ControlClient({ name: container.name, url })
  }

  async ledger(runId: string): Promise<ServerLedger> {
    try {
      return await this.#control.json<ServerLedger>('/ledger', { run: runId })
    } catch (error) {
      if (!(await this.#hasEnded())) throw error
      return readServerLedger(await this.#copied(), runId)
    }
  }

  async *entries(runId: string): AsyncGenerator<LedgerEntry> {
    if (this.endedBy === undefined) yield* this.#control.lines<LedgerEntry>('/ledger/entries', { run: runId })
    else yield* readLedgerEntries(await this.#copied(), runId)
  }

  async #hasEnded(): Promise<boolean> {
    const ended = this.ended.then((end) => end !== undefined)
    return Promise.race([ended, delay(END_WITHIN_MS, false, { ref: false })])
  }

  /** After its end the file is still in the container, and complete. */
  #copied(): Promise<string> {
    this.#ledgerFile ??= this.#copy()
    return this.#ledgerFile
  }

  async #copy(): Promise<string> {
    this.#folder = await mkdtemp(join(tmpdir(), `mailstorm-${this.name}-`))
    const file = join(this.#folder, 'ledger.ndjson')
    await this.copyOut(LEDGER_FILE, file)
    return file
  }

  override async stop(): Promise<void> {
    await super.stop()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }
}
