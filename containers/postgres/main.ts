import { spawn } from 'node:child_process'
import { chown, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { errorText } from '../../src/error.ts'
import { freePort } from '../loopback.ts'
import {
  type Binaries,
  initialise,
  prepareBinaries,
  removeCluster,
  type User,
  userForServer,
} from './cluster.ts'

// A PostgreSQL with a cluster of its own, which goes with it. PostgreSQL does not end with the process that
// started it; this program does, by its IPC channel, and takes PostgreSQL along.

const READY = /database system is ready to accept connections/

/** Of an earlier life, to go on with. */
const earlier = process.env.PG_FOLDER || undefined
const folder = earlier ?? (await mkdtemp(join(tmpdir(), 'mailstorm-postgres-')))
const keepsData = process.env.PG_KEEPS_DATA === 'true'
const settings = JSON.parse(process.env.PG_SETTINGS ?? '[]') as string[]
let postgres: ReturnType<typeof launch> | undefined
/** Whoever forked us knows the folder. */
let told = false

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end)
process.once('disconnect', end)
// Nobody reads what is written once whoever forked us is gone; that must not end us before PostgreSQL.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

try {
  // Whoever forked us may be gone already.
  if (process.connected === false) await leave(1)
  await serve()
} catch (error) {
  console.error(errorText(error))
  await leave(1)
}

/** By an immediate shutdown: its data go, or are recovered by the next life. Its exit ends us. */
function end(): void {
  if (postgres === undefined) void leave(1)
  else postgres.kill('SIGQUIT')
}

async function serve(): Promise<void> {
  const user = userForServer()
  if (user !== undefined) await chown(folder, user.uid, user.gid)
  const binaries = await prepareBinaries(folder, user)
  const data = join(folder, 'data')
  if (earlier === undefined) await initialise({ binaries, user, folder, data, ...loginFromEnvironment() })
  const port = Number(process.env.PG_PORT) || (await freePort())
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

/** On loopback only, and without a socket in the file system, whose path would be too long on some systems. */
function launch(binaries: Binaries, user: User | undefined, data: string, port: number) {
  const fixed = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=']
  return spawn(binaries.postgres, ['-D', data, '-p', String(port), ...fixed, ...settings], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

/** PostgreSQL's end is ours: whoever sees us end sees how it did. */
async function ended(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
  await removeFolder()
  if (signal !== null) {
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  }
  process.exit(code ?? 1)
}

async function leave(code: number): Promise<never> {
  await removeFolder()
  process.exit(code)
}

/** Unless whoever forked us lives, knows it and may go on with it. */
async function removeFolder(): Promise<void> {
  if (keepsData && process.connected && (told || earlier !== undefined)) return
  await removeCluster(folder)
}
