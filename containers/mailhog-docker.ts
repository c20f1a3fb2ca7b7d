import { setTimeout as delay } from 'node:timers/promises'
import { MailstormError } from '../src/error.ts'
import type { RunningContainer } from './docker/container.ts'
import { ContainerService } from './docker/container-service.ts'
import { Engine } from './docker/engine.ts'
import type { Limits } from './docker/outfit.ts'
import { READY_WITHIN_MS, startContainer } from './docker/start-container.ts'
import type { MailhogOptions, RunningMailhog } from './mailhog.ts'
import { MailhogClient } from './mailhog-client.ts'
import type { Service } from './service.ts'
import { awaitBanner } from './smtp-banner.ts'
import type { DockerOptions } from './smtp-server-docker.ts'

export interface DockerMailhogOptions extends MailhogOptions, DockerOptions {
  readonly image?: string
}

export const MAILHOG_IMAGE = 'mailhog/mailhog:v1.0.1'
/** The seed's. */
const LIMITS: Limits = { cpus: 1, memoryBytes: 1024 ** 3 }
const SMTP_PORT = 1025
const API_PORT = 8025
const RETRY_AFTER_MS = 50

/** The real MailHog in a container. */
export function dockerMailhog(options: DockerMailhogOptions = {}): Service<RunningMailhog> {
  return {
    async start() {
      refuseOurs(options)
      const engine = await Engine.connect()
      const path = webPathOf(options)
      const container = await startContainer(engine, {
        name: options.name ?? 'mailhog',
        image: options.image ?? MAILHOG_IMAGE,
        ports: { [SMTP_PORT]: options.smtpPort ?? 0, [API_PORT]: options.apiPort ?? 0 },
        environment: {
          ...(options.hostname === undefined ? {} : { MH_HOSTNAME: options.hostname }),
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
    },
  }
}

function refuseOurs({ digestOnly = false, digestHeaders = [] }: MailhogOptions): void {
  if (!digestOnly && digestHeaders.length === 0) return
  throw new MailstormError(
    'SERVICE_START',
    'Failed to start mailhog: the real MailHog keeps no digests.',
    'Use the embedded one, or leave digestOnly and digestHeaders out.',
  )
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
