import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { identityOf, lives } from '../../src/processes.ts'
import type { Docker } from './dockerode.ts'

/** On everything of ours in an engine: containers, networks and images. */
const OURS_LABEL = 'mailstorm'
/** The process that a container or network belongs to, as `<pid>:<start of the process>`. */
export const OWNER_LABEL = 'mailstorm.owner'
/** The machine of that process: several may share an engine, and a pid is valid on one of them only. */
const MACHINE_LABEL = 'mailstorm.machine'

export type Labels = Readonly<Record<string, string>>

export const OURS: Labels = { [OURS_LABEL]: 'true' }

/** Name of the service in a container, such as `smtp-server-1`. */
export const SERVICE_LABEL = 'mailstorm.service'

/** Labels for whatever this process starts. */
export function ownLabels(): Labels {
  return { ...OURS, [OWNER_LABEL]: identityOf(process.pid), [MACHINE_LABEL]: machine() }
}

/** True for something left behind by a process of this machine that has ended. */
export function isOrphan(labels: Labels = {}): boolean {
  const owner = labels[OWNER_LABEL]
  return owner !== undefined && labels[MACHINE_LABEL] === machine() && !lives(owner)
}

/** Containers of a CI system share the kernel and its engine, but each has its own pids. */
function machine(): string {
  return process.platform === 'linux' ? `${hostname()}/${readlinkSync('/proc/self/ns/pid')}` : hostname()
}

/**
 * Removes containers and networks left behind by killed processes of this machine. Whatever belongs to a living
 * process stays. Resolves with the names of what it removed.
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
  // Networks come last: one cannot be removed while a container is in it.
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

/** Resolves once it is removed, by us or by others: 404 means already gone, 409 that a removal is in progress. */
export async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: number }
    if (statusCode !== 404 && statusCode !== 409) throw error
  }
}

/**
 * Removes everything of ours that no living process uses: containers, networks, volumes and images built here.
 * Resolves with the names of what it removed.
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
