import { readdir, readFile } from 'node:fs/promises'
import type { Usage } from './service.ts'

/** Ticks per second in /proc, on every Linux (USER_HZ). */
const TICKS_PER_SECOND = 100

/** Resource use of a process and its descendants together (Linux). */
export class ProcessTree {
  readonly #pid: number
  #before: { readonly ticks: number; readonly atMs: number } | undefined

  constructor(pid: number) {
    this.#pid = pid
  }

  /** Undefined when the process is gone, or there is no /proc. */
  async usage(): Promise<Usage | undefined> {
    try {
      const children = await childrenOf(this.#pid)
      const own = fieldsOf(await readFile(`/proc/${this.#pid}/stat`, 'utf8'))
      const atMs = performance.now()
      const others = await Promise.all(children.map(ticksOf))
      // A child that ends adds its ticks to its parent's total for waited-for children.
      const ticks = sum([own.utime, own.stime, own.cutime, own.cstime, ...others])
      const memory = await Promise.all([this.#pid, ...children].map((pid) => memoryOf(pid)))
      const cpuPercent = this.#percentSince(ticks, atMs)
      this.#before = { ticks, atMs }
      return { cpuPercent, memoryBytes: sum(memory) }
    } catch {
      return undefined
    }
  }

  #percentSince(ticks: number, atMs: number): number {
    if (this.#before === undefined) return 0
    const seconds = (atMs - this.#before.atMs) / 1000
    return Math.max(0, (100 * (ticks - this.#before.ticks)) / TICKS_PER_SECOND / seconds)
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = await Promise.all(pids.map(parentOf))
  return pids.filter((_, index) => parents[index] === pid)
}

async function parentOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat === undefined ? undefined : fieldsOf(stat).ppid
}

/** Zero for a process that has ended meanwhile. */
async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (stat === undefined) return 0
  const { utime, stime } = fieldsOf(stat)
  return utime + stime
}

/** proc_pid_stat(5): field 3 follows the name in parentheses. */
function fieldsOf(stat: string) {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [ppid = 0, utime = 0, stime = 0, cutime = 0, cstime = 0] = [4, 14, 15, 16, 17].map(
    (field) => fields[field - 3],
  )
  return { ppid, utime, stime, cutime, cstime }
}

/**
 * Proportional set size: shared memory counts once in total. Reading it needs ptrace rights
 * (proc_pid_smaps_rollup(5)); without them, the resident set size. 0 for a process that has ended meanwhile.
 */
export async function memoryOf(pid: number, read = readProc): Promise<number> {
  const rollup = /^Pss:\s+(\d+) kB$/m.exec(await read(pid, 'smaps_rollup'))
  const kilobytes = rollup ?? /^VmRSS:\s+(\d+) kB$/m.exec(await read(pid, 'status'))
  return Number(kilobytes?.[1] ?? 0) * 1024
}

function readProc(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
