import { type ContainerRuntimeClient, getReaper } from 'testcontainers'
import { getReaperImage } from 'testcontainers/build/reaper/reaper.js'
import { withEnvironment } from './environment.ts'
import { haveImage } from './image.ts'
import { reasonOf } from './refusal.ts'

const DISABLED = 'TESTCONTAINERS_RYUK_DISABLED'
/** Without it we sweep at the next start; that is not worth a longer wait. */
const IMAGE_WITHIN_MS = 20_000

/**
 * Testcontainers' reaper (Ryuk) ends our containers when we are killed. Where its image is not to be
 * had, or it may not run, we do without. Gives the id by which it knows what is ours.
 */
export async function startReaper(
  client: ContainerRuntimeClient,
  note: (line: string) => void,
): Promise<string> {
  if (process.env[DISABLED] !== 'true') {
    try {
      await haveImage(client, { image: getReaperImage(), withinMs: IMAGE_WITHIN_MS, note })
      return (await getReaper(client)).sessionId
    } catch (error) {
      note(
        `Without Testcontainers' reaper (${reasonOf(error)}): what a killed run leaves is swept at the next start.`,
      )
    }
  }
  // Testcontainers would try again at each container and fail it.
  return withEnvironment(DISABLED, 'true', async () => (await getReaper(client)).sessionId)
}
