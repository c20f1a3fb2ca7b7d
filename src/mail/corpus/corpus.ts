import { hash } from 'node:crypto'
import { MailstormError } from '../../error.ts'
import type { CorpusPlan } from './corpus-content.ts'
import { type CorpusIndex, IndexBuilder, IndexReader } from './corpus-index.ts'
import type { PlaceRows } from './pick.ts'
import { badCorpus, filesOf, type Place, placesOf } from './places.ts'
import { type Breather, MOST_PROBLEMS, scanFile } from './scan.ts'

/** A corpus that can be sent: every message has been looked at. */
export interface Corpus extends CorpusPlan {
  /** As it was asked for. */
  readonly spelling: string
  readonly summary: CorpusSummary
}

export interface CorpusSummary {
  readonly messages: number
  readonly files: number
  /** Of these, mboxes. */
  readonly mboxes: number
  /** Octets of all messages as they are sent, without the headers that are put on top. */
  readonly bytes: number
  readonly meanBytes: number
  /** Equal for corpora with the same messages in the same order. */
  readonly digest: string
  readonly sizeBytes: {
    readonly min: number
    readonly p50: number
    readonly p90: number
    readonly p99: number
    readonly max: number
  }
}

/** Others get their turn at least so often while a corpus is read. */
const TURN_MS = 20

/**
 * Looks at every message of a corpus, once. Throws one MailstormError with what is wrong with it: a place that is
 * not there, a place without mail, messages that no server may be sent.
 */
export async function readCorpus(spelling: string, signal?: AbortSignal): Promise<Corpus> {
  const places = placesOf(spelling)
  const builder = new IndexBuilder()
  const wrong: Wrong = { problems: [], messages: 0 }
  const found = { files: 0, mboxes: 0 }
  const rows: PlaceRows[] = []
  const breathe = breather(signal)
  for (const place of places) {
    const before = builder.count + wrong.messages
    for (const path of filesOf(place)) {
      const { messages, problems, wrongMessages, isMbox } = await scanFile(path, breathe)
      builder.addFile(path, messages)
      wrong.messages += wrongMessages
      wrong.problems.push(...problems.slice(0, MOST_PROBLEMS - wrong.problems.length))
      found.files++
      if (isMbox) found.mboxes++
    }
    if (builder.count + wrong.messages === before) throw noMail(place)
    rows.push({ end: builder.count, weight: place.weight })
  }
  if (wrong.messages > 0) throw cannotBeSent(wrong, builder.count + wrong.messages)
  const index = builder.build()
  const summary = { ...found, ...summaryOf(index) }
  return { spelling, index, places: rows, mostBytes: summary.sizeBytes.max, summary }
}

interface Wrong {
  readonly problems: string[]
  messages: number
}

function noMail({ path }: Place): MailstormError {
  return badCorpus(
    `"${path}" has no mail`,
    'Put .eml files, mboxes or Maildirs there; files whose names begin with a dot are left out.',
  )
}

function cannotBeSent({ problems, messages }: Wrong, all: number): MailstormError {
  const [count, of] = [messages, all].map((number) => number.toLocaleString('en-US'))
  const more = messages - problems.length
  const lines = [...problems, ...(more > 0 ? [`… and ${more.toLocaleString('en-US')} more`] : [])]
  return new MailstormError(
    'BAD_CORPUS',
    `Failed to read the corpus: ${count} of ${of} messages cannot be sent:\n  ${lines.join('\n  ')}`,
    'Mend or remove them, or name the others by a glob, such as "mails/**/*.eml".',
  )
}

function breather(signal: AbortSignal | undefined): Breather {
  let lastMs = performance.now()
  return () => {
    if (performance.now() - lastMs < TURN_MS) return undefined
    signal?.throwIfAborted()
    return new Promise((resolve) => {
      setImmediate(() => {
        lastMs = performance.now()
        resolve()
      })
    })
  }
}

/** 16 hex digits. */
function digestOf(columns: readonly Uint32Array[]): string {
  const octets = columns.map((column) => Buffer.from(column.slice().buffer))
  return hash('sha256', Buffer.concat(octets)).slice(0, 16)
}

function summaryOf(index: CorpusIndex): Omit<CorpusSummary, 'files' | 'mboxes'> {
  const { count, columns } = new IndexReader(index)
  const sizes = columns.sentBytes.slice().sort()
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  const at = (share: number) => sizes[Math.max(0, Math.ceil(share * count) - 1)] ?? 0
  return {
    messages: count,
    bytes,
    meanBytes: Math.round(bytes / count),
    digest: digestOf([columns.sentBytes, columns.bodyCrc]),
    sizeBytes: { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
  }
}
