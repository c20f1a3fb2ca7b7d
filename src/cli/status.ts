import type { ServiceStatus } from '../../containers/keeper/api.ts'
import { KeeperClient } from '../../containers/keeper/client.ts'
import { requireState } from '../../containers/keeper/state.ts'

export interface StatusOptions {
  readonly json?: boolean
}

export async function status({ json = false }: StatusOptions): Promise<void> {
  const state = await requireState(process.cwd())
  const services = await new KeeperClient(state).status()
  if (json)
    console.log(JSON.stringify({ backend: state.backend, started_at: state.startedAt, services }, null, 2))
  else console.log(renderStatus(services))
}

/** One line a service, aligned; unknown figures as – . */
export function renderStatus(services: readonly ServiceStatus[]): string {
  const rows = [
    ['service', 'state', 'CPU %', 'memory MB', 'address'],
    ...services.map(({ name, state, cpu_percent, memory_bytes, address }) => [
      name,
      state,
      cpu_percent === null ? '–' : cpu_percent.toFixed(1),
      memory_bytes === null ? '–' : (memory_bytes / 2 ** 20).toFixed(0),
      address,
    ]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 2 || column === 3
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
