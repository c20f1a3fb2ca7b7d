import { writeFile } from 'node:fs/promises'
import { clients } from './clients/list.ts'
import { isInstalled } from './clients/run.ts'
import { optionsGiven } from './command-line.ts'
import { HELP, readOptions } from './options.ts'
import { measurePairs, pairTable } from './pairs.ts'
import { clientTable, machineLine, ratioTable, sizeName } from './report.ts'
import { measureRounds } from './rounds.ts'
import { type BenchServer, startServer } from './server.ts'
import { beyondBar, ratiosOf } from './targets.ts'
import { treeOf } from './tree.ts'

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
  const measured = []
  for (const sizeBytes of options.sizesBytes) {
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
  return measured
}

async function besideBefore({ name, port }: BenchServer, commit: string): Promise<object[]> {
  await using before = await treeOf(commit)
  console.log(`Server: ${name}. 50 sessions, medians of ${options.rounds} pairs of bursts, beside ${commit}.`)
  const measured = []
  for (const sizeBytes of options.sizesBytes) {
    const rows = await measurePairs({
      before,
      port,
      sizeBytes,
      pairs: options.rounds,
      messages: options.messages(sizeBytes),
      onPair: (text) => process.stderr.write(`  ${sizeName(sizeBytes)}, ${text}\n`),
    })
    measured.push({ sizeBytes, rows })
    console.log(`\n### ${sizeName(sizeBytes)}\n\n${pairTable(rows)}`)
  }
  return measured
}
