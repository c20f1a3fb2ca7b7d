import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, sep } from 'node:path'
import { MailstormError } from '../../src/error.ts'
import { moduleExtension, packageRoot, requirePackages, sourcesRoot } from '../../src/packages.ts'
import type { Engine } from './engine.ts'
import { finished, hasImage, haveImage, type Progress } from './image.ts'
import { OURS } from './owner.ts'
import { reasonOf } from './refusal.ts'
import { SharedWork, within } from './waiting.ts'

export interface ProgramImageOptions {
  /** Such as `smtp-server`: the image is named `mailstorm/smtp-server:<hash of its content>`. */
  readonly name: string
  /** Path of the Dockerfile. */
  readonly dockerfile: string
  /** Base image; anything with Node 24. */
  readonly nodeImage: string
  readonly sources: ProgramSources
  /** Time limit for pulling the base image, and again for the build. */
  readonly withinMs: number
  readonly note: (line: string) => void
}

const building = new SharedWork<string>()

/** The image of one of our programs, built once per content and reused from then on. */
export async function programImage(engine: Engine, options: ProgramImageOptions): Promise<string> {
  const { name, dockerfile, nodeImage, sources } = options
  requirePackages(`build the container image mailstorm/${name}`, sources.packages)
  const tag = `mailstorm/${name}:${await contentHash(sources, [dockerfile], nodeImage)}`
  return building.do(tag, async () => {
    if (!(await hasImage(engine.client, tag))) await assemble(engine, tag, options)
    return tag
  })
}

async function assemble(engine: Engine, tag: string, options: ProgramImageOptions): Promise<void> {
  const { dockerfile, nodeImage, sources, withinMs, note } = options
  await haveImage(engine.client, { image: nodeImage, withinMs, note })
  note(`Building the container image ${tag} (once) …`)
  const context = await mkdtemp(join(tmpdir(), 'mailstorm-image-'))
  try {
    for (const file of await filesOf(sources))
      await cp(file.from, join(context, file.to), { recursive: true })
    await cp(dockerfile, join(context, basename(dockerfile)))
    const late = () => new Error(`it was not built within ${withinMs / 1000} s`)
    await within(withinMs, late, (signal) => build(engine, tag, { ...options, context, signal }))
  } catch (error) {
    throw new MailstormError('IMAGE', `Failed to build the container image ${tag}: ${reasonOf(error)}.`)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

interface Build extends ProgramImageOptions {
  readonly context: string
  readonly signal: AbortSignal
}

/** Testcontainers' own build hangs when the engine refuses it, and hides the reason. */
async function build(engine: Engine, tag: string, options: Build): Promise<void> {
  const { context, dockerfile, nodeImage, signal } = options
  const stream = await engine.docker.buildImage(
    { context, src: ['.'] },
    {
      t: tag,
      dockerfile: basename(dockerfile),
      buildargs: { NODE_IMAGE: nodeImage },
      labels: { ...OURS },
      forcerm: true,
      abortSignal: signal,
    },
  )
  const lines = await finished(engine.docker, stream)
  // An engine that breaks off reports no error; its last line says what it was doing.
  if (!(await hasImage(engine.client, tag))) throw new Error(`the engine broke off: ${lastLine(lines)}`)
}

function lastLine(lines: readonly Progress[]): string {
  return lines.flatMap(({ stream }) => stream?.trim() || []).at(-1) ?? 'it gave no reason'
}

/** The sources of one of our programs. */
export interface ProgramSources {
  /** Files and folders, relative to the project's root; tests inside folders are left out. */
  readonly paths: readonly string[]
  /** npm packages that it imports; their dependencies come along. */
  readonly packages: readonly string[]
}

export interface ProgramFile {
  readonly from: string
  /** Path in the image, relative to the program's folder. */
  readonly to: string
}

const ROOT = `${sourcesRoot}${sep}`
const MANIFEST = join(packageRoot, 'package.json')
/** Files of ours that no program needs. */
const LEFT_OUT = /\.(test|contract|fixture|d)\.ts$|\/contract\//

/** The program's own files one by one, its packages as folders. */
export async function filesOf({ paths, packages }: ProgramSources): Promise<ProgramFile[]> {
  const own = await ownFiles(paths)
  const files = own.map((path) => ({ from: join(ROOT, path), to: path }))
  const folders = [...packagesOf(packages).values()].map(({ from, to }) => ({ from, to }))
  // Declares the files as ES modules.
  return [{ from: MANIFEST, to: 'package.json' }, ...files, ...folders]
}

/** Changes whenever a file, a package's version or any other input does. */
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
      files.push(path.replace(/\.ts$/, moduleExtension))
      continue
    }
    for (const entry of await readdir(join(ROOT, path), { recursive: true, withFileTypes: true })) {
      const file = join(entry.parentPath, entry.name)
      if (entry.isFile() && !LEFT_OUT.test(file)) files.push(file.slice(ROOT.length))
    }
  }
  return files.toSorted()
}

interface Package extends ProgramFile {
  readonly version: string
}

/** The packages and all their dependencies by folder, as npm installed them. */
function packagesOf(names: readonly string[], from = MANIFEST): Map<string, Package> {
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

/** The path inside node_modules; a package that npm hoisted above the project moves down into it. */
function placeOf(folder: string): string {
  if (folder.startsWith(ROOT)) return folder.slice(ROOT.length)
  return folder.slice(folder.lastIndexOf(`${sep}node_modules${sep}`) + 1)
}

/** Not every package exports its package.json. */
function folderOf(require: NodeJS.Require, name: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return dirname(require.resolve(join(folder, name, 'package.json')))
    } catch {
      // Try the next folder up.
    }
  }
  throw new Error(`the package ${name} is not installed`)
}
