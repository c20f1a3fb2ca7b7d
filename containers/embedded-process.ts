import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as setTimer } from 'node:timers/promises'
import pidusage from 'pidusage'
import { LOOPBACK } from '../src/listening.ts'
import { inherited } from '../src/options/process-environment.ts'
import { LOG_LINES_SHOWN, type ServiceEnd, startFailure, type Usage } from './service.ts'

/**
 * One of our programs as a local process. It must write one line of JSON to stdout once it is ready, exit when
 * its IPC channel closes (so that no orphan outlives us), and end on SIGTERM.
 */
export interface ProcessOptions {
  /** Name of the service, for messages. */
  readonly name: string
  /** Path of the TypeScript program. */
  readonly program: string
  /** Its whole environment besides PATH, TMPDIR and Node's compile cache; nothing else of ours is passed on. */
  readonly env: Readonly<Record<string, string>>
  readonly readyWithinMs?: number
  /** Time from SIGTERM to SIGKILL. */
  readonly stopWithinMs?: number
}

const READY_WITHIN_MS = 20_000
/** Our programs end at once on SIGTERM; this allows for a busy machine. */
const STOP_WITHIN_MS = 3_000
const LOG_LINES_KEPT = 500

export class EmbeddedProcess {
  readonly pid: number
  /** The fields of the program's ready line. */
  readonly readyLine: Readonly<Record<string, unknown>>
  /** Resolves when the process ended by itself; with undefined when stop() ended it. */
  readonly ended: Promise<ServiceEnd | undefined>
  readonly #child: ChildProcess
  readonly #log: readonly string[]
  readonly #exited: Promise<void>
  readonly #stopWithinMs: number
  #endedBy: string | undefined
  #stopping: Promise<void> | undefined

  /** Starts the program and waits for its ready line. A program that fails to start is killed. */
  static async start(options: ProcessOptions): Promise<EmbeddedProcess> {
    const child = fork(options.program, {
      execPath: pinnedNode(),
      execArgv: [],
      env: { ...inherited('PATH', 'TMPDIR', 'NODE_COMPILE_CACHE'), ...options.env },
      // In a process group of its own: Ctrl-C in a terminal is for the test run, which stops its services
      // itself.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const log: string[] = []
    try {
      const started = await readiness(child, log, options.readyWithinMs ?? READY_WITHIN_MS)
      return new EmbeddedProcess(started, options.stopWithinMs)
    } catch (error) {
      await kill(child)
      throw startFailure(options.name, (error as Error).message, log)
    }
  }

  private constructor({ child, pid, line, log }: Started, stopWithinMs = STOP_WITHIN_MS) {
    this.#child = child
    this.pid = pid
    this.readyLine = line
    this.#log = log
    this.#stopWithinMs = stopWithinMs
    // 'close' comes after the last line of output; 'exit' may come before it.
    this.#exited = new Promise((resolve) => child.once('close', () => resolve()))
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        if (this.#stopping !== undefined) return resolve(undefined)
        this.#endedBy = signal === null ? `exited with code ${code}` : `killed by ${signal}`
        resolve({ by: this.#endedBy, atEpochMs: Date.now() })
      })
    })
  }

  get endedBy(): string | undefined {
    return this.#endedBy
  }

  /** Whether it has ended, or ends within `ms`. */
  endsWithin(ms: number): Promise<boolean> {
    const ended = this.#exited.then(() => true)
    return Promise.race([ended, setTimer(ms, false, { ref: false })])
  }

  logTail(lines: number = LOG_LINES_SHOWN): string[] {
    return this.#log.slice(-lines)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#terminate()
    return this.#stopping
  }

  async #terminate(): Promise<void> {
    this.#child.kill('SIGTERM')
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), this.#stopWithinMs)
    await this.#exited
    clearTimeout(patience)
  }
}

async function kill(child: ChildProcess): Promise<void> {
  const running = child.pid !== undefined && child.exitCode === null && child.signalCode === null
  if (!running) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

interface Started {
  readonly child: ChildProcess
  readonly pid: number
  readonly line: Record<string, unknown>
  readonly log: readonly string[]
}

function readiness(child: ChildProcess, log: string[], withinMs: number): Promise<Started> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it was not ready within ${withinMs} ms`)), withinMs)
    const fail = (why: string) => {
      clearTimeout(timer)
      reject(new Error(why))
    }
    child.once('error', (error) => fail(error.message))
    child.once('close', (code, signal) =>
      fail(signal === null ? `it exited with code ${code}` : `it was killed by ${signal}`),
    )
    keepLines(child.stderr, log)
    keepLines(child.stdout, log, (text) => {
      const line = asJsonObject(text)
      if (line === undefined || child.pid === undefined) return
      clearTimeout(timer)
      resolve({ child, pid: child.pid, line, log })
    })
  })
}

function keepLines(stream: NodeJS.ReadableStream | null, log: string[], see?: (line: string) => void): void {
  if (stream === null) return
  createInterface({ input: stream }).on('line', (line) => {
    log.push(line)
    if (log.length > LOG_LINES_KEPT) log.shift()
    see?.(line)
  })
}

function asJsonObject(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** The Node of node_modules, whatever Node runs us: our programs are TypeScript and need its type stripping. */
function pinnedNode(): string {
  const require = createRequire(import.meta.url)
  try {
    const pinned = join(dirname(require.resolve('node/package.json')), 'bin', 'node')
    if (existsSync(pinned)) return pinned
  } catch {
    // It is not installed: use the Node that runs us.
  }
  return process.execPath
}

/** A service that runs as a local process; each kind of service adds its ports. */
export class EmbeddedService implements AsyncDisposable {
  readonly backend = 'embedded'
  readonly host = LOOPBACK
  readonly name: string
  protected readonly program: EmbeddedProcess

  constructor(name: string, program: EmbeddedProcess) {
    this.name = name
    this.program = program
  }

  get pid(): number {
    return this.program.pid
  }

  get endedBy(): string | undefined {
    return this.program.endedBy
  }

  get ended(): Promise<ServiceEnd | undefined> {
    return this.program.ended
  }

  async usage(): Promise<Usage | undefined> {
    try {
      const { cpu, memory } = await pidusage(this.pid)
      return { cpuPercent: cpu, memoryBytes: memory }
    } catch {
      // It has ended, or we are out of file descriptors, which must not end the run that samples it.
      return undefined
    }
  }

  async logTail(lines: number): Promise<string[]> {
    return this.program.logTail(lines)
  }

  stop(): Promise<void> {
    return this.program.stop()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
