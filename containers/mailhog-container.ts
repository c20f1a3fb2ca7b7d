import { setTimeout as delay } from 'node:timers/promises'
import type { RunningContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import type { Engine } from './docker/engine.ts'
import { type DockerOptions, type Limits, READY_WITHIN_MS } from './docker/options.ts'
import type { MailhogOptions, RunningMailhog } from './mailhog.ts'
import { MailhogClient } from './mailhog-client.ts'
import { awaitBanner } from './smtp-banner.ts'

/** The seed's. */
const LIMITS: Limits = { cpus: 1, memoryBytes: 1024 ** 3 }
const SMTP_PORT = 1025
const API_PORT = 8025
const RETRY_AFTER_MS = 50

export interface MailhogContainerPlan {
  readonly image: string
  /** Beside MH_HOSTNAME and the variables that the options name. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A container of an image that speaks as MailHog does, ready when both its listeners answer. */
export async function startMailhogContainer(
  engine: Engine,
  { image, environment }: MailhogContainerPlan,
  options: MailhogOptions & DockerOptions,
): Promise<RunningMailhog> {
  const { startContainer } = await import('./docker/start-container.ts')
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
    // Its two listeners start independently of each other.
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
