import type { ServiceStatus } from '../../containers/keeper/api.ts'
import { KeeperClient } from '../../containers/keeper/client.ts'
import { requireState } from '../../containers/keeper/state.ts'
import { left, right, textTable } from '../render/table.ts'
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

/** One line a service, aligned; unknown figures as –. */
export function renderStatus(services: readonly ServiceStatus[], width?: number): string {
  const rows = services.map(({ name, state, cpu_percent, memory_bytes, address }) => [
    name,
    state,
    cpu_percent === null ? '–' : cpu_percent.toFixed(1),
    memory_bytes === null ? '–' : (memory_bytes / 2 ** 20).toFixed(0),
    address,
  ])
  return textTable(COLUMNS, rows, width).join('\n')
}
