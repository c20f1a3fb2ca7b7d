import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ProxyConfig } from '../options.ts'
import type { Database } from '../store/database.ts'
import { expiredFiles, fileIdOf, type StoredFile, storedFile, unlinked } from '../store/large-files.ts'
import type { LargeFilePolicy } from '../store/tenants.ts'

/** An attachment that recipients get as a link. */
export interface FileLink {
  readonly filename: string
  readonly bytes: number
  readonly url: string
  readonly expiresAt: Date
}

/** Which attachment of which message, and where its link leads. */
export interface Place {
  readonly tenantId: string
  readonly messagePk: string
  readonly position: number
  readonly filename: string
  readonly contentType: string | undefined
  readonly policy: LargeFilePolicy
}

export interface LargeFilesOptions {
  readonly db: Database
  readonly directory: string
  readonly publicUrl: string | undefined
  /** A temporary file not written to for this long was left by a killed process. */
  readonly abandonedMs: number
}

const TEMPORARY = 'incoming'
const DAY_MS = 86_400_000
const FILE_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/**
 * Attachments turned into links: a file each, under an id that cannot be guessed. The same attachment of the
 * same message has the same id, so that another attempt to send stores nothing twice.
 */
export class LargeFiles {
  readonly #options: LargeFilesOptions

  /** Undefined when there is no place for files. */
  static of(db: Database, config: ProxyConfig): LargeFiles | undefined {
    const { largeFilesDir: directory, publicUrl, attachmentTotalTimeoutMs: abandonedMs } = config
    return directory === undefined ? undefined : new LargeFiles({ db, directory, publicUrl, abandonedMs })
  }

  constructor(options: LargeFilesOptions) {
    this.#options = options
  }

  /** The content itself when it is small enough, else a link to it. Throws whatever the content throws. */
  async take(content: Readable, place: Place): Promise<Readable | FileLink> {
    const { db, directory, publicUrl } = this.#options
    const { policy, filename } = place
    const temporary = join(directory, TEMPORARY, randomUUID())
    try {
      await mkdir(join(directory, TEMPORARY), { recursive: true })
      await pipeline(content, createWriteStream(temporary))
      const { size } = await stat(temporary)
      // The name is removed; the content stays for its readers.
      if (size <= policy.maxBytes) return (await open(temporary)).createReadStream()
      const expiresAt = new Date(Date.now() + policy.ttlDays * DAY_MS)
      const id = await fileIdOf(db, { ...place, expiresAt })
      await rename(temporary, join(directory, id))
      const base = policy.publicBaseUrl ?? publicUrl ?? ''
      return { filename, bytes: size, url: `${base}/files/${id}/${nameInUrl(filename)}`, expiresAt }
    } finally {
      await rm(temporary, { force: true })
    }
  }

  /** For anyone with the link; undefined when there is no such file, or it has expired. */
  async find(
    id: string,
  ): Promise<(StoredFile & { readonly content: Readable; readonly bytes: number }) | undefined> {
    const known = FILE_ID.test(id) ? await storedFile(this.#options.db, id) : undefined
    if (known === undefined) return undefined
    const file = await open(join(this.#options.directory, id)).catch(() => undefined)
    if (file === undefined) return undefined
    return { ...known, bytes: (await file.stat()).size, content: file.createReadStream() }
  }

  /** Removes expired files, and leftovers of killed processes. */
  async tidy(): Promise<void> {
    const { db, directory, abandonedMs } = this.#options
    const old = async (folder: string) => {
      const names = await readdir(folder).catch(() => [])
      const ages = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => undefined)))
      return names.filter((_, n) => (ages[n]?.mtimeMs ?? Number.POSITIVE_INFINITY) + abandonedMs < Date.now())
    }
    const incoming = join(directory, TEMPORARY)
    const left = (await old(incoming)).map((name) => join(incoming, name))
    const stored = (await old(directory)).filter((name) => FILE_ID.test(name))
    const gone = [...(await expiredFiles(db)), ...(await unlinked(db, stored))]
    for (const path of [...left, ...gone.map((id) => join(directory, id))]) await rm(path, { force: true })
  }
}

/** Browsers resolve dot segments (RFC 3986 5.2.4); the file is found by its id anyway. */
function nameInUrl(filename: string): string {
  return /^\.{1,2}$/.test(filename) ? 'attachment' : encodeURIComponent(filename)
}
