import { KeeperClient, type ServiceStatus } from '../../containers/keeper/api.ts'
import {
  clockTime,
  type LifeState,
  RESTARTS_PER_MINUTE,
  times,
} from '../../containers/keeper/service-keeper.ts'
import { requireState } from '../../containers/keeper/state.ts'
import { left, right, textTable } from '../render/table.ts'
import { wrapLine } from '../render/width.ts'
import { pageFor } from './output.ts'

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

/** One line a service, aligned, unknown figures as –; below, what has ended by itself and how. */
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
  restarting: '; it is being started again',
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
