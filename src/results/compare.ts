import { mergeSparse, type SparseHistogram } from '../engine/histogram.ts'
import { MailstormError } from '../error.ts'
import type { Figure } from '../figures/figure.ts'
import { type Caution, cautionsOf } from './cautions.ts'
import {
  type Change,
  changeOf,
  DEFAULT_LIMITS,
  exceeds,
  type Limit,
  type Limits,
  limitOf,
  NOTEWORTHY,
  noiseOf,
  noiseOfBoundRuns,
  noiseOfSeconds,
  type Sides,
  type Spread,
  spreadOf,
} from './change.ts'
import { kindOf, RESULT_KINDS, type ResultKind } from './kinds.ts'
import { figuresFor } from './overview.ts'
import type { RunView } from './run-view.ts'

/**
 * `regression`: a deciding figure got worse beyond its limit. `noise`: beyond its limit, but within the spread
 * of the runs. `worse`: worth mentioning, but decides nothing. `unknown`: one side lacks the figure. `fact`:
 * neither direction is good.
 */
export type RowVerdict = 'regression' | 'worse' | 'noise' | 'same' | 'better' | 'unknown' | 'fact'

export interface ComparisonRow extends Pick<Figure<object>, 'name' | 'title' | 'group' | 'unit' | 'better'> {
  readonly before: Spread
  readonly after: Spread
  /** Change of the medians; null when a side lacks the figure. */
  readonly change: Change | null
  /** Set on figures that decide. */
  readonly limit: Limit | null
  readonly verdict: RowVerdict
  /** Why a change beyond its limit counts as noise. */
  readonly reason: string | null
}

export interface ComparisonSide {
  readonly runs: readonly RunView[]
  /** By kind of latency, over all runs of the side. */
  readonly histograms: Readonly<Record<string, SparseHistogram>>
}

/** Two sides, figure by figure: plain data for the terminal, `--json` and the HTML report. */
export interface Comparison {
  readonly kind: ResultKind['name']
  readonly before: ComparisonSide
  readonly after: ComparisonSide
  readonly cautions: readonly Caution[]
  readonly rows: readonly ComparisonRow[]
  readonly verdict: 'regression' | 'no-regression'
}

/** Compares medians. Throws when the sides share no figure that decides. */
export function compareRuns(runs: Sides<readonly RunView[]>, limits: Limits = DEFAULT_LIMITS): Comparison {
  const kind = commonKind(runs)
  const rows = figuresFor(firstOf(runs.before)).map((one) => compareFigure(one, runs, limits))
  const known = rows.filter(({ before, after }) => before.values.concat(after.values).some(isKnown))
  const decides = rows.some(({ limit, change }) => limit !== null && change !== null)
  if (!decides) {
    throw new MailstormError(
      'NOT_COMPARABLE',
      `Failed to compare ${firstOf(runs.before).file} with ${firstOf(runs.after).file}: no deciding figure (${Object.keys(limits).join(', ')}) is in both.`,
    )
  }
  return {
    kind,
    before: sideOf(runs.before),
    after: sideOf(runs.after),
    cautions: cautionsOf(runs),
    rows: known,
    verdict: rows.some(({ verdict }) => verdict === 'regression') ? 'regression' : 'no-regression',
  }
}

function firstOf(runs: readonly RunView[]): RunView {
  const [first] = runs
  if (first === undefined) throw new RangeError('a side of a comparison has no run')
  return first
}

function commonKind({ before, after }: Sides<readonly RunView[]>): Comparison['kind'] {
  const runs = [...before, ...after].map(({ file, format }) => ({ file, ...kindOf(format) }))
  const [common, odd] = RESULT_KINDS.filter(({ name }) => runs.some((run) => run.name === name))
  if (odd === undefined) return common?.name ?? 'smtp'
  const file = runs.find(({ name }) => name === odd.name)?.file
  throw new MailstormError(
    'NOT_COMPARABLE',
    `Failed to compare: ${file} is a run against ${odd.against}, others are runs against ${common?.against}.`,
    'Their figures mean different things. Compare runs of one kind.',
  )
}

function sideOf(runs: readonly RunView[]): ComparisonSide {
  const names = [...new Set(runs.flatMap(({ histograms }) => Object.keys(histograms)))]
  const merged = (name: string) =>
    runs.flatMap(({ histograms }) => histograms[name] ?? []).reduce(mergeSparse)
  return { runs, histograms: Object.fromEntries(names.map((name) => [name, merged(name)])) }
}

function isKnown(value: number | null): boolean {
  return value !== null
}

function compareFigure(one: Figure<object>, runs: Sides<readonly RunView[]>, limits: Limits): ComparisonRow {
  const { name, title, group, unit, better } = one
  const valuesOf = (side: readonly RunView[]) => side.map(({ figures }) => figures[one.name] ?? null)
  const spreads = { before: spreadOf(valuesOf(runs.before)), after: spreadOf(valuesOf(runs.after)) }
  const { median: before } = spreads.before
  const { median: after } = spreads.after
  const common = { name, title, group, unit, better, ...spreads, limit: limits[one.name] ?? null }
  if (before === null || after === null) return { ...common, change: null, verdict: 'unknown', reason: null }
  const change = changeOf(before, after)
  const limit = limitOf(limits, one)
  return {
    ...common,
    change,
    ...judgeChange(one, { change, limit, decides: common.limit !== null }, { runs, spreads }),
  }
}

interface Measured {
  readonly change: Change
  readonly limit: Limit
  readonly decides: boolean
}

interface Evidence {
  readonly runs: Sides<readonly RunView[]>
  readonly spreads: Sides<Spread>
}

function judgeChange(
  one: Figure<object>,
  { change, limit, decides }: Measured,
  { runs, spreads }: Evidence,
): Pick<ComparisonRow, 'verdict' | 'reason'> {
  const plainly = (verdict: RowVerdict) => ({ verdict, reason: null })
  if (one.better === 'neither') return plainly('fact')
  const better = change.absolute > 0 === (one.better === 'higher')
  if (!exceeds(change, limit)) {
    // Too small to decide, yet worth mentioning as for any other figure.
    return exceeds(change, NOTEWORTHY[one.unit]) ? plainly(better ? 'better' : 'worse') : plainly('same')
  }
  const noise = noiseOf(change, limit, spreads) ?? noiseOfTimes(one, { change, limit, decides }, runs)
  if (noise !== undefined) return { verdict: 'noise', reason: noise }
  if (better) return plainly('better')
  return plainly(decides ? 'regression' : 'worse')
}

/** Only throughput and latency depend on the time of day; lost messages are never noise. */
function noiseOfTimes(
  { name, unit }: Figure<object>,
  { change, limit, decides }: Measured,
  runs: Sides<readonly RunView[]>,
): string | undefined {
  const isTime = unit === 'ms' || name === 'throughput'
  const bound = decides && isTime ? noiseOfBoundRuns(change, limit, runs) : undefined
  return bound ?? (name === 'throughput' ? noiseOfSeconds(change, limit, runs) : undefined)
}
