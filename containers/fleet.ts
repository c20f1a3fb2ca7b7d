import { selfSignedCertificate } from './certificate.ts'
import type { DockerOptions } from './docker/options.ts'
import type { ForeignImage } from './foreign-server.ts'
import type { Service } from './service.ts'
import {
  dockerSmtpServer,
  embeddedSmtpServer,
  type RunningSmtpServer,
  type SmtpServerOptions,
} from './smtp-server.ts'

export interface FleetOptions extends Omit<SmtpServerOptions, 'name' | 'port' | 'domain' | 'certificate'> {
  readonly servers: number
  /** Domain of the fleet: server k is `smtp<k>.<domain>`. */
  readonly domain?: string
  /** Server k listens on this port + k − 1. Undefined: on any free port. */
  readonly basePort?: number
}

/** Several SMTP servers that start and stop together. */
export interface SmtpFleet extends AsyncDisposable {
  readonly servers: readonly RunningSmtpServer[]
  stop(): Promise<void>
}

const DOMAIN = 'test.local'

/** Boots N servers as local processes, with one certificate for all. */
export async function startEmbeddedFleet(options: FleetOptions): Promise<SmtpFleet> {
  const common = await optionsOf(options)
  return startFleet(common.map((server) => embeddedSmtpServer(server)))
}

export interface DockerFleetOptions extends FleetOptions, DockerOptions {
  /** Base image of our server. */
  readonly nodeImage?: string
  /** Another server's image instead of ours. */
  readonly foreign?: ForeignImage
}

/** Boots N servers as containers of one image. */
export async function startDockerFleet(options: DockerFleetOptions): Promise<SmtpFleet> {
  const { limits, note, nodeImage, foreign, ...rest } = options
  const docker = { ...(limits && { limits }), ...(note && { note }) }
  const servers = await optionsOf(rest)
  const { foreignSmtpServer } = await import('./foreign-server.ts')
  return startFleet(
    servers.map((server) =>
      foreign === undefined
        ? dockerSmtpServer({ ...server, ...docker, ...(nodeImage === undefined ? {} : { nodeImage }) })
        : foreignSmtpServer({ ...server, ...docker, foreign }),
    ),
  )
}

/** Options of each server, with one certificate for all. */
async function optionsOf(options: FleetOptions): Promise<SmtpServerOptions[]> {
  const { servers, domain = DOMAIN, basePort, ...common } = options
  const numbers = Array.from({ length: servers }, (_, index) => index + 1)
  const domainOf = (k: number) => `smtp${k}.${domain}`
  const certificate = await selfSignedCertificate(numbers.map(domainOf))
  return numbers.map((k) => ({
    ...common,
    name: `smtp-server-${k}`,
    domain: domainOf(k),
    certificate,
    ...(basePort === undefined ? {} : { port: basePort + k - 1 }),
  }))
}

/** Starts all in parallel. When one fails, the others are stopped and its error is thrown. */
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
