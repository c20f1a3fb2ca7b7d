import type { Engine } from '../../containers/docker/engine.ts'
import { MailstormError } from '../error.ts'

/** How services boot, and why so. */
export interface ChosenBackend {
  readonly name: 'embedded' | 'docker'
  readonly why: string
}

export interface BackendWish {
  /** Why it must be containers; undefined where processes of this machine would do as well. */
  readonly docker: string | undefined
  /** Sees to it that the engine has what it is to start. */
  images(engine: Engine, withinMs: number): Promise<void>
}

export const ASKED_FOR = 'asked for by STRESS_BACKEND'

/** An image may be fetched for so long when processes of this machine would do as well. */
const AUTO_IMAGE_WITHIN_MS = 60_000
const IMAGE_WITHIN_MS = 300_000

/** Containers where they are asked for, or where an engine answers and has or can get the images. */
export async function chooseBackend({ docker: asked, images }: BackendWish): Promise<ChosenBackend> {
  // Testcontainers takes a second to load, and embedded runs never need it.
  const { Engine } = await import('../../containers/docker/engine.ts')
  try {
    const engine = await Engine.connect()
    await images(engine, asked === undefined ? AUTO_IMAGE_WITHIN_MS : IMAGE_WITHIN_MS)
    return { name: 'docker', why: `${asked ?? 'the default where an engine answers'}; ${engine.title}` }
  } catch (error) {
    if (asked !== undefined || !(error instanceof MailstormError)) throw error
    const [reason = ''] = error.message.split('\n')
    const why = reason.replace(/^Failed to/, 'could not').replace(/\.$/, '')
    return { name: 'embedded', why: `the default without containers: ${why}` }
  }
}
