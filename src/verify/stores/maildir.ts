import type { Dirent } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { errorText, MailstormError } from '../../error.ts'
import type { Arrival, Store } from '../store.ts'
import { arrivalsOf } from '../stored-message.ts'
import { fixedPart, mailboxesIn } from './mailboxes.ts'

/** Files read at a time. */
const AT_ONCE = 16
/** Linux stamps files with the time of the last tick of its clock: 4 ms, or 10. */
const TIME_RESOLUTION_MS = 10
/** Where a maildir keeps what was delivered (https://cr.yp.to/proto/maildir.html). */
const PLACES = ['new', 'cur']

interface MailFile {
  readonly path: string
  /** The same for as long as the file is there: flags come behind a colon. */
  readonly key: string
  readonly owner: string | undefined
}

/** Maildirs on this machine: one, or one for each `{user}` and `{domain}` of the path. */
export class MaildirStore implements Store {
  readonly name: string
  readonly timeResolutionMs = TIME_RESOLUTION_MS
  readonly #path: string
  readonly #seen = new Set<string>()
  /** Where messages lie whose body is not as it was sent. */
  readonly #damaged = new Map<string, string>()

  constructor(path: string) {
    this.name = `the maildir ${path}`
    this.#path = resolve(path)
  }

  async check(): Promise<void> {
    const root = fixedPart(this.#path)
    await entriesOf(root).catch((error) => {
      throw this.#failure(errorText(error))
    })
    const isOne = root === this.#path
    if (isOne && (await this.#placesIn(root)).length === 0) {
      throw this.#failure(
        'it has no folders new and cur',
        `If it is the right one, create them: mkdir -p ${join(this.#path, '{new,cur,tmp}')}`,
      )
    }
    for await (const { key } of this.#files()) this.#seen.add(key)
  }

  async *arrivals(runId: string, signal: AbortSignal): AsyncGenerator<Arrival> {
    let waiting: MailFile[] = []
    for await (const file of this.#files()) {
      if (this.#seen.has(file.key)) continue
      waiting.push(file)
      if (waiting.length < AT_ONCE) continue
      signal.throwIfAborted()
      yield* await this.#readAll(waiting, runId)
      waiting = []
    }
    yield* await this.#readAll(waiting, runId)
  }

  limits(): undefined {
    return undefined
  }

  async raw(id: string): Promise<Buffer | undefined> {
    const path = this.#damaged.get(id)
    return path === undefined ? undefined : readFile(path).catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #readAll(files: readonly MailFile[], runId: string): Promise<Arrival[]> {
    return (await Promise.all(files.map((file) => this.#read(file, runId)))).flat()
  }

  async #read({ path, key, owner }: MailFile, runId: string): Promise<readonly Arrival[]> {
    try {
      const [octets, { mtimeMs }] = await Promise.all([readFile(path), stat(path)])
      const arrivals = await arrivalsOf({ octets, recipient: owner, arrivedAtMs: mtimeMs }, runId)
      this.#seen.add(key)
      const damaged = arrivals.find(({ body }) => body === 'damaged')
      if (damaged !== undefined) this.#damaged.set(damaged.id, path)
      return arrivals
    } catch (error) {
      // A reader of the mailbox has moved it: the next look finds it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw this.#failure(errorText(error))
    }
  }

  async *#files(): AsyncGenerator<MailFile> {
    for (const { path: folder, owner } of await mailboxesIn(this.#path)) {
      for (const place of await this.#placesIn(folder)) {
        for (const { name } of await entriesOf(place).catch(() => [])) {
          if (name.startsWith('.')) continue
          yield { path: join(place, name), key: `${folder}/${name.split(':', 1)[0]}`, owner }
        }
      }
    }
  }

  /** `new` and `cur` of the maildir and of its subfolders, which Maildir++ has beside them as `.Junk`. */
  async #placesIn(folder: string): Promise<string[]> {
    const entries = await entriesOf(folder).catch(() => [])
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    const own = PLACES.filter((place) => folders.includes(place)).map((place) => join(folder, place))
    const subfolders = own.length === 0 ? [] : folders.filter((name) => /^\.[^.]/.test(name))
    return [...own, ...subfolders.flatMap((name) => PLACES.map((place) => join(folder, name, place)))]
  }

  #failure(
    why: string,
    hint = 'Name a maildir that this user may read: STRESS_VERIFY=maildir:/path',
  ): MailstormError {
    return new MailstormError('VERIFY_STORE', `Failed to read the maildir ${this.#path}: ${why}.`, hint)
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true })
}
