import { writeFile } from 'node:fs/promises'
import { embeddedPostgres } from '../containers/postgres.ts'
import { type Spread, spreadOf } from './measurement.ts'
import { readOptions } from './proxy/options.ts'
import { drain, type Point, realProxy, withBacklog } from './proxy/points.ts'
import { backlogVerdict, ratioVerdict, type Verdict } from './proxy/verdicts.ts'
import { machineLine, table } from './report.ts'

// Messages per second from the queue to the sink. All points take turns, round after round: what else the
// machine does then hits all alike. Each has a database of its own in one PostgreSQL, and a sink of its own.

const BACKLOG_MESSAGES = 5_000

const options = readOptions(process.argv.slice(2))
const drains = [1, 3].map((proxies) => drain(proxies, options.messages))
const backlogs = options.backlogs.map((backlog) => withBacklog(backlog, BACKLOG_MESSAGES))
const reals = options.realPython === undefined ? [] : [realProxy(options.realPython)]
const rates = await measured([...drains, ...backlogs, ...reals])

const rate = (point: Point | undefined): Spread => {
  const spread = point === undefined ? undefined : rates.get(point.name)
  if (spread === undefined) throw new Error('a point was not measured')
  return spread
}
const verdicts: Verdict[] = [backlogVerdict(backlogs.map(rate))]
if (reals.length > 0) verdicts.push(ratioVerdict(rate(drains[0]), rate(reals[0])))

console.log(`\n${machineLine()}; medians of ${options.rounds}\n`)
const whole = (value: number) => Math.round(value).toLocaleString('en')
const lines = [...rates].map(([name, { median, min, max }]) => [
  name,
  whole(median),
  `${whole(min)}–${whole(max)}`,
])
console.log(table(['from queue to sink', 'messages/s', 'min–max'], lines))
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
    JSON.stringify({ machine: machineLine(), rates: Object.fromEntries(rates), verdicts }, null, 2),
  )

async function measured(points: readonly Point[]): Promise<Map<string, Spread>> {
  const found = new Map<string, number[]>(points.map(({ name }) => [name, []]))
  for (let round = 1; round <= options.rounds; round++) {
    await using postgres = await embeddedPostgres().start()
    for (const point of points) {
      const messagesPerSecond = await point.measure(postgres)
      found.get(point.name)?.push(messagesPerSecond)
      console.log(`round ${round}/${options.rounds}, ${point.name}: ${Math.round(messagesPerSecond)}/s`)
    }
  }
  return new Map([...found].map(([name, values]) => [name, spreadOf(values)]))
}
