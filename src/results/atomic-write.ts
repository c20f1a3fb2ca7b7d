import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file so that a reader finds either the old content or all of the new, even after a crash. Rejects
 * with the file system's error and leaves nothing behind.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await replaceAtomically(path, (temporary) => writeFile(temporary, content))
}

/** The same for streamed content: `write` fills the given temporary file. */
export async function replaceAtomically(path: string, write: Fill): Promise<void> {
  await placeWhole(path, write, (temporary) => rename(temporary, path))
}

/**
 * The same for a new file: rejects with EEXIST when the name is taken, even if another process takes it at the
 * same moment.
 */
export async function createAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await createExclusively(path, (temporary) => writeFile(temporary, content))
}

/** `write` fills the given temporary file. */
export async function createExclusively(path: string, write: Fill): Promise<void> {
  // link(2), unlike rename(2), fails when the name is taken.
  const place = (temporary: string) =>
    link(temporary, path).catch((error: unknown) => moveWithoutLinks(error, temporary, path))
  await placeWhole(path, write, place)
}

type Fill = (temporary: string) => Promise<void>

/** Fills and flushes a temporary file, then gives it its name in one step; leaves no temporary file behind. */
async function placeWhole(path: string, write: Fill, place: Fill): Promise<void> {
  // In the same folder: rename(2) and link(2) are atomic only within one file system.
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await write(temporary)
    await flush(temporary)
    await place(temporary)
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined) // report the first error
  }
  await flushFolder(dirname(path))
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** FAT and some network file systems have no links: there an empty file reserves the name for a moment. */
async function moveWithoutLinks(error: unknown, temporary: string, path: string): Promise<void> {
  if (!(error instanceof Error && 'code' in error && NO_LINKS.has(String(error.code)))) throw error
  await writeFile(path, '', { flag: 'wx' })
  await rename(temporary, path)
}

/** Before the rename: a power failure could otherwise leave the new name without its content. */
async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}

/** Makes the rename durable. Not every file system supports that; the file is complete without it. */
async function flushFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch {
    // Windows cannot open folders, and some network file systems refuse to flush them.
  }
}

/**
 * Creates a folder and its missing parents. Rejects with the file system's error. Not `recursive: true`: when a
 * file system answers ENOENT below an existing folder, as /proc does, Node 24 retries for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isMade(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolder(parent)
  // Only one retry: if something is still missing, it is not the parents.
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Another process has created it meanwhile.
    if (error.code !== 'EEXIST') throw error
  })
}

/** False when a parent is missing. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    // A read-only file system also refuses a folder that already exists.
    if (await isFolder(path)) return true
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}
