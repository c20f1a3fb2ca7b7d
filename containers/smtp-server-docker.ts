import { fileURLToPath } from 'node:url'
import type { Engine } from './docker/engine.ts'
import {
  type DockerOptions,
  IMAGE_WITHIN_MS,
  type Limits,
  NODE_IMAGE,
  READY_WITHIN_MS,
} from './docker/options.ts'
import type { ProgramSources } from './docker/program-files.ts'
import type { Service } from './service.ts'
import { awaitBanner } from './smtp-banner.ts'
import type { RunningSmtpServer, SmtpServerOptions } from './smtp-server.ts'
import { ContainerSmtpServer } from './smtp-server-container.ts'
import { serverEnvironment } from './smtp-server-environment.ts'

export interface DockerSmtpServerOptions extends SmtpServerOptions, DockerOptions {
  /** Base of the image that is built. */
  readonly nodeImage?: string
}

export const SMTP_LIMITS: Limits = { cpus: 2, memoryBytes: 2 * 1024 ** 3 }
/** As Dockerfile.smtp-server has them. */
const SMTP_PORT = 2525
const TLS_PORT = 2465
const CONTROL_PORT = 8080

export interface ServerImageOptions {
  readonly nodeImage?: string
  readonly withinMs?: number
  readonly note?: (line: string) => void
}

/** What the image is made of: all that the program imports. */
export const SMTP_SERVER_SOURCES: ProgramSources = {
  paths: [
    'src/programs/smtp-server',
    'src/ledger',
    'src/programs/sink/smtp/data-reader.ts',
    'src/error.ts',
    'src/foreign-text.ts',
  ],
  packages: ['smtp-server', 'zod'],
}

/** The image of our SMTP server program: built when there is none of its content yet. */
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

/** The SMTP server program in a container of its own. */
export function dockerSmtpServer(options: DockerSmtpServerOptions): Service<RunningSmtpServer> {
  return {
    async start() {
      const { name, domain, port, certificate, note = console.info } = options
      const { Engine } = await import('./docker/engine.ts')
      const { startContainer } = await import('./docker/start-container.ts')
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
