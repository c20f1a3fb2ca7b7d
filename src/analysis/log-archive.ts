import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { replaceAtomically } from './atomic-write.ts'

export interface LogFile {
  /** Name within the archive, as `smtp-server-1.log`. */
  readonly name: string
  readonly lines: readonly string[]
}

/** Writes logs into one `.tar.gz`. Rejects with the file system's error. */
export async function writeLogArchive(path: string, files: readonly LogFile[], at: Date): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const archive = pack()
  for (const { name, lines } of files)
    archive.entry({ name, mtime: at }, lines.map((line) => `${line}\n`).join(''))
  archive.finalize()
  await replaceAtomically(path, (temporary) => pipeline(archive, createGzip(), createWriteStream(temporary)))
}
