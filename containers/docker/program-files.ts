import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a program of ours consists of. */
export interface ProgramSources {
  /** Files and folders from the project's root; tests in folders are left out. */
  readonly paths: readonly string[]
  /** Packages of npm that it imports; theirs come along. */
  readonly packages: readonly string[]
}

export interface ProgramFile {
  readonly from: string
  /** Its path in the image, from the program's folder. */
  readonly to: string
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TEST = /\.(test|contract|fixture)\.ts$|\/contract\//

/** The program's own files one by one, its packages as folders. */
export async function filesOf({ paths, packages }: ProgramSources): Promise<ProgramFile[]> {
  const own = await ownFiles(paths)
  const files = own.map((path) => ({ from: join(ROOT, path), to: path }))
  const folders = [...packagesOf(packages).values()].map(({ from, to }) => ({ from, to }))
  // Says that the files are ES modules.
  return [{ from: join(ROOT, 'package.json'), to: 'package.json' }, ...files, ...folders]
}

/** Changes when a file, a package's version, or anything else given does. */
export async function contentHash(
  { paths, packages }: ProgramSources,
  more: readonly string[],
  ...words: readonly string[]
): Promise<string> {
  const hash = createHash('sha256')
  const own = (await ownFiles(paths)).map((path) => join(ROOT, path))
  for (const file of [...own, ...more])
    hash.update(`${file.slice(ROOT.length)}\n`).update(await readFile(file))
  for (const { to, version } of packagesOf(packages).values()) hash.update(`${to}@${version}\n`)
  for (const word of words) hash.update(`${word}\n`)
  return hash.digest('hex').slice(0, 12)
}

async function ownFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const path of paths) {
    if (/\.\w+$/.test(path)) {
      files.push(path)
      continue
    }
    for (const entry of await readdir(join(ROOT, path), { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name)
      if (entry.isFile() && !TEST.test(file)) files.push(file.slice(ROOT.length))
    }
  }
  return files.toSorted()
}

interface Package extends ProgramFile {
  readonly version: string
}

/** The packages and all they depend on, by folder, where npm has put them. */
function packagesOf(names: readonly string[], from = join(ROOT, 'package.json')): Map<string, Package> {
  const found = new Map<string, Package>()
  const require = createRequire(from)
  for (const name of names) {
    const folder = folderOf(require, name)
    const { version, dependencies = {} } = require(join(folder, 'package.json')) as {
      readonly version: string
      readonly dependencies?: Readonly<Record<string, string>>
    }
    const to = placeOf(folder)
    found.set(to, { from: folder, to, version })
    for (const [key, one] of packagesOf(Object.keys(dependencies), join(folder, 'package.json'))) {
      found.set(key, one)
    }
  }
  return found
}

/** As it is in our node_modules; a package that npm has put above the project comes down to it. */
function placeOf(folder: string): string {
  if (folder.startsWith(ROOT)) return folder.slice(ROOT.length)
  return folder.slice(folder.lastIndexOf(`${sep}node_modules${sep}`) + 1)
}

/** Not every package lets its package.json be asked for by name. */
function folderOf(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return dirname(require.resolve(join(folder, name, 'package.json')))
    } catch {
      // Further up, perhaps.
    }
  }
  throw new Error(`the package ${name} is not installed`)
}
