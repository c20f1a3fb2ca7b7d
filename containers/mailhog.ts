import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MailstormError } from '../src/error.ts'
import { LOOPBACK } from '../src/listening.ts'
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
import { MailhogClient } from './mailhog-client.ts'
import type { RunningService, Service } from './service.ts'
import { awaitBanner } from './smtp-banner.ts'

export interface MailhogOptions {
  /** Default: `mailhog`. */
  readonly name?: string
  /** Its name in greetings, ids and Received fields. */
  readonly hostname?: string
  /** Undefined: any free port. */
  readonly smtpPort?: number
  readonly apiPort?: number
  /** Keep digests and headers, drop the bodies. Only our sink has this. */
  readonly digestOnly?: boolean
  /** Header fields shown by `/sink/digests`. Only our sink has this. */
  readonly digestHeaders?: readonly string[]
  /** Digest texts and attachments for `/sink/deliveries`. Only our sink has this. */
  readonly mimeDigests?: boolean
  /** Further variables of MailHog, such as MH_CORS_ORIGIN. */
  readonly environment?: Readonly<Record<string, string>>
  readonly readyWithinMs?: number
}

export interface RunningMailhog extends RunningService {
  readonly host: string
  readonly smtpPort: number
  readonly apiPort: number
  /** Such as `http://127.0.0.1:8025`, with the web path if there is one. */
  readonly apiUrl: string
  readonly client: MailhogClient
  readonly pid: number
}

const PROGRAM = fileURLToPath(new URL('../src/programs/sink/main.ts', import.meta.url))

/** Our stand-in for MailHog as a local process. */
export function embeddedMailhog(options: MailhogOptions = {}): Service<RunningMailhog> {
  const name = options.name ?? 'mailhog'
  return {
    async start() {
      const { readyWithinMs } = options
      const program = await EmbeddedProcess.start({
        name,
        program: PROGRAM,
        env: environmentOf(options),
        ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
      })
      return new EmbeddedMailhog(name, program, options)
    },
  }
}

function environmentOf(options: MailhogOptions): Record<string, string> {
  const api = `${LOOPBACK}:${options.apiPort ?? 0}`
  return {
    MH_SMTP_BIND_ADDR: `${LOOPBACK}:${options.smtpPort ?? 0}`,
    MH_API_BIND_ADDR: api,
    MH_UI_BIND_ADDR: api,
    MH_HOSTNAME: options.hostname ?? '',
    ...digestEnvironment(options),
    ...options.environment,
  }
}

/** Settings that only our sink has. */
function digestEnvironment(options: MailhogOptions) {
  const { digestOnly = false, digestHeaders = [], mimeDigests = false } = options
  return {
    SINK_DIGEST_ONLY: String(digestOnly),
    SINK_DIGEST_HEADERS: digestHeaders.join(),
    SINK_MIME_DIGESTS: String(mimeDigests),
  }
}

class EmbeddedMailhog extends EmbeddedService implements RunningMailhog {
  readonly smtpPort: number
  readonly apiPort: number
  readonly apiUrl: string
  readonly client: MailhogClient
  readonly #options: MailhogOptions

  constructor(name: string, program: EmbeddedProcess, options: MailhogOptions) {
    super(name, program)
    this.#options = options
    const { smtp_port: smtpPort, api_port: apiPort, web_path: webPath } = program.readyLine
    this.smtpPort = Number(smtpPort)
    this.apiPort = Number(apiPort)
    this.apiUrl = `http://${LOOPBACK}:${this.apiPort}${webPath}`
    this.client = new MailhogClient(this.apiUrl)
  }

  /** The messages of its earlier life are lost: they were in memory. */
  startAgain(): Promise<RunningMailhog> {
    const { smtpPort, apiPort } = this
    return embeddedMailhog({ ...this.#options, smtpPort, apiPort }).start()
  }
}

/** As in genro-mail-proxy's pressure test. */
const LIMITS: Limits = { cpus: 1, memoryBytes: 1024 ** 3 }
const SMTP_PORT = 1025
const API_PORT = 8025
const RETRY_AFTER_MS = 50

export interface MailhogContainerPlan {
  readonly image: string
  /** Variables beyond MH_HOSTNAME and those that the options set. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A container of any image that behaves like MailHog, ready when both its listeners answer. */
async function startMailhogContainer(
  engine: Engine,
  { image, environment }: MailhogContainerPlan,
  options: MailhogOptions & DockerOptions,
): Promise<RunningMailhog> {
  const { startContainer } = await import('./docker/container.ts')
  const path = webPathOf(options)
  const container = await startContainer(engine, {
    name: options.name ?? 'mailhog',
    image,
    ports: { [SMTP_PORT]: options.smtpPort ?? 0, [API_PORT]: options.apiPort ?? 0 },
    environment: {
      ...(options.hostname === undefined ? {} : { MH_HOSTNAME: options.hostname }),
      ...environment,
      ...options.environment,
    },
    limits: options.limits ?? LIMITS,
    readyWithinMs: options.readyWithinMs ?? READY_WITHIN_MS,
    note: options.note ?? console.info,
    // SMTP and API start listening independently.
    ready: async (running, signal) => {
      await awaitBanner(running.host, running.port(SMTP_PORT), signal)
      await awaitAnswer(new MailhogClient(urlOf(running, path)), signal)
    },
  })
  return new ContainerMailhog(container, path)
}

function webPathOf({ environment }: MailhogOptions): string {
  const path = environment?.MH_UI_WEB_PATH?.replace(/^\/+|\/+$/g, '') ?? ''
  return path === '' ? '' : `/${path}`
}

function urlOf(container: RunningContainer, path: string): string {
  return `http://${container.host}:${container.port(API_PORT)}${path}`
}

async function awaitAnswer(client: MailhogClient, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await client.count()
      return
    } catch (error) {
      if (signal.aborted) throw error
      await delay(RETRY_AFTER_MS)
    }
  }
}

class ContainerMailhog extends ContainerService implements RunningMailhog {
  readonly smtpPort: number
  readonly apiPort: number
  readonly apiUrl: string
  readonly client: MailhogClient

  constructor(container: RunningContainer, path: string) {
    super(container)
    this.smtpPort = container.port(SMTP_PORT)
    this.apiPort = container.port(API_PORT)
    this.apiUrl = urlOf(container, path)
    this.client = new MailhogClient(this.apiUrl)
  }
}

export interface DockerMailhogOptions extends MailhogOptions, DockerOptions {
  readonly image?: string
}

export const MAILHOG_IMAGE = 'mailhog/mailhog:v1.0.1'

/** The real MailHog in a container. */
export function dockerMailhog(options: DockerMailhogOptions = {}): Service<RunningMailhog> {
  return {
    async start() {
      refuseOurs(options)
      const { Engine } = await import('./docker/engine.ts')
      return startMailhogContainer(await Engine.connect(), { image: options.image ?? MAILHOG_IMAGE }, options)
    },
  }
}

function refuseOurs({ digestOnly, digestHeaders = [], mimeDigests }: MailhogOptions): void {
  if (digestOnly !== true && mimeDigests !== true && digestHeaders.length === 0) return
  throw new MailstormError(
    'SERVICE_START',
    'Failed to start mailhog: the real MailHog cannot keep digests.',
    'Use the embedded one, or leave digestOnly, digestHeaders and mimeDigests out.',
  )
}

/** Everything that the program imports. */
export const SINK_SOURCES: ProgramSources = {
  paths: [
    'src/programs/sink',
    'src/error.ts',
    'src/text/foreign-text.ts',
    'src/listening.ts',
    'src/options/kind.ts',
    'src/options/settings.ts',
  ],
  packages: ['bcryptjs', 'nodemailer', 'ws', 'zod'],
}

export interface DockerSinkOptions extends MailhogOptions, DockerOptions {
  /** Base image. */
  readonly nodeImage?: string
}

/** Our stand-in for MailHog in a container: the same program as the embedded one. */
export function dockerSink(options: DockerSinkOptions = {}): Service<RunningMailhog> {
  return {
    async start() {
      const { Engine } = await import('./docker/engine.ts')
      const { programImage } = await import('./docker/program-image.ts')
      const engine = await Engine.connect()
      const image = await programImage(engine, {
        name: 'sink',
        dockerfile: fileURLToPath(new URL('Dockerfile.sink', import.meta.url)),
        nodeImage: options.nodeImage ?? NODE_IMAGE,
        sources: SINK_SOURCES,
        withinMs: IMAGE_WITHIN_MS,
        note: options.note ?? console.info,
      })
      return startMailhogContainer(engine, { image, environment: digestEnvironment(options) }, options)
    },
  }
}

/** Where delivered mail ends up: the real MailHog, or ours, which behaves like it. */
export const SINKS = ['mailhog', 'mailstorm'] as const
type Sink = (typeof SINKS)[number]

export interface SinkChoice {
  readonly backend: 'embedded' | 'docker'
  /** Applies to containers; a local process is always ours. */
  readonly sink: Sink
  /** Size of the largest message that it will receive. */
  readonly largestMessageBytes: number
  readonly mailhogImage?: string
  readonly nodeImage?: string
}

/** MailHog v1.0.1 appends line by line: 1 MB of text takes 3.3 s, 10 MB takes 131 s (docs/decisions/005-sink.md). */
const MAILHOG_MAX_MESSAGE_BYTES = 1024 ** 2

/** The sink for a run. Throws MailstormError when messages are too large for it. */
export function sinkFor(choice: SinkChoice, options: MailhogOptions = {}): Service<RunningMailhog> {
  const { backend, sink, nodeImage, mailhogImage } = choice
  if (backend === 'embedded') return embeddedMailhog(options)
  if (sink === 'mailstorm')
    return dockerSink({ ...options, ...(nodeImage === undefined ? {} : { nodeImage }) })
  refuseLarge(choice)
  return dockerMailhog({ ...options, ...(mailhogImage === undefined ? {} : { image: mailhogImage }) })
}

function refuseLarge({ largestMessageBytes }: SinkChoice): void {
  if (largestMessageBytes <= MAILHOG_MAX_MESSAGE_BYTES) return
  const megabytes = (largestMessageBytes / 1024 ** 2).toFixed(1)
  throw new MailstormError(
    'SINK_TOO_SLOW',
    `Failed to choose the sink: messages of up to ${megabytes} MB are too large for MailHog, which takes about 131 s for 10 MB (its work grows with the square of the number of lines). It is used up to 1 MB.`,
    'Set SINK=mailstorm for our own sink in a container, which answers as MailHog does.',
  )
}
