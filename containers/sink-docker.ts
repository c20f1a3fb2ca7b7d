import { fileURLToPath } from 'node:url'
import { type DockerOptions, IMAGE_WITHIN_MS, NODE_IMAGE } from './docker/options.ts'
import type { ProgramSources } from './docker/program-files.ts'
import { digestEnvironment, type MailhogOptions, type RunningMailhog } from './mailhog.ts'
import { startMailhogContainer } from './mailhog-container.ts'
import type { Service } from './service.ts'

/** What the image is made of: all that the program imports. */
export const SINK_SOURCES: ProgramSources = {
  paths: ['src/programs/sink', 'src/error.ts'],
  packages: ['nodemailer'],
}

export interface DockerSinkOptions extends MailhogOptions, DockerOptions {
  /** Base of the image that is built. */
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
