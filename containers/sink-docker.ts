import { fileURLToPath } from 'node:url'
import { Engine } from './docker/engine.ts'
import { programImage } from './docker/program-image.ts'
import { IMAGE_WITHIN_MS } from './docker/start-container.ts'
import { digestEnvironment, type MailhogOptions, type RunningMailhog } from './mailhog.ts'
import { startMailhogContainer } from './mailhog-container.ts'
import type { Service } from './service.ts'
import { type DockerOptions, NODE_IMAGE } from './smtp-server-docker.ts'

export interface DockerSinkOptions extends MailhogOptions, DockerOptions {
  /** Base of the image that is built. */
  readonly nodeImage?: string
}

/** Our stand-in for MailHog in a container: the same program as the embedded one. */
export function dockerSink(options: DockerSinkOptions = {}): Service<RunningMailhog> {
  return {
    async start() {
      const engine = await Engine.connect()
      const image = await programImage(engine, {
        name: 'sink',
        dockerfile: fileURLToPath(new URL('Dockerfile.sink', import.meta.url)),
        nodeImage: options.nodeImage ?? NODE_IMAGE,
        sources: { paths: ['src/sink', 'src/error.ts'], packages: ['nodemailer'] },
        withinMs: IMAGE_WITHIN_MS,
        note: options.note ?? console.info,
      })
      return startMailhogContainer(engine, { image, environment: digestEnvironment(options) }, options)
    },
  }
}
