import { MailstormError } from '../src/error.ts'
import { type RunningContainer, startContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import { Engine } from './docker/engine.ts'
import { haveImage } from './docker/image.ts'
import { type DockerOptions, IMAGE_WITHIN_MS, READY_WITHIN_MS } from './docker/options.ts'
import type { Service } from './service.ts'
import { awaitBanner } from './smtp-banner.ts'
import { type RunningSmtpServer, SMTP_LIMITS, type SmtpServerOptions } from './smtp-server.ts'

/** An SMTP server that is not ours, such as `boky/postfix`. */
export interface ForeignImage {
  readonly image: string
  /** Its SMTP port. Default: the port that the image exposes, else 25. */
  readonly port?: number
  readonly environment?: Readonly<Record<string, string>>
}

export interface ForeignServerOptions extends SmtpServerOptions, DockerOptions {
  readonly foreign: ForeignImage
}

/** SMTP (RFC 5321 4.5.4.2), images that do not run as root, submission (RFC 6409 3.1). */
const SMTP_PORTS = [25, 2525, 1025, 587]
const SMTP_PORT = 25

/** Any SMTP server image in a container: ready by its banner, and without a ledger. */
export function foreignSmtpServer(options: ForeignServerOptions): Service<RunningSmtpServer> {
  return {
    async start() {
      const { name, domain, port, foreign, note = console.info } = options
      const engine = await Engine.connect()
      await haveImage(engine.client, { image: foreign.image, withinMs: IMAGE_WITHIN_MS, note })
      const inside = foreign.port ?? (await exposedPort(engine, foreign.image)) ?? SMTP_PORT
      const container = await startContainer(engine, {
        name,
        image: foreign.image,
        ports: { [inside]: port ?? 0 },
        environment: { ...ownVariables(options), ...foreign.environment },
        ...(domain === undefined ? {} : { hostname: domain }),
        limits: options.limits ?? SMTP_LIMITS,
        readyWithinMs: options.readyWithinMs ?? READY_WITHIN_MS,
        note,
        ready: (running, signal) => awaitBanner(running.host, running.port(inside), signal),
      })
      return new ForeignSmtpServer(container, container.port(inside), foreign.image)
    },
  }
}

/** The variables of our own server program: images made for such runs read them, others ignore them. */
function ownVariables({
  domain,
  maxConnections,
  maxMessageBytes,
}: SmtpServerOptions): Record<string, string> {
  return {
    ...(domain === undefined ? {} : { SMTP_DOMAIN: domain }),
    ...(maxConnections === undefined ? {} : { SMTP_MAX_CONNECTIONS: String(maxConnections) }),
    ...(maxMessageBytes === undefined ? {} : { SMTP_MAX_MESSAGE_SIZE: String(maxMessageBytes) }),
  }
}

/** The only exposed port, or the one known for SMTP. */
async function exposedPort({ docker }: Engine, image: string): Promise<number | undefined> {
  const { Config } = await docker.getImage(image).inspect()
  const exposed = Object.keys(Config.ExposedPorts ?? {})
    .filter((port) => port.endsWith('/tcp'))
    .map((port) => Number.parseInt(port, 10))
  const [only] = exposed
  return exposed.length === 1 ? only : SMTP_PORTS.find((port) => exposed.includes(port))
}

class ForeignSmtpServer extends ContainerService implements RunningSmtpServer {
  readonly port: number
  readonly implicitTlsPort = undefined
  readonly ca = undefined
  readonly noLedger: string

  constructor(container: RunningContainer, port: number, image: string) {
    super(container)
    this.port = port
    this.noLedger = `${image} is not one of mailstorm's servers and keeps no ledger`
  }

  async ledger(): Promise<never> {
    throw new MailstormError('NO_LEDGER', this.noLedger)
  }

  // biome-ignore lint/correctness/useYield: there is nothing to yield.
  async *entries(): AsyncGenerator<never> {
    await this.ledger()
  }
}
