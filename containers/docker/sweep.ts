import type { Docker } from './dockerode.ts'
import { isOrphan, OURS_LABEL } from './owner.ts'

/**
 * Removes the containers and networks that processes of this machine left behind when they were killed.
 * What belongs to a living process stays. Gives the names of what it removed.
 */
export async function sweepOrphans(docker: Docker): Promise<string[]> {
  const filters = { label: [`${OURS_LABEL}=true`] }
  const containers = await docker.listContainers({ all: true, filters })
  const swept = await Promise.all(
    containers
      .filter(({ Labels }) => isOrphan(Labels))
      .map(async ({ Id, Names }) => {
        await gone(docker.getContainer(Id).remove({ force: true, v: true }))
        return Names[0] ?? Id
      }),
  )
  // Only now: a network cannot be removed while a container is in it.
  const networks = await docker.listNetworks({ filters })
  const sweptNetworks = await Promise.all(
    networks
      .filter(({ Labels }) => isOrphan(Labels))
      .map(async ({ Id, Name }) => {
        await gone(docker.getNetwork(Id).remove())
        return Name
      }),
  )
  return [...swept, ...sweptNetworks]
}

/** Removed, whoever did it: 404 says that it is gone, 409 that somebody else is just removing it. */
export async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: number }
    if (statusCode !== 404 && statusCode !== 409) throw error
  }
}
