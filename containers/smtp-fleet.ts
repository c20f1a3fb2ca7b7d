import { selfSignedCertificate } from './certificate.ts'
import type { Service } from './service.ts'
import { embeddedSmtpServer, type RunningSmtpServer, type SmtpServerOptions } from './smtp-server.ts'

export interface FleetOptions extends Omit<SmtpServerOptions, 'name' | 'port' | 'domain' | 'certificate'> {
  readonly servers: number
  /** Domain of the fleet: server k is `smtp<k>.<domain>`. */
  readonly domain?: string
  /** Server k listens on this port + k − 1; undefined = any free port each. */
  readonly basePort?: number
}

/** Several SMTP servers that live and end together. */
export interface SmtpFleet extends AsyncDisposable {
  readonly servers: readonly RunningSmtpServer[]
  stop(): Promise<void>
}

const DOMAIN = 'test.local'

/** Boots N servers as processes of this machine, with one certificate for all. */
export async function startEmbeddedFleet(options: FleetOptions): Promise<SmtpFleet> {
  const { servers, domain = DOMAIN, basePort, ...common } = options
  const numbers = Array.from({ length: servers }, (_, index) => index + 1)
  const domainOf = (k: number) => `smtp${k}.${domain}`
  const certificate = await selfSignedCertificate(numbers.map(domainOf))
  return startFleet(
    numbers.map((k) =>
      embeddedSmtpServer({
        ...common,
        name: `smtp-server-${k}`,
        domain: domainOf(k),
        certificate,
        ...(basePort === undefined ? {} : { port: basePort + k - 1 }),
      }),
    ),
  )
}

/** Starts all in parallel; when one fails to start, the others are stopped and its error is thrown. */
export async function startFleet(services: readonly Service<RunningSmtpServer>[]): Promise<SmtpFleet> {
  let failure: { readonly error: unknown } | undefined
  const started = await Promise.all(
    services.map(async (service) => {
      try {
        return await service.start()
      } catch (error) {
        failure ??= { error }
        return undefined
      }
    }),
  )
  const servers = started.filter((server) => server !== undefined)
  const stop = async () => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  if (failure !== undefined) {
    await stop()
    throw failure.error
  }
  return { servers, stop, [Symbol.asyncDispose]: stop }
}
