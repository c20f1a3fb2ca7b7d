import { MailstormError } from '../../error.ts'
import { renderComparison } from '../../report/runs/comparison.ts'
import { DEFAULT_LIMITS, type Limits } from '../../results/change.ts'
import { compareRuns } from '../../results/compare.ts'
import { findRunFile, readRuns } from '../../results/result-files.ts'
import type { RunView } from '../../results/run-view.ts'
import { numberFlag, pageFor, printJson, type ResultsOptions, resultsDirOf } from '../output.ts'

export interface CompareOptions extends ResultsOptions {
  /** The files of side B, when there are several on a side. */
  readonly against?: readonly string[]
  readonly p95Limit: string
  readonly p95Floor: string
  readonly throughputLimit: string
  readonly successLimit: string
}

/** Compares two sides. The exit code is 1 when B is worse. */
export async function compare(files: readonly string[], options: CompareOptions): Promise<void> {
  const limits = limitsOf(options)
  const { before, after } = sidesOf(files, options.against)
  const folder = resultsDirOf(options)
  const runs = { before: await readSide(before, folder), after: await readSide(after, folder) }
  const comparison = compareRuns(runs, limits)
  if (comparison.verdict === 'regression') process.exitCode = 1
  if (options.json === true) printJson(comparison)
  else process.stdout.write(renderComparison(comparison, pageFor(process.stdout)))
}

async function readSide(names: readonly string[], folder: string): Promise<RunView[]> {
  const runs: RunView[] = []
  for (const name of names) runs.push(...(await readRuns(await findRunFile(name, folder))))
  return runs
}

interface Names {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** `A B`, or `A1 A2 A3 --against B1 B2 B3`. */
function sidesOf(files: readonly string[], against: readonly string[] | undefined): Names {
  if (against !== undefined && files.length > 0) return { before: files, after: against }
  const [before, after] = files
  if (files.length === 2 && before !== undefined && after !== undefined)
    return { before: [before], after: [after] }
  throw new MailstormError(
    'BAD_OPTIONS',
    `Failed to compare: ${files.length === 1 ? '1 file was' : `${files.length} files were`} given.`,
    'Give two, "compare A B", or several on each side, "compare A1 A2 A3 --against B1 B2 B3".',
  )
}

/** A figure cannot fall by more than 100 %, so a larger limit could never be exceeded. */
const ALL_PERCENT = 100
const MOST_TIMES_PERCENT = 100_000
const ONE_HOUR_MS = 3_600_000

function limitsOf(options: CompareOptions): Limits {
  const share = (flag: string, given: string, max: number) =>
    numberFlag({ flag, given, max, unit: '%' }) / 100
  return {
    ...DEFAULT_LIMITS,
    'p(95)': {
      relative: share('--p95-limit', options.p95Limit, MOST_TIMES_PERCENT),
      floor: numberFlag({ flag: '--p95-floor', given: options.p95Floor, max: ONE_HOUR_MS, unit: 'ms' }),
    },
    throughput: {
      relative: share('--throughput-limit', options.throughputLimit, ALL_PERCENT),
      floor: 0,
    },
    success_rate: { relative: share('--success-limit', options.successLimit, ALL_PERCENT), floor: 0 },
  }
}
