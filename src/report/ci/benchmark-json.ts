import type { Unit } from '../../engine/result.ts'
import { figuresFor } from '../../results/overview.ts'
import type { RunView } from '../../results/run-view.ts'
import { oneLine } from '../escape.ts'
import { runName } from '../verdict.ts'

/**
 * One row of what benchmark-action/github-action-benchmark reads with `tool: customBiggerIsBetter` or
 * `customSmallerIsBetter`: a JSON array of these.
 */
export interface BenchmarkEntry {
  readonly name: string
  readonly unit: string
  readonly value: number
  /** Shown beside the point in the chart. */
  readonly extra: string
}

/** Few, so that its charts can be looked at; never counts that are mostly 0, for it divides by the last one. */
const CHARTED = ['throughput', 'success_rate', 'p(50)', 'p(95)', 'p(99)'] as const

const UNITS: Readonly<Partial<Record<Unit, string>>> = { per_second: 'messages/s', share: 'share', ms: 'ms' }

/** The figures of these runs whose better value is the higher (lower) one. Partial runs are left out. */
export function benchmarkEntries(runs: readonly RunView[], better: 'higher' | 'lower'): BenchmarkEntry[] {
  return runs.filter(({ status }) => status === 'complete').flatMap((run) => entriesOf(run, better))
}

function entriesOf(run: RunView, better: 'higher' | 'lower'): BenchmarkEntry[] {
  // Runs of different backends are different charts (DESIGN.md, decision 4).
  const name = `${oneLine(runName(run))} (${run.backend ?? 'unknown backend'})`
  const extra = [`run ${run.run_id ?? '–'}`, `verdict ${run.verdict ?? '–'}`, run.start_time ?? ''].join('\n')
  return figuresFor(run).flatMap((figure) => {
    const value = run.figures[figure.name] ?? null
    const charted = CHARTED.some((known) => known === figure.name)
    if (!charted || figure.better !== better || value === null) return []
    return [{ name: `${name}: ${figure.name}`, unit: UNITS[figure.unit] ?? figure.unit, value, extra }]
  })
}
