import { connectEngine } from '../../../containers/docker/connect.ts'
import type { Engine } from '../../../containers/docker/engine.ts'
import { MailstormError } from '../../error.ts'

/** How services boot, and why. */
export interface ChosenBackend {
  readonly name: 'embedded' | 'docker'
  readonly why: string
}

export interface BackendWish {
  /** Optional packages needed besides Testcontainers itself. */
  readonly packages?: readonly string[]
  /** Why it must be containers; undefined when local processes would do as well. */
  readonly docker: string | undefined
  /** Makes sure that the engine has the images. */
  images(engine: Engine, withinMs: number): Promise<void>
}

export const ASKED_FOR = 'asked for by STRESS_BACKEND'

/** Time limit for pulling an image when local processes would do as well. */
const AUTO_IMAGE_WITHIN_MS = 60_000
const IMAGE_WITHIN_MS = 300_000

/** Chooses containers when asked for, or when an engine answers and has or can get the images. */
export async function chooseBackend(wish: BackendWish): Promise<ChosenBackend> {
  const { docker: asked, packages = [], images } = wish
  try {
    const engine = await connectEngine(...packages)
    await images(engine, asked === undefined ? AUTO_IMAGE_WITHIN_MS : IMAGE_WITHIN_MS)
    return { name: 'docker', why: `${asked ?? 'the default where an engine answers'}; ${engine.title}` }
  } catch (error) {
    if (asked !== undefined || !(error instanceof MailstormError)) throw error
    const [reason = ''] = error.message.split('\n')
    const why = reason.replace(/^Failed to/, 'could not').replace(/\.$/, '')
    return { name: 'embedded', why: `the default without containers: ${why}` }
  }
}
