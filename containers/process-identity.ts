import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/**
 * A process of this machine as `<pid>:<start>`: a pid alone can belong to another process by now; with
 * the time of its start it cannot.
 */
export function identityOf(pid: number): string {
  return `${pid}:${startOf(pid)}`
}

export function pidOf(identity: string): number {
  return Number(identity.split(':')[0])
}

export function lives(identity: string): boolean {
  const [, pid, start] = /^(\d+):(.+)$/.exec(identity) ?? []
  return pid !== undefined && start === startOf(Number(pid))
}

function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return startTicksOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    // There is no such process.
    return undefined
  }
}

/** proc_pid_stat(5): after the name in brackets come field 3, the state, and field 22, the start in ticks. */
function startTicksOf(stat: string): string | undefined {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const isOver = fields[0] === 'Z' || fields[0] === 'X'
  return isOver ? undefined : fields[19]
}
