import { drawAt } from '../../random.ts'
import { nearest } from '../../text/nearest.ts'

/** Text with places that are filled anew for each message: `user{1..10000}`, `{seq}`, `{uuid}`, `{pick:file.csv:column}`. */
export interface Pattern {
  readonly text: string
  readonly pieces: readonly Piece[]
}

export type Piece =
  | string
  | { readonly kind: 'range'; readonly from: number; readonly to: number }
  | { readonly kind: 'seq' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'pick'; readonly file: string; readonly column: string }

/** Rows of a CSV file, each once, with the columns that a pattern picks. All threads share their memory. */
export interface PickTable {
  readonly file: string
  readonly columns: readonly string[]
  readonly rows: number
  /** Cells in UTF-8, row by row, and where each of them ends. */
  readonly values: Uint8Array
  readonly ends: Uint32Array
}

/** A pattern with the tables that it picks from, in the order of their first mention. Plain data that crosses threads. */
export interface FilledPattern extends Pattern {
  readonly tables: readonly PickTable[]
}

const MOST_IN_RANGE = 1_000_000_000
const FORMS = '{1..10000}, {seq}, {uuid} or {pick:file.csv:column}'

/** The pattern, or what is wrong with it. `{{` and `}}` stand for the braces themselves. */
export function readPattern(text: string): { readonly value: Pattern } | { readonly wrong: string } {
  const pieces: Piece[] = []
  let plain = ''
  for (const [part] of text.matchAll(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g)) {
    if (part === '{' || part === '}') return { wrong: `has a ${part} without its other half` }
    if (part === '{{' || part === '}}') plain += part[0]
    else if (!part.startsWith('{')) plain += part
    else {
      const piece = pieceOf(part.slice(1, -1).trim())
      if ('wrong' in piece) return piece
      if (plain !== '') pieces.push(plain)
      plain = ''
      pieces.push(piece.value)
    }
  }
  if (plain !== '') pieces.push(plain)
  return { value: { text, pieces } }
}

function pieceOf(inner: string): { readonly value: Piece } | { readonly wrong: string } {
  const word = inner.toLowerCase()
  if (word === 'seq' || word === 'uuid') return { value: { kind: word } }
  const [, fromText, toText] = /^(\d+)\.\.(\d+)$/.exec(inner) ?? []
  if (fromText !== undefined) {
    const [from, to] = [Number(fromText), Number(toText)]
    if (from > to) return { wrong: `has {${inner}}, which ends before it begins` }
    return to - from < MOST_IN_RANGE && to <= Number.MAX_SAFE_INTEGER
      ? { value: { kind: 'range', from, to } }
      : { wrong: `has {${inner}}, which is more than ${MOST_IN_RANGE.toLocaleString('en-US')} numbers` }
  }
  // A path may have colons in it, a column of a template may not.
  const [, file, column] = /^pick:(.+):([^:]+)$/i.exec(inner) ?? []
  if (file !== undefined && column !== undefined)
    return { value: { kind: 'pick', file: file.trim(), column: column.trim() } }
  if (word.startsWith('pick'))
    return { wrong: `has {${inner}}, which names no column: {pick:file.csv:column}` }
  const meant = nearest(word, ['seq', 'uuid', 'pick'])
  return {
    wrong: `has {${inner}}, which is none of ${FORMS}${meant === undefined ? '' : `; is {${meant}} meant?`}`,
  }
}

/** True where every message has the same text. */
export function isFixed({ pieces }: Pattern): boolean {
  return pieces.every((piece) => typeof piece === 'string')
}

/** How many different texts it gives at least within one message: `{seq}` is the same for all of it. */
export function variety({ pieces, tables }: FilledPattern): number {
  return Math.max(
    1,
    ...pieces.map((piece) => {
      if (typeof piece === 'string' || piece.kind === 'seq') return 1
      if (piece.kind === 'uuid') return Number.POSITIVE_INFINITY
      return piece.kind === 'range'
        ? piece.to - piece.from + 1
        : (tables[tableOf(tables, piece.file)]?.rows ?? 1)
    }),
  )
}

function tableOf(tables: readonly PickTable[], file: string): number {
  return tables.findIndex((table) => table.file === file)
}

/** Which message, and where in it: what its text depends on beside the pattern. */
export interface Place {
  readonly seed: number
  /** Of its own for each pattern, and 64 apart from the next. */
  readonly stream: number
  readonly message: number
  /** Of several texts of one message, from 0; those of a range, or of a file, differ. */
  readonly index: number
}

export type Fill = (place: Place) => string

/** How the pattern is filled. */
export function fillOf({ pieces, tables }: FilledPattern): Fill {
  const rows = tables.map(({ rows: count }, index) => sequence(count, index))
  const parts = pieces.map((piece, index): Fill => {
    if (typeof piece === 'string') return () => piece
    if (piece.kind === 'seq') return ({ message }) => String(message)
    // Streams 0 to 15 are the rows of files; a pattern has fewer pieces than the rest.
    if (piece.kind === 'uuid') return (place) => uuidAt(place, 16 + index)
    if (piece.kind === 'range') {
      const draw = sequence(piece.to - piece.from + 1, 16 + index)
      return (place) => String(piece.from + draw(place))
    }
    // All columns of a file are of the same row.
    const table = tableOf(tables, piece.file)
    const column = tables[table]?.columns.indexOf(piece.column) ?? -1
    const row = rows[table] as (place: Place) => number
    const values = tables[table] as PickTable
    return (place) => valueAt(values, row(place), column)
  })
  return (place) => {
    let text = ''
    for (const part of parts) text += part(place)
    return text
  }
}

/** An index below `count`: uniform over the messages, and different for each index of one message until all were used. */
function sequence(count: number, stream: number): (place: Place) => number {
  return ({ seed, stream: own, message, index }) => {
    const first = Math.floor(drawAt(seed, own + stream, message) * count)
    if (index === 0 || count === 1) return first
    let stride = 1 + Math.floor(drawAt(seed, own + stream + 32, message) * (count - 1))
    while (commonDivisor(stride, count) !== 1) stride = (stride % (count - 1)) + 1
    return (first + index * stride) % count
  }
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b)
}

/** Of the form of a random one (RFC 9562 5.4); what is drawn for it follows from the seed. */
function uuidAt({ seed, stream, message, index }: Place, piece: number): string {
  const hex = (part: number) => {
    const draw = drawAt(seed, (stream + piece) * 4 + part + index * 65_536, message)
    return Math.floor(draw * 4294967296)
      .toString(16)
      .padStart(8, '0')
  }
  const [a, b, c, d] = [hex(0), hex(1), hex(2), hex(3)]
  const variant = ((Number.parseInt(c[0] as string, 16) & 3) | 8).toString(16)
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-${variant}${c.slice(1, 4)}-${c.slice(4)}${d}`
}

function valueAt({ columns, ends, values }: PickTable, row: number, column: number): string {
  const cell = row * columns.length + column
  const from = cell === 0 ? 0 : (ends[cell - 1] as number)
  return Buffer.from(values.buffer, values.byteOffset + from, (ends[cell] as number) - from).toString()
}

/** Texts between which all others lie, as far as their form goes: shortest and longest, with each row of its tables. */
export function* samplesOf({ pieces, tables }: FilledPattern): Generator<string> {
  const textOf = (picks: readonly number[], isLongest: boolean) =>
    pieces
      .map((piece) => {
        if (typeof piece === 'string') return piece
        if (piece.kind === 'seq') return isLongest ? '9999999999' : '0'
        if (piece.kind === 'uuid') return '00000000-0000-4000-8000-000000000000'
        if (piece.kind === 'range') return String(isLongest ? piece.to : piece.from)
        const table = tableOf(tables, piece.file)
        const found = tables[table] as PickTable
        return valueAt(found, picks[table] ?? 0, found.columns.indexOf(piece.column))
      })
      .join('')
  const firsts = tables.map(() => 0)
  yield textOf(firsts, false)
  yield textOf(firsts, true)
  for (const [table, { rows }] of tables.entries()) {
    for (let row = 1; row < rows; row++)
      yield textOf(
        firsts.map((first, index) => (index === table ? row : first)),
        true,
      )
  }
}

export function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII.
  return /^[\x00-\x7f]*$/.test(text)
}
