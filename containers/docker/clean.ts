import type { Docker } from './dockerode.ts'
import { OURS_LABEL } from './owner.ts'
import { gone, sweepOrphans } from './sweep.ts'

/**
 * Removes everything of ours that no living process uses: containers, networks, volumes and the images
 * that were built here. Gives the names of what it removed.
 */
export async function removeUnused(docker: Docker): Promise<string[]> {
  const filters = { label: [`${OURS_LABEL}=true`] }
  const removed = await sweepOrphans(docker)
  const { Volumes: volumes } = await docker.listVolumes({ filters })
  for (const { Name } of volumes ?? []) {
    await gone(docker.getVolume(Name).remove())
    removed.push(Name)
  }
  const used = new Set((await docker.listContainers({ all: true })).map(({ ImageID }) => ImageID))
  for (const { Id, RepoTags } of await docker.listImages({ filters })) {
    if (used.has(Id)) continue
    await gone(docker.getImage(Id).remove({ force: true }))
    removed.push(RepoTags?.[0] ?? Id)
  }
  return removed
}
