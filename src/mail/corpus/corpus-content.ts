import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { errorText, MailstormError } from '../../error.ts'
import { BODY_CRC_HEADER, ID_HEADER } from '../../ledger/ledger.ts'
import type { Content, Traits } from '../content.ts'
import { messageId, numberPlaces, writeNumber } from '../id.ts'
import { type CorpusIndex, IndexReader } from './corpus-index.ts'
import { Picker, type PlaceRows } from './pick.ts'
import { CHANGES, FLAGS, linesAsSent, withoutOurs } from './wire.ts'

/** A corpus as it crosses threads: where every message stands, and how often each place's turn comes. */
export interface CorpusPlan {
  readonly index: CorpusIndex
  readonly places: readonly PlaceRows[]
  /** Of the largest message. */
  readonly mostBytes: number
}

export interface CorpusContentOptions {
  readonly corpus: CorpusPlan
  readonly runId: string
  readonly seed: number
  /** Octets of messages that are kept to be sent again. */
  readonly cacheBytes?: number
}

/** To a thread: corpora below this are read once. */
const CACHE_BYTES = 64 * 1024 ** 2
/** Sessions that send the same large message at a time share its octets, also when the cache has no room for them. */
const LARGE_BYTES = 256 * 1024

/** Messages from files, which are read when their turn comes. */
export class CorpusContent implements Content {
  readonly #index: IndexReader
  readonly #picker: Picker
  readonly #cache: OctetCache
  readonly #alone: Prefix
  readonly #withMessageId: Prefix
  /** A message is asked of several times, one after another. */
  #lastMessage = -1
  #lastRow = 0
  /** By flags: few differ. */
  readonly #traits = new Map<number, Traits>()

  constructor({ corpus, runId, seed, cacheBytes = CACHE_BYTES }: CorpusContentOptions) {
    this.#index = new IndexReader(corpus.index)
    this.#picker = new Picker(seed, corpus.places)
    this.#cache = new OctetCache(cacheBytes)
    const id = messageId(runId, 0)
    this.#alone = new Prefix(runId, [`${ID_HEADER}: ${id}`])
    this.#withMessageId = new Prefix(runId, [`${ID_HEADER}: ${id}`, `Message-ID: <${id}@mailstorm.test>`])
  }

  /** Which message of the index it is. */
  rowOf(message: number): number {
    if (message !== this.#lastMessage) {
      this.#lastRow = this.#picker.rowOf(message)
      this.#lastMessage = message
    }
    return this.#lastRow
  }

  sizeOf(message: number): number {
    const row = this.rowOf(message)
    return this.#prefixOf(row).length + (this.#index.columns.sentBytes[row] as number)
  }

  octetsOf(message: number): readonly Buffer[] {
    const row = this.rowOf(message)
    const head = this.#prefixOf(row).of(message, this.#index.columns.bodyCrc[row] as number)
    return [head, this.#cache.get(row) ?? this.#read(row)]
  }

  traits(message: number): Traits {
    const { flags, longestLine } = this.#index.columns
    const row = this.rowOf(message)
    const key = (flags[row] as number) * 1024 + (longestLine[row] as number)
    const known = this.#traits.get(key)
    if (known !== undefined) return known
    const has = (flag: number) => ((flags[row] as number) & flag) !== 0
    const traits: Traits = {
      eightBit: has(FLAGS.eightBit),
      utf8Headers: has(FLAGS.utf8Headers),
      longestLine: longestLine[row] as number,
      dotLines: has(FLAGS.dots),
    }
    this.#traits.set(key, traits)
    return traits
  }

  #prefixOf(row: number): Prefix {
    const hasOwn = ((this.#index.columns.flags[row] as number) & FLAGS.messageId) !== 0
    return hasOwn ? this.#alone : this.#withMessageId
  }

  #read(row: number): Buffer {
    const { sentBytes, bodyCrc } = this.#index.columns
    const sent = sentOctets(this.#index, row)
    const isSame =
      sent !== undefined &&
      sent.octets.length === sentBytes[row] &&
      crc32(sent.octets.subarray(sent.bodyAt)) === bodyCrc[row]
    if (!isSame) {
      const why = 'it is not what it was when the run began'
      throw corpusChanged(this.#index.pathOf(row), why)
    }
    this.#cache.put(row, sent.octets)
    return sent.octets
  }
}

function corpusChanged(path: string, why: string): MailstormError {
  return new MailstormError(
    'CORPUS_CHANGED',
    `Failed to send a message of the corpus: ${path}: ${why}.`,
    'Leave the corpus as it is while a run goes on, or take a copy of it.',
  )
}

/** A message of the index as it is sent; undefined where the file has become shorter. */
function sentOctets(
  index: IndexReader,
  row: number,
): { readonly octets: Buffer; readonly bodyAt: number } | undefined {
  const { offset, length, headLength, flags } = index.columns
  const [from, octets, has] = [offset[row] as number, length[row] as number, flags[row] as number]
  const bodyAt = headLength[row] as number
  const stored = readAt(index.pathOf(row), from, octets)
  if (stored === undefined) return undefined
  if ((has & CHANGES) === 0) return { octets: stored, bodyAt }
  const header = linesAsSent(stored.subarray(0, bodyAt), false)
  const kept = (has & FLAGS.ours) === 0 ? header : withoutOurs(header)
  const body = linesAsSent(stored.subarray(bodyAt), (has & FLAGS.quoted) !== 0)
  return { octets: Buffer.concat([kept, body]), bodyAt: kept.length }
}

/**
 * Not asynchronous: the pages of a corpus that was just indexed are in memory, and a turn through the thread pool
 * costs more CPU time than the copy.
 */
function readAt(path: string, from: number, length: number): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw corpusChanged(path, errorText(error))
  }
  try {
    // Not of a pool, whose other parts would be kept with it.
    const octets = Buffer.allocUnsafeSlow(length)
    let filled = 0
    while (filled < length) {
      const read = readSync(fd, octets, filled, length - filled, from + filled)
      if (read === 0) return undefined
      filled += read
    }
    return octets
  } finally {
    closeSync(fd)
  }
}

const CRC_DIGITS = Buffer.from('0123456789abcdef')

/** The headers that are put on top of a message: all are alike but for number and CRC. */
class Prefix {
  readonly length: number
  readonly #octets: Buffer
  readonly #numberAt: readonly number[]
  readonly #crcAt: number

  constructor(runId: string, fields: readonly string[]) {
    const crc = `${BODY_CRC_HEADER}: `
    this.#octets = Buffer.from(`${[...fields, `${crc}00000000`].join('\r\n')}\r\n`, 'latin1')
    this.length = this.#octets.length
    this.#numberAt = numberPlaces(this.#octets, runId)
    this.#crcAt = this.#octets.indexOf(crc) + crc.length
  }

  of(message: number, crc: number): Buffer {
    const octets = Buffer.from(this.#octets)
    for (const at of this.#numberAt) writeNumber(octets, at, message)
    for (let digit = 7, rest = crc; digit >= 0; digit--, rest >>>= 4)
      octets[this.#crcAt + digit] = CRC_DIGITS[rest & 15] as number
    return octets
  }
}

/** The octets that were used last, up to a limit. Larger ones are found while somebody still sends them. */
class OctetCache {
  readonly #limitBytes: number
  readonly #kept = new Map<number, Buffer>()
  readonly #sent = new Map<number, WeakRef<Buffer>>()
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get(row: number): Buffer | undefined {
    const kept = this.#kept.get(row)
    if (kept === undefined) return this.#sent.get(row)?.deref()
    // While nothing has to go, nobody asks for the order.
    if (this.#bytes * 2 > this.#limitBytes) {
      this.#kept.delete(row)
      this.#kept.set(row, kept)
    }
    return kept
  }

  put(row: number, octets: Buffer): void {
    if (octets.length >= LARGE_BYTES) this.#sent.set(row, new WeakRef(octets))
    if (octets.length > this.#limitBytes) return
    this.#bytes += octets.length
    this.#kept.set(row, octets)
    for (const [oldest, old] of this.#kept) {
      if (this.#bytes <= this.#limitBytes) return
      this.#kept.delete(oldest)
      this.#bytes -= old.length
    }
  }
}
