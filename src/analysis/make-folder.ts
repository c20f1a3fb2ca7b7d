import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

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
