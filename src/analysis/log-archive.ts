import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'

export interface LogFile {
  /** Name within the archive, as `smtp-server-1.log`. */
  readonly name: string
  readonly lines: readonly string[]
}

/** Writes logs into one `.tar.gz`. Rejects with the file system's error. */
export async function writeLogArchive(path: string, files: readonly LogFile[], at: Date): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const archive = pack()
  const output = createWriteStream(path)
  const written = once(output, 'close')
  archive.pipe(createGzip()).pipe(output)
  for (const { name, lines } of files)
    archive.entry({ name, mtime: at }, lines.map((line) => `${line}\n`).join(''))
  archive.finalize()
  await written
}
