import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import type { Readable } from 'node:stream'
import type { AttachmentSpec } from '../intake/attachment-spec.ts'
import { AttachmentError } from './attachment-error.ts'

/** Troubles of this process, not of the file. */
const PASSING_CODES = new Set(['EMFILE', 'ENFILE', 'EIO', 'EBUSY', 'EAGAIN', 'ENOMEM'])

/** A file below the configured directory, wherever links lead. */
export async function fromFile(spec: AttachmentSpec, directory: string | undefined): Promise<Readable> {
  const refused = (why: string) => new AttachmentError(spec.filename, why, true)
  if (directory === undefined) throw refused('attachments by path are switched off (GMP_FILES_DIR)')
  try {
    const root = await realpath(directory)
    const path = await realpath(resolve(root, spec.source))
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep))
      throw refused('its path leads out of GMP_FILES_DIR')
    // NONBLOCK: opening a named pipe would wait for a writer.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await file.stat()).isFile()) return file.createReadStream()
    await file.close()
    throw refused('it is not a file')
  } catch (error) {
    if (error instanceof AttachmentError) throw error
    const code = (error as NodeJS.ErrnoException).code ?? ''
    throw new AttachmentError(spec.filename, code, !PASSING_CODES.has(code))
  }
}
