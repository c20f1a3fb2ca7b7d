import { readFileSync } from 'node:fs'
import { MailstormError } from '../error.ts'

/** Text of /proc/self/limits; undefined where there is none (not Linux). */
export type LimitsReader = () => string | undefined

export const readProcLimits: LimitsReader = () => {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return undefined
  }
}

/** Descriptors beside the sessions: files, pipes to servers, control channels, the test runner. */
export const DESCRIPTOR_MARGIN = 256

/** Refuses a run with more sessions than this process may open; says nothing where the limit is unknown. */
export function checkDescriptors(sessions: number, readLimits: LimitsReader = readProcLimits): void {
  const limit = openFilesIn(readLimits() ?? '')
  const needed = sessions + DESCRIPTOR_MARGIN
  if (limit === undefined || limit >= needed) return
  const [has, needs, open] = [limit, needed, sessions].map((count) => count.toLocaleString('en-US'))
  throw new MailstormError(
    'FILE_LIMIT',
    `Failed to plan ${open} sessions: this process may open ${has} files, and ${needs} are needed.`,
    `Raise the limit with "ulimit -n ${needed}" in the shell that starts the run, or use fewer sessions.`,
  )
}

/** The soft limit; Node raises it to the hard one when it starts, so it is what counts. */
function openFilesIn(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits)?.[1]
  if (soft === undefined) return undefined
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
