import { setTimeout as sleep } from 'node:timers/promises'
import { KeeperClient, type ServiceStatus } from '../../containers/keeper/api.ts'
import {
  clockTime,
  type LifeState,
  RESTARTS_PER_MINUTE,
  times,
} from '../../containers/keeper/service-keeper.ts'
import { requireState } from '../../containers/keeper/state.ts'
import { MailstormError } from '../error.ts'
import { readOptions } from '../options/options.ts'
import { packageCommand } from '../packages.ts'
import { lives, pidOf } from '../processes.ts'
import { left, right } from '../report/block.ts'
import { textTable } from '../report/table.ts'
import { wrapLine } from '../report/terminal.ts'
import { addLogArchive } from '../results/log-archive.ts'
import { stampOf } from '../run/provenance.ts'
import { numberFlag, pageFor } from './output.ts'

export interface StatusOptions {
  readonly json?: boolean
}

export async function status({ json = false }: StatusOptions): Promise<void> {
  const state = await requireState(process.cwd())
  const services = await new KeeperClient(state).status()
  if (json)
    console.log(JSON.stringify({ backend: state.backend, started_at: state.startedAt, services }, null, 2))
  else console.log(renderStatus(services, pageFor(process.stdout).width))
}

const COLUMNS = [left('service'), left('state'), right('CPU %'), right('memory MB'), left('address')]

/** One line per service, aligned, with – for unknown figures; below it, which services died and how. */
export function renderStatus(services: readonly ServiceStatus[], width?: number): string {
  const rows = services.map(({ name, state, cpu_percent, memory_bytes, address }) => [
    name,
    state,
    cpu_percent === null ? '–' : cpu_percent.toFixed(1),
    memory_bytes === null ? '–' : (memory_bytes / 2 ** 20).toFixed(0),
    address,
  ])
  const lives = services.flatMap(describeEnd)
  const below = lives.length === 0 ? [] : ['', ...lives.flatMap((line) => wrapLine(line, width))]
  return [...textTable(COLUMNS, rows, width), ...below].join('\n')
}

const WHAT_FOLLOWS: Readonly<Record<Exclude<LifeState, 'running'>, string>> = {
  ended: '',
  restarting: '; restarting',
  'given up': `; given up after ${RESTARTS_PER_MINUTE} restarts within a minute`,
}

function describeEnd({ name, state, restarts, last_end: end }: ServiceStatus): string[] {
  if (end === null) return []
  const at = clockTime(Date.parse(end.at))
  const now =
    state === 'running'
      ? `running, restarted ${times(restarts)}, last after ${end.by} at ${at}`
      : `ended ${at}: ${end.by}${WHAT_FOLLOWS[state]}`
  return [`${name}: ${now}`]
}

const ALL_LINES = 1_000_000

export interface LogsOptions {
  readonly lines: string
  readonly archive?: boolean
}

/** Prints the ends of the services' logs, or archives all of them. */
export async function logs(
  service: string | undefined,
  { lines, archive = false }: LogsOptions,
): Promise<void> {
  const count = numberFlag({ flag: '--lines', given: lines, min: 1, max: ALL_LINES, whole: true })
  const keeper = new KeeperClient(await requireState(process.cwd()))
  const known = (await keeper.status()).map(({ name }) => name)
  if (service !== undefined && !known.includes(service)) {
    throw new MailstormError('UNKNOWN_SERVICE', `Failed to find "${service}": there are ${known.join(', ')}.`)
  }
  const names = service === undefined ? known : [service]
  if (archive) return archiveLogs(keeper, names)
  for (const name of names) {
    const tail = await keeper.logs(name, count)
    console.log(`==> ${name}${tail.length === 0 ? ' wrote nothing' : ''}`)
    for (const line of tail) console.log(line)
  }
}

async function archiveLogs(keeper: KeeperClient, names: readonly string[]): Promise<void> {
  const at = new Date()
  const files = await Promise.all(
    names.map(async (name) => ({ name: `${name}.log`, lines: await keeper.logs(name, ALL_LINES) })),
  )
  const path = await addLogArchive(readOptions().resultsDir, stampOf(at), files, at)
  console.log(`Written: ${path}`)
}

/** Stopping containers takes seconds; a keeper that needs longer is stuck. */
const WITHIN_MS = 30_000
const LOOK_EVERY_MS = 100

/** Stops the services of `start`, and waits until they have ended. */
export async function stop(): Promise<void> {
  const { keeper } = await requireState(process.cwd())
  process.kill(pidOf(keeper), 'SIGTERM')
  const deadlineMs = performance.now() + WITHIN_MS
  // The end of another process can only be polled.
  while (lives(keeper) && performance.now() < deadlineMs) await sleep(LOOK_EVERY_MS)
  if (lives(keeper)) {
    throw new MailstormError(
      'NOT_STOPPED',
      `Failed to stop the services: process ${pidOf(keeper)} has not ended within ${WITHIN_MS / 1000} s.`,
      `End it with "kill -9 ${pidOf(keeper)}"; its services end with it, containers at the next start or by "${packageCommand('mailstorm clean')}".`,
    )
  }
  console.log('Stopped.')
}
