import { basename } from 'node:path'
import { mergeSparse, type SparseHistogram } from '../engine/histogram.ts'
import { MailstormError } from '../error.ts'
import type { Figure } from '../figures/figure.ts'
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
import { CIRCUMSTANCES, type RunView } from './run-view.ts'

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

/** A caveat to read before the figures of two sides are compared. */
export interface Caution {
  readonly about: (typeof CIRCUMSTANCES)[number] | 'scenario' | 'reference' | 'run'
  readonly sentence: string
}

/** Differences that are not the target's doing; shown above all figures. */
export function cautionsOf(runs: Sides<readonly RunView[]>): Caution[] {
  return [
    ...CIRCUMSTANCES.flatMap((about) => circumstanceCautions(about, runs)),
    ...scenarioCautions(runs),
    ...referenceCautions(runs.before),
    ...(['before', 'after'] as const).flatMap((side) => runs[side].flatMap(runCautions)),
  ]
}

function circumstanceCautions(
  about: (typeof CIRCUMSTANCES)[number],
  { before, after }: Sides<readonly RunView[]>,
): Caution[] {
  const names = new Set(
    [...before, ...after].flatMap(({ circumstances }) => Object.keys(circumstances[about])),
  )
  const silent = new Set<string>()
  const cautions: Caution[] = []
  for (const name of names) {
    const old = distinct(before.map(({ circumstances }) => circumstances[about][name]))
    const now = distinct(after.map(({ circumstances }) => circumstances[about][name]))
    if (old.length === 0 && now.length === 0) continue
    if (old.length === 0) silent.add('A')
    else if (now.length === 0) silent.add('B')
    else if (old.join() !== now.join()) cautions.push({ about, sentence: differs(about, name, [old, now]) })
  }
  // The older generator's files record little of this: say so once, not for each.
  if (cautions.length === 0 && about !== 'workload')
    for (const side of silent) cautions.push({ about, sentence: `the ${about} of ${side} is unknown` })
  return cautions
}

type Sentences = readonly [before: readonly string[], after: readonly string[]]

function differs(about: string, name: string, [before, after]: Sentences): string {
  const what = about === name ? about : `${about}: ${name}`
  return `different ${what}: ${before.join(' and ')} vs. ${after.join(' and ')}`
}

function distinct(values: readonly (string | number | null | undefined)[]): string[] {
  const known = values.filter((value) => value !== null && value !== undefined)
  return [
    ...new Set(known.map((value) => (typeof value === 'number' ? value.toLocaleString('en-US') : value))),
  ]
}

function scenarioCautions({ before, after }: Sides<readonly RunView[]>): Caution[] {
  const ours = [before, after].map((runs) => distinct(runs.filter(isOurs).map(nameOf)))
  const [old = [], now = []] = ours
  if (old.length === 0 || now.length === 0 || old.join() === now.join()) return []
  return [{ about: 'scenario', sentence: differs('scenario', 'scenario', [old, now]) }]
}

/** Nothing is worse than nothing: any run would pass against such a reference. */
function referenceCautions(before: readonly RunView[]): Caution[] {
  if (!before.every((run) => kindOf(run.format).judged && acceptedNothing(run))) return []
  return [
    {
      about: 'reference',
      sentence: 'A accepted no message, so no run can be worse in success or throughput',
    },
  ]
}

export function acceptedNothing({ success_rate: success, successful_messages: accepted }: RunView): boolean {
  return accepted === 0 || success === 0 || (accepted === null && success === null)
}

/** Files of the older generator may have any name. */
function isOurs({ format }: RunView): boolean {
  return format !== 'older'
}

function nameOf({ scenario, part }: RunView): string {
  return part === null ? scenario : `${scenario} / ${part}`
}

function runCautions({ file: path, status, generator_bound: bound }: RunView): Caution[] {
  const file = basename(path)
  const cautions: Caution[] = []
  if (status === 'partial') cautions.push({ about: 'run', sentence: `${file} ended early` })
  if (bound === true) {
    const sentence = `${file} was generator-bound: its figures may show the limits of the load generator, not of the servers`
    cautions.push({ about: 'run', sentence })
  }
  return cautions
}
