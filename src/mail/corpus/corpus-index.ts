import type { ScannedMessage } from './scan.ts'

/** Where every message of a corpus stands, in memory that threads share: 31 octets a message, and the paths. */
export interface CorpusIndex {
  readonly count: number
  readonly octets: SharedArrayBuffer
  /** Paths of the files, one after another in UTF-8, and where each ends. */
  readonly paths: SharedArrayBuffer
  readonly pathEnds: SharedArrayBuffer
}

const FIELDS = ['file', 'length', 'headLength', 'sentBytes', 'bodyCrc'] as const
type Field = (typeof FIELDS)[number]
const SHORT_FIELDS = ['longestLine', 'flags'] as const
type ShortField = (typeof SHORT_FIELDS)[number]

/** Of 8, 4 and 2 octets each: files may be longer than 4 GB. */
const BYTES_PER_MESSAGE = 8 + 4 * FIELDS.length + 2 * SHORT_FIELDS.length

type Columns = Readonly<Record<Field, Uint32Array> & Record<ShortField, Uint16Array>> & {
  readonly offset: Float64Array
}

function columnsIn(octets: SharedArrayBuffer, rows: number): Columns {
  let at = rows * 8
  const wide = FIELDS.map((name) => {
    const column = new Uint32Array(octets, at, rows)
    at += rows * 4
    return [name, column]
  })
  const short = SHORT_FIELDS.map((name) => {
    const column = new Uint16Array(octets, at, rows)
    at += rows * 2
    return [name, column]
  })
  return { offset: new Float64Array(octets, 0, rows), ...Object.fromEntries([...wide, ...short]) }
}

/** Grows as messages are found. */
export class IndexBuilder {
  #rows = 1024
  #octets = new SharedArrayBuffer(this.#rows * BYTES_PER_MESSAGE)
  #columns = columnsIn(this.#octets, this.#rows)
  #count = 0
  readonly #paths: string[] = []

  get count(): number {
    return this.#count
  }

  addFile(path: string, messages: readonly ScannedMessage[]): void {
    if (messages.length === 0) return
    const file = this.#paths.push(path) - 1
    this.#makeRoom(this.#count + messages.length)
    for (const message of messages) {
      const row = this.#count++
      this.#columns.file[row] = file
      this.#columns.offset[row] = message.offset
      this.#columns.length[row] = message.length
      this.#columns.headLength[row] = message.headLength
      this.#columns.sentBytes[row] = message.sentBytes
      this.#columns.bodyCrc[row] = message.bodyCrc
      this.#columns.longestLine[row] = message.longestLine
      this.#columns.flags[row] = message.flags
    }
  }

  #makeRoom(count: number): void {
    if (count <= this.#rows) return
    this.#resize(Math.max(count, 2 * this.#rows))
  }

  #resize(rows: number): void {
    const from = this.#columns
    this.#octets = new SharedArrayBuffer(rows * BYTES_PER_MESSAGE)
    this.#columns = columnsIn(this.#octets, rows)
    this.#rows = rows
    for (const name of ['offset', ...FIELDS, ...SHORT_FIELDS] as const)
      this.#columns[name].set(from[name].subarray(0, Math.min(this.#count, rows)))
  }

  build(): CorpusIndex {
    this.#resize(this.#count)
    const encoded = this.#paths.map((path) => Buffer.from(path))
    const paths = new SharedArrayBuffer(encoded.reduce((sum, { length }) => sum + length, 0))
    const pathEnds = new SharedArrayBuffer(encoded.length * 8)
    const [text, ends] = [new Uint8Array(paths), new Float64Array(pathEnds)]
    let end = 0
    for (const [file, path] of encoded.entries()) {
      text.set(path, end)
      end += path.length
      ends[file] = end
    }
    return { count: this.#count, octets: this.#octets, paths, pathEnds }
  }
}

/** Reads an index. Rows are the corpus's messages, from 0. */
export class IndexReader {
  readonly count: number
  readonly columns: Columns
  readonly #paths: Buffer
  readonly #pathEnds: Float64Array

  constructor(index: CorpusIndex) {
    this.count = index.count
    this.columns = columnsIn(index.octets, index.count)
    this.#paths = Buffer.from(index.paths)
    this.#pathEnds = new Float64Array(index.pathEnds)
  }

  pathOf(row: number): string {
    const file = this.columns.file[row] as number
    const from = file === 0 ? 0 : this.#pathEnds[file - 1]
    return this.#paths.toString('utf8', from, this.#pathEnds[file])
  }

  /** For people: the file, and which message of it where it has several. */
  nameOf(row: number): string {
    const { file } = this.columns
    let first = row
    while (first > 0 && file[first - 1] === file[row]) first--
    const isAlone = first === row && file[row + 1] !== file[row]
    return isAlone ? this.pathOf(row) : `${this.pathOf(row)}, message ${row - first + 1}`
  }
}
