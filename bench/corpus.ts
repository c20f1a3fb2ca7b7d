import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNullSink } from '../containers/null-sink.ts'
import { LoadRun } from '../src/engine/threads/load-run.ts'
import type { LoadPlan } from '../src/engine/threads/plan.ts'
import { SenderPool } from '../src/engine/threads/pool.ts'
import { readCorpus } from '../src/mail/corpus/corpus.ts'
import { textBody } from '../src/mail/text.ts'
import type { PipeliningLevel } from '../src/smtp/target.ts'
import { planOf } from './clients/plan.ts'
import { spreadOf } from './measurement.ts'
import { machineLine, table } from './report.ts'

/**
 * `node bench/corpus.ts`: CPU time per message of real mail over that of generated text, 10 KB, bursts in turn in one
 * process against our null sink. Each burst reads its corpus from the start: of one that a thread keeps in memory every
 * message is read once and sent fifty times, of one twice as large as what it keeps nearly every message is read.
 */
const SIZE_BYTES = 10_240
const ROUNDS = 5
const BURST = 25_000
const KEPT = 500
/** What a thread keeps is 64 MB. */
const NOT_KEPT = 13_000
const LEVELS: readonly PipeliningLevel[] = ['commands', 'chunks']
const HEADER =
  'From: a@example.com\r\nTo: b@example.com\r\nSubject: bench\r\nMessage-ID: <bench@example.com>\r\n\r\n'

interface Source {
  readonly name: string
  readonly mail: Partial<LoadPlan['mail']>
}

async function corpus(folder: string, messages: number, lineEnd: string): Promise<Source['mail']> {
  // Ids and CRC are put on top: about as many octets as generated messages have of them.
  const text = `${HEADER}${textBody(SIZE_BYTES - HEADER.length - 90, 1).toString('latin1')}`
  for (let at = 0; at < messages; at++)
    writeFileSync(join(folder, `${at}.eml`), text.replaceAll('\r\n', lineEnd))
  const { index, places, mostBytes } = await readCorpus(folder)
  return { corpus: { index, places, mostBytes } }
}

async function microsecondsPerMessage(
  pool: SenderPool,
  source: Source,
  { port, pipelining }: { port: number; pipelining: PipeliningLevel },
): Promise<number> {
  const plan = planOf({ port, sizeBytes: SIZE_BYTES, pipelining, newConnectionEach: false }, BURST)
  const before = process.cpuUsage()
  const { recording } = await new LoadRun(pool, {
    ...plan,
    runId: `bench-corpus-${++runs}`,
    mail: { ...plan.mail, ...source.mail },
  }).finished()
  const { user, system } = process.cpuUsage(before)
  const accepted = recording.seconds.reduce((sum, second) => sum + second.accepted, 0)
  if (accepted !== BURST) throw new Error(`${source.name}: ${accepted} of ${BURST} messages were accepted`)
  return (user + system) / BURST
}

let runs = 0
const folders = [KEPT, KEPT, NOT_KEPT].map(() => mkdtempSync(join(tmpdir(), 'mailstorm-bench-')))
try {
  const [crlf = '', lf = '', large = ''] = folders
  const sources: Source[] = [
    { name: 'generated', mail: {} },
    { name: `corpus of ${KEPT}`, mail: await corpus(crlf, KEPT, '\r\n') },
    { name: `the same with LF`, mail: await corpus(lf, KEPT, '\n') },
    { name: `corpus of ${NOT_KEPT.toLocaleString('en')}`, mail: await corpus(large, NOT_KEPT, '\r\n') },
  ]
  await using sink = await startNullSink()
  await using pool = new SenderPool(1)
  await pool.warmUp()
  const rows: string[][] = []
  for (const pipelining of LEVELS) {
    const taken = sources.map((): number[] => [])
    for (let round = -1; round < ROUNDS; round++)
      for (const [at, source] of sources.entries()) {
        const spent = await microsecondsPerMessage(pool, source, { port: sink.port, pipelining })
        // The first one warms compilers and caches up.
        if (round >= 0) taken[at]?.push(spent)
      }
    const [generated = []] = taken
    for (const [at, { name }] of sources.entries()) {
      const own = taken[at] ?? []
      const ratios = spreadOf(own.map((spent, round) => spent / (generated[round] ?? 1)))
      rows.push([
        ...[pipelining, name, `${spreadOf(own).median.toFixed(1)} µs`],
        ...[ratios.median.toFixed(3), `${ratios.min.toFixed(2)} to ${ratios.max.toFixed(2)}`],
      ])
    }
    process.stderr.write(`  ${pipelining}\n`)
  }
  console.log(`${machineLine()}; 10 KB, 50 sessions, 1 thread, our null sink, medians of ${ROUNDS} rounds\n`)
  console.log(table(['pipelining', 'messages', 'CPU per message', 'over generated', 'of all rounds'], rows))
} finally {
  for (const folder of folders) rmSync(folder, { recursive: true })
}
