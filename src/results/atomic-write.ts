import { randomUUID } from 'node:crypto'
import { link, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file so that a reader, even after a crash, finds either the old content or all of the new.
 * Rejects with the file system's error and leaves nothing behind.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await replaceAtomically(path, (temporary) => writeFile(temporary, content))
}

/** The same for what is written piece by piece: `write` fills the temporary file that it is given. */
export async function replaceAtomically(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  // In the same folder: rename(2) replaces in one step only within one file system.
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await write(temporary)
    await flush(temporary)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one to tell
    throw error
  }
  await flushFolder(dirname(path))
}

/**
 * The same for a name that must be free: rejects with EEXIST when something stands there, also when
 * another process puts it there at the same moment.
 */
export async function createAtomically(path: string, content: string | Uint8Array): Promise<void> {
  await createExclusively(path, (temporary) => writeFile(temporary, content))
}

/** `write` fills the temporary file that it is given. */
export async function createExclusively(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await write(temporary)
    await flush(temporary)
    // link(2), unlike rename(2), fails where the name is taken.
    await link(temporary, path).catch((error: unknown) => moveWithoutLinks(error, temporary, path))
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined) // the first error is the one to tell
  }
  await flushFolder(dirname(path))
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** FAT and some network file systems have no links: there an empty file holds the name for a moment. */
async function moveWithoutLinks(error: unknown, temporary: string, path: string): Promise<void> {
  if (!(error instanceof Error && 'code' in error && NO_LINKS.has(String(error.code)))) throw error
  await writeFile(path, '', { flag: 'wx' })
  await rename(temporary, path)
}

/** Before the rename, or a power failure could leave the new name with none of its content. */
async function flush(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  await file.sync()
}

/** Makes the rename itself last. Not every file system knows it, and the file stands whole without it. */
async function flushFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, 'r')
    await folder.sync()
  } catch {
    // Windows opens no folders; some network file systems refuse to flush them.
  }
}

/**
 * A folder, with those above it that are missing. Rejects with the file system's error. Not `recursive: true`:
 * where a file system answers ENOENT below a folder that exists, as /proc does, Node 24 tries again for ever.
 */
export async function makeFolder(path: string): Promise<void> {
  if (await isMade(path)) return
  const parent = dirname(path)
  if (parent !== path) await makeFolder(parent)
  // Once: what is missing now is not what stands above it.
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Another process has made it meanwhile.
    if (error.code !== 'EEXIST') throw error
  })
}

/** False when a folder above it is missing. */
async function isMade(path: string): Promise<boolean> {
  try {
    await mkdir(path)
    return true
  } catch (error) {
    // A read-only file system refuses also a folder that is there.
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
