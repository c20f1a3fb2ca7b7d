import { MailstormError } from '../src/error.ts'
import type { DockerOptions } from './docker/options.ts'
import type { MailhogOptions, RunningMailhog } from './mailhog.ts'
import { startMailhogContainer } from './mailhog-container.ts'
import type { Service } from './service.ts'

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
    'Failed to start mailhog: the real MailHog keeps no digests.',
    'Use the embedded one, or leave digestOnly, digestHeaders and mimeDigests out.',
  )
}
