import { parseArgs } from 'node:util'
import { type PacedRun, rateError } from './clients/pacing-task.ts'
import { runScript } from './clients/run.ts'
import { machineLine, table } from './report.ts'
import { startServer } from './server.ts'

/** How well a constant arrival rate is kept, by the whole engine and by the dispatch loop alone. */
const RATES = [50, 500, 5_000]
const PROGRAMS = { 'whole engine': 'paced', 'dispatch loop alone': 'pacer' } as const

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '10' } } })
const seconds = Number(values.seconds)
if (!(seconds > 0)) throw new RangeError(`--seconds ${values.seconds} is not a number above 0`)
await using server = await startServer()
const rows: string[][] = []
for (const [name, program] of Object.entries(PROGRAMS)) {
  for (const ratePerSecond of RATES) {
    const script = new URL(`./clients/${program}.ts`, import.meta.url)
    const run = await runScript<PacedRun>(script, { port: server.port, ratePerSecond, seconds })
    rows.push([`${name}, ${ratePerSecond}/s`, ...figures(run, ratePerSecond)])
  }
}
console.log(`${machineLine()}; ${seconds} s each against ${server.name}, 1 KB\n`)
console.log(table(['', 'messages', 'rate error', 'lag p50', 'lag p99', 'CPU of a core'], rows))

function figures(run: PacedRun, ratePerSecond: number): string[] {
  return [
    String(run.messages),
    `${(rateError(run, ratePerSecond) * 100).toFixed(3)} %`,
    `${run.lagP50Ms.toFixed(2)} ms`,
    `${run.lagP99Ms.toFixed(2)} ms`,
    `${(run.cpuShare * 100).toFixed(1)} %`,
  ]
}
