import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../containers/loopback.ts'
import {
  type Binaries,
  initialise,
  prepareBinaries,
  type User,
  userForServer,
} from '../../containers/postgres/cluster.ts'
import { POSTGRES_TUNING, urlOf } from '../../containers/postgres/postgres.ts'

const LOGIN = { database: 'mailproxy', user: 'mailproxy', password: 'mailproxy' }
const READY = /database system is ready to accept connections/

/** A PostgreSQL whose data outlives it, for what happens when it goes away and comes back. */
export class RestartablePostgres implements AsyncDisposable {
  readonly url: string
  readonly #port: number
  readonly #folder: string
  readonly #binaries: Binaries
  readonly #user: User | undefined
  #child: ChildProcess | undefined

  static async start(): Promise<RestartablePostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'restartable-postgres-'))
    const user = userForServer()
    if (user !== undefined) await chown(folder, user.uid, user.gid)
    const binaries = await prepareBinaries(folder, user)
    const { user: name, ...login } = LOGIN
    await initialise({ binaries, user, folder, data: join(folder, 'data'), name, ...login })
    const postgres = new RestartablePostgres(folder, binaries, user, await freePort())
    await postgres.start()
    return postgres
  }

  private constructor(folder: string, binaries: Binaries, user: User | undefined, port: number) {
    this.#folder = folder
    this.#binaries = binaries
    this.#user = user
    this.#port = port
    this.url = urlOf(LOGIN, '127.0.0.1', port)
  }

  async start(): Promise<void> {
    const own = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(this.#port) }
    const settings = Object.entries({ ...POSTGRES_TUNING, ...own }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ])
    const child = spawn(this.#binaries.postgres, ['-D', join(this.#folder, 'data'), ...settings], {
      ...this.#user,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    for await (const line of createInterface({ input: child.stderr })) if (READY.test(line)) break
    child.stderr.resume()
  }

  /** As a crash has it: nothing is written any more, connections break. */
  async crash(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGQUIT')
    await exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  }
}
