import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Binaries, User } from './postgres-binaries.ts'

export interface ClusterOptions {
  readonly binaries: Binaries
  readonly user: User | undefined
  /** For the time of the initialisation. */
  readonly folder: string
  readonly data: string
  readonly database: string
  /** Of the first user, who may do everything. */
  readonly name: string
  readonly password: string
}

/** Makes a cluster with one user and one database. */
export async function initialise(options: ClusterOptions): Promise<void> {
  const { binaries, folder, data, database, name, password, user } = options
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  // In a folder of that user's own, and gone with it.
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
  await run(
    binaries.initdb,
    [
      ...['--pgdata', data, '--username', name, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
      // The seed's; the default from PostgreSQL 18 on.
      '--data-checksums',
      // The cluster does not outlive the machine.
      '--no-sync',
    ],
    user,
  )
  if (database === 'postgres') return
  // The package has no client; a server for one user takes SQL on its standard input.
  const sql = `CREATE DATABASE "${database.replaceAll('"', '""')}";\n`
  await run(binaries.postgres, ['--single', '-D', data, 'postgres'], user, sql)
}

/** Processes of a PostgreSQL that was killed may write for a moment still. */
export function removeCluster(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

async function run(program: string, args: string[], user?: User, input = ''): Promise<void> {
  const child = spawn(program, args, { ...user, stdio: ['pipe', 'ignore', 'pipe'] })
  child.stdin.end(input)
  const [said, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code === 0 && !/ERROR:|FATAL:/.test(said)) return
  throw new Error(`${program} ended with ${signal ?? `code ${code}`}:\n${said.trim()}`)
}
