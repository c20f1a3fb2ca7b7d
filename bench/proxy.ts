import { writeFile } from 'node:fs/promises'
import { embeddedPostgres } from '../containers/postgres/postgres.ts'
import { optionsGiven } from './command-line.ts'
import { type Spread, spreadOf } from './measurement.ts'
import { HELP, readOptions } from './proxy/options.ts'
import { drain, type Measured, type Point, realProxy, withBacklog } from './proxy/points.ts'
import { backlogVerdict, beforeVerdicts, ratioVerdict, type Verdict } from './proxy/verdicts.ts'
import { machineLine, table } from './report.ts'
import { treeOf } from './tree.ts'

// Messages per second from the queue to the sink. All points take turns, round after round: what else the
// machine does then hits all alike. Each has a database of its own in one PostgreSQL, and a sink of its own.

const BACKLOG_MESSAGES = 5_000

const options = optionsGiven(readOptions, HELP)
await using tree = options.before === undefined ? undefined : await treeOf(options.before)
const before =
  tree && ((await import(tree.url('containers/proxy.ts'))) as typeof import('../containers/proxy.ts'))
const drains = (before === undefined ? [1, 3] : [1]).map((proxies) => drain(proxies, options.messages))
const befores =
  before === undefined
    ? []
    : [drain(1, options.messages, { name: String(options.before), start: before.embeddedProxy })]
const backlogs = options.backlogs.map((backlog) => withBacklog(backlog, BACKLOG_MESSAGES))
const reals = options.realPython === undefined ? [] : [realProxy(options.realPython)]
const all = await measured([...befores, ...drains, ...backlogs, ...reals])
const rates = new Map(
  [...all].map(([name, runs]) => [name, spreadOf(runs.map(({ messagesPerSecond }) => messagesPerSecond))]),
)

const runsOf = (point: Point | undefined): readonly Measured[] => {
  const runs = point === undefined ? undefined : all.get(point.name)
  if (runs === undefined) throw new Error('a point was not measured')
  return runs
}
const rate = (point: Point | undefined): Spread =>
  spreadOf(runsOf(point).map(({ messagesPerSecond }) => messagesPerSecond))
const verdicts: Verdict[] = backlogs.length < 2 ? [] : [backlogVerdict(backlogs.map(rate))]
if (befores.length > 0) verdicts.push(...beforeVerdicts(runsOf(drains[0]), runsOf(befores[0])))
if (reals.length > 0) verdicts.push(ratioVerdict(rate(drains[0]), rate(reals[0])))

console.log(`\n${machineLine()}; medians of ${options.rounds}\n`)
const whole = (value: number) => Math.round(value).toLocaleString('en')
const lines = [...rates].map(([name, { median, min, max }]) => [
  name,
  whole(median),
  `${whole(min)}–${whole(max)}`,
  cpuText(all.get(name) ?? []),
])
console.log(table(['from queue to sink', 'messages/s', 'min–max', 'CPU ms/message'], lines))
console.log(
  `\n${table(
    ['', 'value', 'target', ''],
    verdicts.map(({ name, value, target, ok }) => [name, value, target, ok ? 'met' : 'MISSED']),
  )}`,
)
if (options.realPython === undefined)
  console.log('\nWithout the real genro-mail-proxy: --real PYTHON names an interpreter that has it.')
if (options.jsonFile !== undefined)
  await writeFile(
    options.jsonFile,
    JSON.stringify({ machine: machineLine(), runs: Object.fromEntries(all), verdicts }, null, 2),
  )

/** Median; nothing where it was not read. */
function cpuText(runs: readonly Measured[]): string {
  const read = runs.flatMap(({ cpuMsPerMessage }) => (cpuMsPerMessage === undefined ? [] : [cpuMsPerMessage]))
  return read.length === 0 ? '' : spreadOf(read).median.toFixed(3)
}

async function measured(points: readonly Point[]): Promise<Map<string, Measured[]>> {
  const found = new Map<string, Measured[]>(points.map(({ name }) => [name, []]))
  for (let round = 1; round <= options.rounds; round++) {
    await using postgres = await embeddedPostgres().start()
    for (const point of points) {
      const run = await point.measure(postgres)
      found.get(point.name)?.push(run)
      const cpu =
        run.cpuMsPerMessage === undefined ? '' : `, CPU ${run.cpuMsPerMessage.toFixed(3)} ms/message`
      console.log(
        `round ${round}/${options.rounds}, ${point.name}: ${Math.round(run.messagesPerSecond)}/s${cpu}`,
      )
    }
  }
  return found
}
