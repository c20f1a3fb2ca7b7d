import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MailstormError } from '../../error.ts'

/** Time as the meeting knows it; replaced in tests. */
export interface MeetingClock {
  nowEpochMs(): number
  wait(ms: number): Promise<void>
}

export interface MeetingOptions {
  /** Seen by all generators of the run, and by none of another. */
  readonly folder: string
  readonly generators: number
  /** 0-based. Generator 0 decides when to start. */
  readonly index: number
  readonly clock: MeetingClock
}

/** How often the folder is looked at. The start is agreed some seconds ahead, so this delays nothing. */
const LOOK_EVERY_MS = 500

/**
 * Where generators of one run meet: a folder on a volume that all of them mount. A file `here-<index>` says that one
 * is ready to send, `start` when they start together, `ended-<index>` that its results stand.
 */
export class Meeting {
  readonly #options: MeetingOptions

  constructor(options: MeetingOptions) {
    this.#options = options
  }

  /** Resolves with the time at which all start, once all are there. */
  async agree({ leadMs, withinMs }: { leadMs: number; withinMs: number }): Promise<number> {
    const { folder, index, clock } = this.#options
    const deadline = clock.nowEpochMs() + withinMs
    await mkdir(folder, { recursive: true })
    await this.#put(`here-${index}`, '')
    if (index === 0) {
      const missing = await this.#missing('here', deadline)
      if (missing.length > 0) throw tooLate(missing, withinMs)
      await this.#put('start', `${clock.nowEpochMs() + leadMs}`)
    }
    for (;;) {
      const start = await readFile(join(folder, 'start'), 'utf8').catch(() => undefined)
      if (start !== undefined) return Number(start)
      if (clock.nowEpochMs() >= deadline) throw tooLate([0], withinMs)
      await clock.wait(LOOK_EVERY_MS)
    }
  }

  /** This generator has written what it has to write. */
  async end(): Promise<void> {
    // It may have failed before it came.
    await mkdir(this.#options.folder, { recursive: true })
    await this.#put(`ended-${this.#options.index}`, '')
  }

  /** Who has not ended by then, by index. */
  notEnded(withinMs: number): Promise<readonly number[]> {
    return this.#missing('ended', this.#options.clock.nowEpochMs() + withinMs)
  }

  async #missing(what: 'here' | 'ended', deadline: number): Promise<readonly number[]> {
    const { folder, generators, clock } = this.#options
    for (;;) {
      const present = new Set(await readdir(folder))
      const missing = Array.from({ length: generators }, (_, index) => index).filter(
        (index) => !present.has(`${what}-${index}`),
      )
      if (missing.length === 0 || clock.nowEpochMs() >= deadline) return missing
      await clock.wait(LOOK_EVERY_MS)
    }
  }

  /** By another name first: nobody reads half a file. */
  async #put(name: string, content: string): Promise<void> {
    const { folder, index } = this.#options
    const temporary = join(folder, `.${name}.${index}.tmp`)
    await writeFile(temporary, content)
    await rename(temporary, join(folder, name))
  }
}

function tooLate(missing: readonly number[], withinMs: number): MailstormError {
  const who = missing.length === 1 ? `generator ${missing[0]} was` : `generators ${missing.join(', ')} were`
  return new MailstormError(
    'GENERATORS_MISSING',
    `Failed to start together: ${who} not there within ${withinMs / 1000} s.`,
    'See why: kubectl -n mailstorm describe pods. Is there room for all of them, and one results volume?',
  )
}
