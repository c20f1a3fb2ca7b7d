import { fileURLToPath } from 'node:url'
import type { LedgerEntry, ServerLedger } from '../src/ledger/ledger.ts'
import type { Certificate } from './certificate.ts'
import { EmbeddedProcess } from './embedded-process.ts'
import { LOOPBACK } from './embedded-service.ts'
import { type RunningService, type Service, startFailure } from './service.ts'
import { seeBanner } from './smtp-banner.ts'
import { EmbeddedSmtpServer } from './smtp-server-embedded.ts'
import { serverEnvironment } from './smtp-server-environment.ts'

export interface SmtpServerOptions {
  /** As `smtp-server-1`. */
  readonly name: string
  readonly domain?: string
  /** Undefined = any free port. */
  readonly port?: number
  readonly maxConnections?: number
  readonly maxMessageBytes?: number
  /** With a certificate the server offers STARTTLS, and implicit TLS on a port of its own. */
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
  /** What it received of a run, also once it has died by itself; not after stop(). */
  ledger(runId: string): Promise<ServerLedger>
  entries(runId: string): AsyncIterable<LedgerEntry>
  /** With the ledger of its earlier lives. */
  startAgain?(): Promise<RunningSmtpServer>
}

const PROGRAM = fileURLToPath(new URL('../src/programs/smtp-server/main.ts', import.meta.url))
const BANNER_WITHIN_MS = 5_000

/** The SMTP server program as a process of this machine. */
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
    // The ledger of an earlier life stays for the next attempt.
    await (before === undefined ? server.stop() : program.stop())
    throw startFailure(name, (error as Error).message, program.logTail())
  }
  return server
}
