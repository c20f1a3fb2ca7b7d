import { writeFile } from 'node:fs/promises'
import { clients } from './clients/list.ts'
import { isInstalled } from './clients/run.ts'
import { readOptions } from './options.ts'
import { clientTable, machineLine, ratioTable, sizeName } from './report.ts'
import { measureRounds } from './rounds.ts'
import { startServer } from './server.ts'
import { ratiosOf } from './targets.ts'

/** `npm run bench`: our engine beside smtp-source and nodemailer, in one run; see docs/benchmarks.md. */
const options = readOptions(process.argv.slice(2))
const smtpSource = await isInstalled('smtp-source')
await using server = await startServer()
const date = new Date().toISOString()
console.log(`${date}, ${machineLine()}`)
console.log(`Server: ${server.name}. 50 sessions, medians of ${options.rounds} interleaved rounds.`)
if (!smtpSource)
  console.log('smtp-source is not installed (apt-get install postfix): its ratios are left out.')

const sizes = []
for (const sizeBytes of options.sizesBytes) {
  const rows = await measureRounds({
    clients: clients({ smtpSource }),
    rounds: options.rounds,
    port: server.port,
    sizeBytes,
    messages: options.messages(sizeBytes),
    onRun: (text) => process.stderr.write(`  ${sizeName(sizeBytes)}, ${text}\n`),
  })
  const ratios = ratiosOf(rows, sizeBytes)
  sizes.push({ sizeBytes, rows, ratios })
  console.log(`\n### ${sizeName(sizeBytes)}\n\n${ratioTable(ratios)}\n\n${clientTable(rows)}`)
}
if (options.jsonFile !== undefined) {
  const report = { date, machine: machineLine(), server: server.name, rounds: options.rounds, sizes }
  await writeFile(options.jsonFile, `${JSON.stringify(report, undefined, 2)}\n`)
}
