import { MailstormError } from '../error.ts'
import type { BaselineFigures } from '../figures/regression.ts'
import type { Threshold } from '../figures/threshold.ts'
import { packageCommand } from '../packages.ts'
import { readBaseline } from '../results/baseline.ts'
import { spreadOf } from '../results/change.ts'
import { acceptedNothing, cautionsOf } from '../results/compare.ts'
import { type RunView, viewOf } from '../results/run-view.ts'

/** Checks, before anything is booted, that a threshold on a baseline has one that can be read. */
export function checkBaseline(thresholds: readonly Threshold[], baseline: string | undefined): void {
  if (baseline !== undefined) readBaseline(baseline)
  const wanting = thresholds.find(({ metric }) => metric === 'regression')
  if (baseline !== undefined || wanting === undefined) return
  throw new MailstormError(
    'BAD_THRESHOLD',
    `Failed to read the threshold "${wanting.expression}": the scenario names no baseline to compare with.`,
    `Add baseline: 'name' to it (custom: STRESS_BASELINE=name), and save one with "${packageCommand('mailstorm baseline save name')}".`,
  )
}

/**
 * The medians of a baseline, and whether this run may be compared with them. Another backend, scenario or
 * workload measures something else: then there is no data, and the threshold fails. Another machine may be as
 * good (CI uses a different one each time), so it is only mentioned beside the figure.
 */
export function baselineFigures(name: string, run: object): BaselineFigures {
  const { runs } = readBaseline(name)
  const view = viewOf('this run', run)
  if (view === undefined) throw new TypeError('a run of ours has no view')
  const cautions = cautionsOf({ before: runs, after: [view] })
  const wrong = cautions.filter(({ about }) => !['machine', 'run', 'reference'].includes(about))
  const sentences = (some: typeof cautions) => some.map(({ sentence }) => sentence).join('; ')
  const notes = cautions.filter(({ about }) => about === 'machine').map(({ sentence }) => sentence)
  if (runs.some(({ generator_bound: bound }) => bound === true)) notes.push('it was generator-bound')
  return {
    name,
    throughput: medianOf(runs, 'throughput'),
    success_rate: medianOf(runs, 'success_rate'),
    p95_ms: medianOf(runs, 'p(95)'),
    ...(wrong.length === 0 ? {} : { incomparable: `baseline ${name} is of a ${sentences(wrong)}` }),
    ...(runs.every(acceptedNothing)
      ? { incomparable: `baseline ${name} is of a run that accepted no message` }
      : {}),
    ...(notes.length === 0 ? {} : { note: `baseline ${name}: ${notes.join('; ')}` }),
  }
}

function medianOf(runs: readonly RunView[], figure: string): number | null {
  return spreadOf(runs.map(({ figures }) => figures[figure] ?? null)).median
}
