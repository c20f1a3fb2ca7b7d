import type { CorpusPlan } from './corpus-content.ts'
import { IndexReader } from './corpus-index.ts'
import { FLAGS } from './wire.ts'

/** Messages that need something of a server. */
export interface Demand {
  readonly count: number
  /** Messages of the corpus. */
  readonly of: number
  /** The first few. */
  readonly names: readonly string[]
}

export interface Demands {
  readonly eightBit: Demand | undefined
  readonly utf8Headers: Demand | undefined
  largerThan(bytes: number): Demand | undefined
}

/** What the headers take at most that are put on top of a message. */
export const MOST_TOP_BYTES = 512
const MOST_NAMES = 3

/** What the messages of a corpus ask of a server; undefined for what none of them does. */
export function demandsOf({ index }: CorpusPlan): Demands {
  const reader = new IndexReader(index)
  const { flags, sentBytes } = reader.columns
  return {
    eightBit: demand(reader, (row) => ((flags[row] as number) & FLAGS.eightBit) !== 0),
    utf8Headers: demand(reader, (row) => ((flags[row] as number) & FLAGS.utf8Headers) !== 0),
    largerThan: (bytes) => demand(reader, (row) => (sentBytes[row] as number) > bytes),
  }
}

function demand(reader: IndexReader, isOne: (row: number) => boolean): Demand | undefined {
  const names: string[] = []
  let count = 0
  for (let row = 0; row < reader.count; row++) {
    if (!isOne(row)) continue
    count++
    if (names.length < MOST_NAMES) names.push(reader.nameOf(row))
  }
  return count === 0 ? undefined : { count, of: reader.count, names }
}
