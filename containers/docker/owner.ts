import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { identityOf, lives } from '../process-identity.ts'

/** On everything of ours in an engine: containers, networks and images. */
export const OURS_LABEL = 'mailstorm'
/** The process that a container or network serves, as `<pid>:<start of the process>`. */
export const OWNER_LABEL = 'mailstorm.owner'
/** Where that process is: an engine may be shared by machines, and pids mean nothing on another one. */
const MACHINE_LABEL = 'mailstorm.machine'

export type Labels = Readonly<Record<string, string>>

export const OURS: Labels = { [OURS_LABEL]: 'true' }

/** Name of the service that a container runs, as `smtp-server-1`. */
export const SERVICE_LABEL = 'mailstorm.service'

/** The labels of what this process starts. */
export function ownLabels(): Labels {
  return { ...OURS, [OWNER_LABEL]: identityOf(process.pid), [MACHINE_LABEL]: machine() }
}

/** True for what a process of this machine has left behind when it ended. */
export function isOrphan(labels: Labels = {}): boolean {
  const owner = labels[OWNER_LABEL]
  return owner !== undefined && labels[MACHINE_LABEL] === machine() && !lives(owner)
}

/** Containers of a CI system share the kernel and its engine, but each has pids of its own. */
function machine(): string {
  return process.platform === 'linux' ? `${hostname()}/${readlinkSync('/proc/self/ns/pid')}` : hostname()
}
