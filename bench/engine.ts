import { writeFile } from 'node:fs/promises'
import { startNullSink } from '../containers/null-sink.ts'
import { CHUNK_SHAPES, clients, MAILSTORM_SHAPES } from './clients/list.ts'
import { isInstalled } from './clients/run.ts'
import { optionsGiven } from './command-line.ts'
import { besideNullSink } from './lean.ts'
import { HELP, readOptions } from './options.ts'
import { measurePairs, pairTable } from './pairs.ts'
import { clientTable, machineLine, ratioTable, sizeName } from './report.ts'
import { measureRounds } from './rounds.ts'
import { type BenchServer, startServer } from './server.ts'
import { beyondBar, ratiosOf } from './targets.ts'
import { knowsChunks, treeOf } from './tree.ts'

/**
 * `npm run bench`: our engine beside a bare script on `net.Socket`, smtp-source and nodemailer, in one run, or with
 * `--before COMMIT` beside the engine of that commit and the bare script; see docs/benchmarks.md.
 */
const options = optionsGiven(readOptions, HELP)
await using server = await startServer()
/** What took more of a processor than `--bar` allows. */
const tooSlow: string[] = []
const date = new Date().toISOString()
console.log(`${date}, ${machineLine()}`)
const sizes =
  options.before === undefined ? await besideOthers(server) : await besideBefore(server, options.before)
if (options.jsonFile !== undefined) {
  const report = { date, machine: machineLine(), server: server.name, rounds: options.rounds, sizes }
  await writeFile(options.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`)
}
if (tooSlow.length > 0) {
  console.error(`\nToo much CPU per message:\n${tooSlow.map((line) => `  ${line}`).join('\n')}`)
  process.exitCode = 1
}

async function besideOthers({ name, port }: BenchServer): Promise<object[]> {
  const smtpSource = await isInstalled('smtp-source')
  console.log(`Server: ${name}. 50 sessions, medians of ${options.rounds} interleaved rounds.`)
  if (!smtpSource)
    console.log('smtp-source is not installed (apt-get install postfix): its ratios are left out.')
  const measured: object[] = []
  for (const sizeBytes of options.onlyNullSink ? [] : options.sizesBytes) {
    const rows = await measureRounds({
      clients: clients({ smtpSource }),
      rounds: options.rounds,
      port,
      sizeBytes,
      messages: options.messages(sizeBytes),
      onRun: (text) => process.stderr.write(`  ${sizeName(sizeBytes)}, ${text}\n`),
    })
    const ratios = ratiosOf(rows, sizeBytes)
    measured.push({ sizeBytes, rows, ratios })
    if (options.bar !== undefined) tooSlow.push(...beyondBar(rows, options.bar))
    console.log(`\n### ${sizeName(sizeBytes)}\n\n${ratioTable(ratios)}\n\n${clientTable(rows)}`)
  }
  if (options.withoutNullSink) return measured
  const { rounds } = options
  return [...measured, ...(await besideNullSink({ smtpSource, rounds, messages: options.messages(1_024) }))]
}

async function besideBefore({ name, port }: BenchServer, commit: string): Promise<object[]> {
  await using before = await treeOf(commit)
  console.log(`Server: ${name}. 50 sessions, medians of ${options.rounds} pairs of bursts, beside ${commit}.`)
  const measured: object[] = []
  await using sink = await startNullSink()
  const takesChunks = await knowsChunks(before)
  if (!takesChunks) console.log(`${commit} sends no chunks (RFC 3030): they are left out.`)
  for (const sizeBytes of options.sizesBytes) {
    const common = {
      before,
      sizeBytes,
      pairs: options.rounds,
      messages: options.messages(sizeBytes),
      onPair: (text: string) => process.stderr.write(`  ${sizeName(sizeBytes)}, ${text}\n`),
    }
    // Only our null sink takes chunks.
    const rows = [
      ...(options.onlyNullSink ? [] : await measurePairs({ ...common, port, shapes: MAILSTORM_SHAPES })),
      ...(takesChunks && !options.withoutNullSink
        ? await measurePairs({ ...common, port: sink.port, shapes: CHUNK_SHAPES })
        : []),
    ]
    measured.push({ sizeBytes, rows })
    console.log(`\n### ${sizeName(sizeBytes)}\n\n${pairTable(rows)}`)
  }
  return measured
}
