import { parseArgs } from 'node:util'
import { nearest } from '../src/text/nearest.ts'
import { missing } from '../test/wild/wild-server.ts'
import { measure } from './wild/measure/measure.ts'
import { type Planned, planOf, recordOf } from './wild/measure/plan.ts'
import { STEP_NAMES, type StepName } from './wild/record.ts'
import { readServerFile, serverNames } from './wild/server-file.ts'

const USAGE = `npm run wild [-- OPTIONS] [NAME …]

Measures the servers in test/wild that are installed, and writes docs/servers/NAME.json after each step.
What was measured of the same version is passed over. Then \`npm run docs\` writes docs/servers.md and
docs/servers.html anew.

  --list         what is installed, and how much of it was measured
  --again        measures again what was measured
  --only STEPS   only these, separated by commas: ${STEP_NAMES.slice(0, 6).join(', ')},
                 ${STEP_NAMES.slice(6).join(', ')}`

const options = {
  list: { type: 'boolean', default: false },
  again: { type: 'boolean', default: false },
  only: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

try {
  process.exitCode = await main()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 2
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const names = positionals.length === 0 ? serverNames() : positionals.map(knownServer)
  const wanted = values.only === undefined ? STEP_NAMES : values.only.split(',').map(knownStep)
  if (values.list) {
    for (const name of names) console.log(listLine(name))
    return 0
  }
  const plans: Planned[] = []
  for (const name of names) {
    const why = missing(name)
    if (why === undefined) plans.push(planOf(name, readServerFile(name), { wanted, again: values.again }))
    else console.log(`${name}: ${why}`)
  }
  const left = plans.filter(({ steps }) => steps.length > 0)
  if (left.length < plans.length)
    console.log(
      `${plans.length - left.length} of ${plans.length} servers have all that was asked for; --again repeats it.`,
    )
  if (left.length === 0) return 0
  return measureUntilStopped(left)
}

async function measureUntilStopped(plans: readonly Planned[]): Promise<number> {
  const stopping = new AbortController()
  process.on('SIGINT', () => {
    if (stopping.signal.aborted) process.exit(130)
    console.log('\nStopping the servers; what was measured is kept. Again: at once.')
    stopping.abort(new Error('stopped'))
  })
  const failed = await measure(plans, { signal: stopping.signal, say: (line) => console.log(line) })
  if (stopping.signal.aborted) {
    console.log('Stopped. The same command goes on where it was.')
    return 130
  }
  console.log(`Done: npm run docs writes docs/servers.md and docs/servers.html anew.`)
  if (failed > 0) console.error(`${failed} could not be measured.`)
  return failed === 0 ? 0 : 1
}

function knownServer(name: string): string {
  return known(name, serverNames(), 'server')
}

function knownStep(name: string): StepName {
  return known(name.trim(), STEP_NAMES, 'step') as StepName
}

function known(name: string, all: readonly string[], what: string): string {
  if (all.includes(name)) return name
  const meant = nearest(name, all)
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`
  throw new Error(`There is no ${what} ${JSON.stringify(name)}.${hint} Allowed: ${all.join(', ')}.`)
}

function listLine(name: string): string {
  const file = readServerFile(name)
  const steps = Object.keys(recordOf(name, file).steps).length
  const state = missing(name) ?? 'installed'
  return `${name.padEnd(20)} ${file.version.padEnd(10)} ${`${steps} of ${STEP_NAMES.length}`.padEnd(9)} ${state}`
}
