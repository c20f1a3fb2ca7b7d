import { access } from 'node:fs/promises'
import { errorText, MailstormError } from '../../error.ts'
import { foreignText } from '../../text/foreign-text.ts'
import type { Arrival, Store, StoreContext } from '../store.ts'
import { LogFile } from './log-file.ts'
import type { LogForm, LogLine } from './log-lines.ts'

type SentLine = LogLine & { readonly kind: 'sent' }

/** A message of the run in the server's queue. */
interface Queued {
  readonly id: string
  /** Recipients before aliases, by what they became on an earlier way through the queue. */
  readonly originals: ReadonlyMap<string, string>
  /** Who still waits: they are told when the message is given up. */
  readonly waiting: Set<string>
  /** Recipients that were told, so that an alias of several is not told several times. */
  readonly told: Set<string>
}

/**
 * What a server wrote down of each delivery: what it handed on, by its own word, and what it gave up. Messages are
 * found by their Message-ID, or by X-Mailstorm-Id where the server logs that. Their bodies cannot be judged.
 */
export class LogStore implements Store {
  readonly name: string
  readonly #form: LogForm
  readonly #given: string | undefined
  readonly #note: (line: string) => void
  readonly #queue = new Map<string, Queued>()
  readonly #removed: (readonly [string, Queued])[] = []
  #file: LogFile | undefined
  #resolutionMs: number | undefined

  constructor(form: LogForm, path: string | undefined, { note }: StoreContext) {
    this.#form = form
    this.#given = path
    this.#note = note
    this.name = `${form.server}'s log${path === undefined ? '' : ` ${path}`}`
  }

  /** Seconds with the traditional time stamps of syslog and Exim, milliseconds where the log has parts of seconds. */
  get timeResolutionMs(): number | undefined {
    return this.#resolutionMs
  }

  async check(): Promise<void> {
    const path = this.#given ?? (await this.#usualPath())
    const file = new LogFile(path)
    const last = await file.begin().catch((error) => {
      throw this.#failure(
        path,
        errorText(error),
        'Name one that this user may read, or let it: usermod -aG adm USER',
      )
    })
    if (last !== undefined && last.length > 0) this.#resolutionMs = this.#form.resolutionMs(last)
    this.#file = file
    if (this.#resolutionMs === 1_000)
      this.#note(
        `The times in ${this.#form.server}'s log ${path} have whole seconds, so end-to-end times have too.`,
      )
  }

  async *arrivals(runId: string, signal: AbortSignal): AsyncGenerator<Arrival> {
    const file = this.#file
    if (file === undefined) throw new RangeError('the log is read before it was checked')
    // A line of the next queue may come behind the last line of this one: what was removed stays for one more look.
    for (const [queueId, queued] of this.#removed.splice(0)) {
      // Names of messages that are gone are used again.
      if (this.#queue.get(queueId) === queued) this.#queue.delete(queueId)
    }
    try {
      for await (const text of file.lines()) {
        signal.throwIfAborted()
        const line = this.#form.read(text, new Date())
        if (line === undefined) continue
        this.#resolutionMs ??= this.#form.resolutionMs(text)
        yield* this.#take(line, runId)
      }
    } catch (error) {
      signal.throwIfAborted()
      throw this.#failure(file.path, errorText(error), 'Let it stand until the run has ended.')
    }
  }

  limits(): string | undefined {
    const { truncated = 0, path } = this.#file ?? {}
    return truncated > 0
      ? `was emptied during the run (${path}): what stood there last is not known`
      : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close()
  }

  #take(line: LogLine, runId: string): Arrival[] {
    if (line.kind === 'named' || line.kind === 'header') {
      const id = line.kind === 'header' ? line.id : (line.messageId.split('@', 1)[0] ?? '')
      if (id.startsWith(`${runId}-`)) this.#known(line.queueId, id)
      return []
    }
    const queued = this.#queue.get(line.queueId)
    if (queued === undefined) return []
    if (line.kind === 'expired')
      return [...queued.waiting].map((recipient) => bounceOf(queued, recipient, line.atMs))
    if (line.kind === 'removed') {
      this.#removed.push([line.queueId, queued])
      return []
    }
    const recipient = line.original ?? queued.originals.get(line.recipient) ?? line.recipient
    if (line.kind === 'deferred') {
      queued.waiting.add(recipient)
      return []
    }
    queued.waiting.delete(recipient)
    if (line.kind === 'failed') return [failureOf(queued, recipient, line)]
    return this.#sent(queued, recipient, line)
  }

  #sent(queued: Queued, recipient: string, { nextQueueId, atMs, recipient: as }: SentLine): Arrival[] {
    const next = nextQueueId === undefined ? undefined : this.#queue.get(nextQueueId)
    if (next !== undefined && next !== queued && next.id === queued.id) {
      // A content filter gave it back to this server, whose next line on it counts.
      if (recipient !== as)
        this.#queue.set(nextQueueId ?? '', { ...next, originals: new Map(next.originals).set(as, recipient) })
      return []
    }
    if (queued.told.has(recipient)) return []
    queued.told.add(recipient)
    return [{ id: queued.id, recipient, arrivedAtMs: atMs, body: 'unknown' }]
  }

  #known(queueId: string, id: string): void {
    if (this.#queue.get(queueId)?.id === id) return
    this.#queue.set(queueId, { id, originals: new Map(), waiting: new Set(), told: new Set() })
  }

  async #usualPath(): Promise<string> {
    const { paths, server } = this.#form
    for (const path of paths) {
      const is = await access(path).then(
        () => true,
        () => false,
      )
      if (is) return path
    }
    throw this.#failure(
      paths[0] ?? '',
      `there is none at ${paths.join(', ')}`,
      `Name it: STRESS_VERIFY=log:${server.toLowerCase()}:/path. (A journal is no file: let rsyslog write one, or set maillog_file.)`,
    )
  }

  #failure(path: string, why: string, hint: string): MailstormError {
    return new MailstormError(
      'VERIFY_STORE',
      `Failed to read ${this.#form.server}'s log ${path}: ${why}.`,
      hint,
    )
  }
}

function failureOf(queued: Queued, recipient: string, line: LogLine & { readonly kind: 'failed' }): Arrival {
  const { status, text, atMs: arrivedAtMs } = line
  return {
    id: queued.id,
    recipient,
    arrivedAtMs,
    body: 'unknown',
    bounce: { status, recipient, text: foreignText(text) },
  }
}

function bounceOf(queued: Queued, recipient: string, arrivedAtMs: number | undefined): Arrival {
  const bounce = { status: undefined, recipient, text: 'expired in the queue' }
  return { id: queued.id, recipient, arrivedAtMs, body: 'unknown', bounce }
}
