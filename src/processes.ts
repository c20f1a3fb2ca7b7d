import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * A process of this machine as `<pid>:<start>`: a pid alone may be reused, but not with the same start time.
 */
export function identityOf(pid: number): string {
  return `${pid}:${startOf(pid)}`
}

export function pidOf(identity: string): number {
  return Number(identity.split(':')[0])
}

/** Whether the very process runs that had this identity. */
export function lives(identity: string): boolean {
  const [, pid, start] = /^(\d+):(.+)$/.exec(identity) ?? []
  return pid !== undefined && start === startOf(Number(pid))
}

/**
 * Whether a process with this pid runs. A zombie does not: it has ended, and only waits for its parent to fetch its exit
 * code. Where the process of somebody else may not be looked at, it is taken for alive.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return !isOver(stateOf(pid)?.state ?? '')
}

function startOf(pid: number): string | undefined {
  const found = stateOf(pid)
  return found === undefined || isOver(found.state) ? undefined : found.start
}

/** States of a process that has ended: zombie and dead. */
function isOver(state: string): boolean {
  return /^[ZX]/.test(state)
}

interface ProcessState {
  /** Its first letter is of the same alphabet everywhere: R, S, D, Z … */
  readonly state: string
  /** When it started: ticks since boot on Linux, elsewhere a date. */
  readonly start: string | undefined
}

/** Undefined when there is no such process. */
function stateOf(pid: number): ProcessState | undefined {
  try {
    if (process.platform === 'linux') return stateIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    const columns = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]
    const [, state = '', start] =
      /^(\S+)\s+(.+)$/.exec(execFileSync('ps', columns, { encoding: 'utf8' }).trim()) ?? []
    return { state, start }
  } catch {
    return undefined
  }
}

/** proc_pid_stat(5): after the name in parentheses comes field 3, the state; field 22 is the start in ticks. */
function stateIn(stat: string): ProcessState {
  const [state = '', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state, start: fields[18] }
}

export const END_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type EndSignal = (typeof END_SIGNALS)[number]

/**
 * `timeout` signals both its child and the whole process group, and npx passes on what the group received.
 * Signals within this time after the first are the same request.
 */
const ONE_WISH_MS = 500

/** Calls `told` for every request to end, by whichever signal. Returns a function that stops listening. */
export function onEndSignal(told: (signal: EndSignal) => void): () => void {
  let firstAtMs: number | undefined
  const listeners = END_SIGNALS.map((signal) => {
    const listener = () => {
      const nowMs = performance.now()
      if (firstAtMs !== undefined && nowMs - firstAtMs < ONE_WISH_MS) return
      firstAtMs ??= nowMs
      told(signal)
    }
    process.on(signal, listener)
    return { signal, listener }
  })
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener)
  }
}

/** Whether Node was started with this module: `import.meta.main`, which needs Node 24.2. */
export function isMain(moduleUrl: string): boolean {
  const [, started] = process.argv
  return started !== undefined && realpathSync(started) === fileURLToPath(moduleUrl)
}
