import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from '../../../src/engine/result.ts'

// check-ledgers.ts RESULT FOLDER: the folder has the ledger entries of each part, as NDJSON, under its run id.

const [file = '', folder = ''] = process.argv.slice(2)
const { merged, metrics } = JSON.parse(readFileSync(file, 'utf8')) as Result
if (merged === undefined) throw new Error(`${file} is not a merged result`)

const idsOf = (run: string) =>
  readFileSync(join(folder, run), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { id: string }).id)
const rows = readdirSync(folder).map((run) => {
  const part = merged.parts.find(({ run_id: id }) => id === run)
  const ids = idsOf(run)
  const inLedgers = new Set(ids).size
  return {
    generator: Number(/\d+$/.exec(run)?.[0]),
    planned: part?.total_messages ?? 'missing',
    'in ledgers': inLedgers,
    twice: ids.length - inLedgers,
    'ms after the first': part?.after_first_ms ?? 'missing',
  }
})
console.table(rows.sort((a, b) => a.generator - b.generator))

const total = (column: 'in ledgers' | 'twice', of = rows) => of.reduce((sum, row) => sum + row[column], 0)
const measured = rows.filter(({ planned }) => planned !== 'missing')
const { successful_messages: accepted } = metrics
console.log(
  `Accepted, as the merged result says: ${accepted}; in the ledgers, of its generators: ${total('in ledgers', measured)}`,
)
console.log(
  `Twice in the ledgers: ${total('twice')}; of missing generators: ${total('in ledgers') - total('in ledgers', measured)}`,
)
console.log(`Start skew: ${merged.start_skew_ms} ms`)
process.exitCode = accepted === total('in ledgers', measured) && total('twice') === 0 ? 0 : 1
