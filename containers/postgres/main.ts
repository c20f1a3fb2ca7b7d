import { spawn } from 'node:child_process'
import { chown, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { errorText } from '../../src/error.ts'
import { LOOPBACK } from '../../src/listening.ts'
import { freePort } from '../loopback.ts'
import {
  type Binaries,
  initialise,
  prepareBinaries,
  removeCluster,
  type User,
  userForServer,
} from './cluster.ts'

// Runs a PostgreSQL with a temporary cluster of its own. PostgreSQL outlives the process that started it; this
// program ends when its IPC channel closes, and takes PostgreSQL with it.

const READY = /database system is ready to accept connections/

/** Folder of an earlier life, to continue. */
const earlier = process.env.PG_FOLDER || undefined
const folder = earlier ?? (await mkdtemp(join(tmpdir(), 'mailstorm-postgres-')))
const keepsData = process.env.PG_KEEPS_DATA === 'true'
const settings = JSON.parse(process.env.PG_SETTINGS ?? '[]') as string[]
let postgres: ReturnType<typeof launch> | undefined
/** Whether the parent knows the folder, from the ready line. */
let told = false
/** Ends what still sets the cluster up: it would write into the folder while that is being removed. */
const setUp = new AbortController()

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end)
process.once('disconnect', end)
// Once the parent is gone nobody reads our output; the error of writing must not end us before PostgreSQL.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

try {
  // The parent may already be gone.
  if (process.connected === false) setUp.abort()
  await serve()
} catch (error) {
  if (!setUp.signal.aborted) console.error(errorText(error))
  await removeFolder()
  process.exit(1)
}

/** Immediate shutdown: the data are removed, or recovered by the next life. PostgreSQL's exit then ends us. */
function end(): void {
  if (postgres === undefined) setUp.abort()
  else postgres.kill('SIGQUIT')
}

async function serve(): Promise<void> {
  const { signal } = setUp
  const user = userForServer()
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  const binaries = await prepareBinaries(folder, user)
  const data = join(folder, 'data')
  signal.throwIfAborted()
  if (earlier === undefined)
    await initialise({ binaries, user, folder, data, signal, ...loginFromEnvironment() })
  const port = Number(process.env.PG_PORT) || (await freePort())
  signal.throwIfAborted()
  postgres = launch(binaries, user, data, port)
  const { pid } = postgres
  postgres.once('exit', (code, signal) => void ended(code, signal))
  createInterface({ input: postgres.stderr }).on('line', (line) => {
    console.error(line)
    if (told || !READY.test(line)) return
    told = true
    console.log(JSON.stringify({ port, postgres_pid: pid, folder }))
  })
}

function loginFromEnvironment() {
  const { PG_DATABASE: database = '', PG_USER: name = '', PG_PASSWORD: password = '' } = process.env
  return { database, name, password }
}

/** Loopback only, and no Unix socket, whose path would be too long on some systems. */
function launch(binaries: Binaries, user: User | undefined, data: string, port: number) {
  const fixed = ['-c', `listen_addresses=${LOOPBACK}`, '-c', 'unix_socket_directories=']
  return spawn(binaries.postgres, ['-D', data, '-p', String(port), ...fixed, ...settings], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** Ends this program in the way that PostgreSQL ended. */
async function ended(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
  await removeFolder()
  if (signal !== null) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  process.exit(code ?? 1)
}

/** Unless a living parent knows the folder and may start again from it. */
async function removeFolder(): Promise<void> {
  if (keepsData && process.connected && (told || earlier !== undefined)) return
  await removeCluster(folder)
}
