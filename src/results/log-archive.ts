import { createWriteStream } from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'
import { makeFolder, replaceAtomically } from './atomic-write.ts'
import { createNumbered } from './run-name.ts'

export interface LogFile {
  /** Name inside the archive, such as `smtp-server-1.log`. */
  readonly name: string
  readonly lines: readonly string[]
}

/** Writes logs into one `.tar.gz`. Rejects with the file system's error. */
export async function writeLogArchive(path: string, files: readonly LogFile[], at: Date): Promise<void> {
  await makeFolder(dirname(path))
  await replaceAtomically(path, (temporary) => fillArchive(temporary, files, at))
}

/** The same under a free name: `<base>-logs.tar.gz`, or with a number. Resolves with the path. */
export async function addLogArchive(
  folder: string,
  base: string,
  files: readonly LogFile[],
  at: Date,
): Promise<string> {
  await makeFolder(folder)
  return createNumbered(folder, `${base}-logs`, '.tar.gz', (temporary) => fillArchive(temporary, files, at))
}

function fillArchive(path: string, files: readonly LogFile[], at: Date): Promise<void> {
  const archive = pack()
  for (const { name, lines } of files)
    archive.entry({ name, mtime: at }, lines.map((line) => `${line}\n`).join(''))
  archive.finalize()
  return pipeline(archive, createGzip(), createWriteStream(path))
}
