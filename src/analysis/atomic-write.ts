import { randomUUID } from 'node:crypto'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file so that whoever reads it, also after a crash, finds either what stood there before or
 * the whole of the new. Rejects with the file system's error and leaves nothing behind.
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
