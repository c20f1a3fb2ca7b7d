import { kindsOf, type MetricKinds } from '../engine/custom-metrics.ts'
import { type RunVerdict, type ThresholdResult, UNITS, type Unit } from '../engine/result.ts'
import { MailstormError } from '../error.ts'
import { nearest } from '../text/nearest.ts'
import { CUSTOM_METRICS, smtpFigures } from './custom.ts'
import { type Figure, type Figures, readingOf } from './figure.ts'
import { type Measured, SMTP_FIGURES, type SmtpRun } from './smtp.ts'

const COMPARISONS = ['<', '<=', '>', '>=', '==', '!='] as const
type Comparison = (typeof COMPARISONS)[number]

/** A limit on one metric of a run, in k6's syntax: `p(99)<1000`. Plain data. */
export interface Threshold {
  /** As written, without spaces; also the title of its test. */
  readonly expression: string
  readonly metric: string
  readonly comparison: Comparison
  /** In the metric's unit: milliseconds, a share from 0 to 1, a count, or messages per second. */
  readonly limit: number
  /** Nobody asked for it: mailstorm adds it to every run. Without data it is skipped, not missed. */
  readonly unasked?: true
}

const HOLDS: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
}

const GRAMMAR = /^([^<>=!]+)(<=|>=|==|!=|<|>)(-?\d+(?:\.\d+)?)([a-z%]*)$/

/**
 * Parses `<metric><comparison><number>`. Checks that SMTP runs have the metric (`custom`: those that the
 * scenario adds) and that the limit makes sense.
 */
export function parseThreshold(text: string, custom: MetricKinds = {}): Threshold {
  return parseThresholdOn(text, smtpFigures(custom))
}

/** The same for any kind of run, given its figures. */
export function parseThresholdOn<Run>(text: string, figures: Figures<Run>): Threshold {
  const expression = text.replaceAll(/\s+/g, '')
  const parts = GRAMMAR.exec(expression)
  if (parts === null) {
    throw badThreshold(
      text,
      'it is not <metric><comparison><number>.',
      `Comparisons: ${COMPARISONS.join(' ')}. Examples: p(99)<1000, success_rate>=0.99, lost==0.`,
    )
  }
  const [, name = '', comparison, digits, unit = ''] = parts
  const figure = knownFigure(text, name, figures)
  // 95 · 0.01 is 0.9500000000000001 in binary.
  const limit = Number((Number(digits) * scaleOf(text, figure, unit)).toPrecision(15))
  const threshold = { expression, metric: figure.name, comparison: comparison as Comparison, limit }
  checkLimit(text, threshold, figure)
  return Object.freeze(threshold)
}

function badThreshold(text: string, why: string, hint?: string): MailstormError {
  return new MailstormError('BAD_THRESHOLD', `Failed to read the threshold "${text}": ${why}`, hint)
}

function knownFigure<Run>(text: string, name: string, figures: Figures<Run>): Figure<Run> {
  const figure = figures.named(name)
  if (typeof figure === 'string') throw badThreshold(text, figure)
  if (figure !== undefined) return figure
  const meant = nearestMetric(name, figures.known)
  // For a typo there is no need to list every metric.
  if (meant !== undefined) throw badThreshold(text, `there is no metric "${name}". Did you mean ${meant}?`)
  throw badThreshold(text, `there is no metric "${name}".`, `Known:${summaryOf(figures)}`)
}

/** Compared without parentheses, so that p99 is closer to p(99) than to max. */
function nearestMetric(name: string, metrics: readonly string[]): string | undefined {
  const percentile = /\d+(?:\.\d+)?/.exec(name)?.[0] ?? '99'
  const known = metrics.map((metric) => metric.replace('N', percentile))
  const bare = (metric: string) => metric.replaceAll(/[()]/g, '')
  const found = nearest(bare(name), known.map(bare))
  return known.find((metric) => bare(metric) === found)
}

interface UnitWords {
  /** Heading of the metrics in this unit. */
  readonly kind: string
  /** Meaning of a limit in this unit. */
  readonly limit: string
  /** Suffixes allowed after a limit, and their factors. */
  readonly suffixes?: Readonly<Record<string, number>>
}

const WORDS: Readonly<Record<Unit, UnitWords>> = {
  ms: {
    kind: 'times in ms',
    limit: 'a time is in milliseconds, or ends in ms or s',
    suffixes: { ms: 1, s: 1000 },
  },
  seconds: {
    kind: 'times in seconds',
    limit: 'it is in seconds, or ends in s',
    suffixes: { s: 1 },
  },
  share: { kind: 'shares', limit: 'a share is a number between 0 and 1' },
  count: { kind: 'counts', limit: 'a count is a plain number' },
  per_second: {
    kind: 'per second',
    limit: 'a rate is in messages per second, a plain number',
  },
  bytes: { kind: 'bytes', limit: 'it is in bytes, a plain number' },
  megabytes: { kind: 'MB', limit: 'it is in MB, a plain number' },
  percent: {
    kind: 'percent of a core',
    limit: 'it is in percent of one core, a plain number',
  },
  factor: { kind: 'factors', limit: 'a factor is a plain number' },
  ms_per_hour: { kind: 'ms per hour', limit: 'it is in ms per hour, a plain number' },
  megabytes_per_hour: { kind: 'MB per hour', limit: 'it is in MB per hour, a plain number' },
  number: { kind: 'others', limit: 'its unit is not known: give a plain number' },
}

/**
 * One line per unit. Latencies with the same aggregates are listed once instead of five times; custom metrics
 * come separately.
 */
function summaryOf<Run>({ known, named }: Figures<Run>): string {
  const figures = known.map((name) => ({ name, figure: named(name.replace('N', '99')) }))
  const isOwn = ({ figure }: (typeof figures)[number]) =>
    typeof figure === 'object' && figure.group === CUSTOM_METRICS
  const own = figures.filter(isOwn).map(({ name }) => name)
  const all = figures.filter((one) => !isOwn(one))
  const parts = [
    ...new Set(all.flatMap(({ name }) => (name.includes('.') ? name.split('.').slice(0, 1) : []))),
  ]
  const lines = UNITS.flatMap((unit) => {
    const names = all.flatMap(({ name, figure }) =>
      typeof figure === 'object' && figure.unit === unit && !name.includes('.') ? name : [],
    )
    return names.length === 0 ? [] : `${WORDS[unit].kind}: ${names.join(', ')}`
  })
  if (parts.length > 0) lines.push(`of ${parts.join(', ')} too: ${parts[1] ?? parts[0]}.p(99)`)
  if (own.length > 0) lines.push(`the scenario's own: ${own.join(', ')}`)
  return lines.map((line) => `\n    ${line}`).join('')
}

type Limited = Pick<Figure<never>, 'name' | 'unit' | 'inPercent' | 'signed' | 'atMost'>

function scaleOf(text: string, figure: Limited, suffix: string): number {
  if (suffix === '') return 1
  if (figure.inPercent === true && suffix === '%') return 0.01
  const { suffixes = {}, limit } = WORDS[figure.unit]
  const scale = Object.hasOwn(suffixes, suffix) ? suffixes[suffix] : undefined
  if (scale !== undefined) return scale
  throw badThreshold(text, `"${suffix}" cannot follow the limit of ${figure.name}; ${limit}.`)
}

function checkLimit(text: string, { comparison, limit, metric: name }: Threshold, figure: Limited): void {
  if (figure.signed) return
  if (limit < 0) throw badThreshold(text, `${name} is never negative.`)
  if (figure.unit === 'share' && limit > 1) {
    const meant =
      limit <= 100 ? `${name}${comparison}${Number((limit / 100).toPrecision(12))}` : `${name}>=0.99`
    throw badThreshold(text, `the limit ${limit} is out of range.`, `It is a share between 0 and 1: ${meant}`)
  }
  if (figure.unit === 'count' && !Number.isInteger(limit)) {
    throw badThreshold(text, `${name} is a count, and ${limit} is not a whole number.`)
  }
  const { atMost } = figure
  const always = (comparison === '>=' && limit === 0) || (comparison === '<=' && limit === atMost)
  const never = (comparison === '<' && limit === 0) || (comparison === '>' && limit === atMost)
  if (always) throw badThreshold(text, 'it can never fail.')
  if (never) throw badThreshold(text, 'it can never pass.')
}

/** Judges the run by the threshold. A figure without data gets a verdict of its own. */
export function judge(threshold: Threshold, run: Measured): ThresholdResult {
  return judgeOn<SmtpRun>(threshold, run, smtpFigures(kindsOf(run.custom_metrics)))
}

/** The same for any kind of run. */
export function judgeOn<Run>(threshold: Threshold, run: Run, figures: Figures<Run>): ThresholdResult {
  const { expression, metric, comparison, limit } = threshold
  const figure = knownFigure(expression, metric, figures)
  const nothing = figures.nothing(run)
  const reading = nothing === undefined ? readingOf(figure, run) : { noData: nothing }
  const common = { expression, metric, limit, unit: figure.unit }
  if ('noData' in reading) return { ...common, value: null, verdict: 'no-data', reason: reading.noData }
  const verdict = HOLDS[comparison](reading.value, limit) ? 'pass' : 'fail'
  return { ...common, value: reading.value, verdict, ...(reading.note ? { reason: reading.note } : {}) }
}

/**
 * The unit of a threshold's value and limit. Older files state it only for pressure runs and custom metrics;
 * all others are in the list of SMTP figures.
 */
export function unitOfThreshold({ metric, unit }: Pick<ThresholdResult, 'metric' | 'unit'>): Unit {
  if (UNITS.some((known) => known === unit)) return unit as Unit
  const figure = SMTP_FIGURES.named(metric)
  return typeof figure === 'object' ? figure.unit : 'number'
}

/**
 * Applied when a run's own thresholds do not mention success: a server that quickly refuses everything would
 * meet thresholds on latency alone.
 */
const TOO_FEW = 0.95
export const LEAST_SUCCESS = `success_rate>${TOO_FEW}`

/** Whether the thresholds mention the success rate; error_rate is its complement. */
export function nameSuccess(thresholds: readonly { readonly metric: string }[]): boolean {
  return thresholds.some(({ metric }) => metric === 'success_rate' || metric === 'error_rate')
}

/**
 * A run's own thresholds, with those of every run of its kind on whatever they do not name themselves, marked as
 * not asked for: a ledger or a proxy's metrics may be missing.
 */
export function withEveryRuns<Run>(
  own: readonly Threshold[],
  everyRuns: readonly string[],
  figures: Figures<Run>,
): Threshold[] {
  const texts = nameSuccess(own) ? everyRuns : [LEAST_SUCCESS, ...everyRuns]
  const added = texts.map((text): Threshold => ({ ...parseThresholdOn(text, figures), unasked: true }))
  return [...own, ...added.filter(({ metric }) => own.every((one) => one.metric !== metric))]
}

/** A threshold without data counts as missed: a gate that measured nothing must not pass. */
export function isMissed({ verdict }: Pick<ThresholdResult, 'verdict'>): boolean {
  return verdict === 'fail' || verdict === 'no-data'
}

/** What decides the verdict of a run of any kind. */
export interface Judged {
  readonly status: 'complete' | 'partial'
  readonly thresholds: readonly Pick<ThresholdResult, 'metric' | 'verdict'>[]
  /** Share of the messages that were due. */
  readonly successRate: number
  /** Pressure: false when deliveries could not be checked. */
  readonly verified?: boolean
}

/**
 * The only definition of a failed run: it did not finish, missed a threshold, could not be verified, or had at
 * most 95 % accepted while none of its thresholds mentions success. A warning: all thresholds were met, but
 * some messages were not accepted.
 */
export function verdictOf({ status, thresholds, successRate, verified = true }: Judged): RunVerdict {
  if (status === 'partial' || !verified || thresholds.some(isMissed)) return 'FAILED'
  if (successRate <= TOO_FEW && !nameSuccess(thresholds)) return 'FAILED'
  return successRate === 1 ? 'PASSED' : 'WARNING'
}

/** How a run ended: `reason` is why it is not complete, null when it is. */
export function endOf(
  reason: string | null,
  judged: Omit<Judged, 'status'>,
): {
  readonly status: Judged['status']
  readonly partial_reason: string | null
  readonly verdict: RunVerdict
} {
  const status = reason === null ? 'complete' : 'partial'
  return { status, partial_reason: reason, verdict: verdictOf({ ...judged, status }) }
}

/** Without data, a threshold that nobody asked for is skipped; any other keeps `no-data`, and fails. */
export function skipUnasked(judged: ThresholdResult, { unasked }: Threshold): ThresholdResult {
  return judged.verdict === 'no-data' && unasked === true ? { ...judged, verdict: 'skipped' } : judged
}
