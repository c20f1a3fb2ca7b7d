import { METRIC_KINDS, type MetricKind, type MetricKinds } from '../engine/custom-metrics.ts'
import { MailstormError } from '../error.ts'
import { type Figure, type Figures, figuresOf, type Latency, shownOf } from './figure.ts'
import { SMTP_FIGURES, type SmtpRun } from './smtp.ts'

/** The figures of a run, including the scenario's own metrics. */
export function smtpFigures(kinds: MetricKinds = {}): Figures<SmtpRun> {
  const own = customFigures(kinds)
  return {
    ...SMTP_FIGURES,
    all: [...SMTP_FIGURES.all, ...own.all],
    known: [...SMTP_FIGURES.known, ...own.known],
    named: (name) => own.named(name) ?? SMTP_FIGURES.named(name),
  }
}

/** The figures of these metrics alone. */
export function customFigures(kinds: MetricKinds): Figures<SmtpRun> {
  const own = figuresOf(partsOf(kinds))
  return { ...own, named: (given) => own.named(given) ?? wrongForm(given, kinds) }
}

/** Title of their group. */
export const CUSTOM_METRICS = 'Custom metrics'

function partsOf(kinds: MetricKinds): Parameters<typeof figuresOf<SmtpRun>>[0] {
  const all = Object.entries(kinds)
  const latencies = all.flatMap(([name, kind]) => (kind === 'trend' ? trend(name) : []))
  return {
    latencies,
    list: [
      ...all.flatMap(([name, kind]) => (kind === 'trend' ? [] : SINGLE[kind](name))),
      ...latencies.flatMap(shownOf),
    ],
    nothing: SMTP_FIGURES.nothing,
  }
}

/** The figures of a metric called `name`. */
const SINGLE: Readonly<Record<Exclude<MetricKind, 'trend'>, (name: string) => readonly Figure<SmtpRun>[]>> = {
  counter: (name) => [
    { ...about(name), unit: 'number', read: (run) => resultOf(run, name, 'counter')?.sum },
    { ...about(name, 'rate'), unit: 'per_second', read: (run) => resultOf(run, name, 'counter')?.per_second },
  ],
  gauge: (name) => [
    { ...about(name), unit: 'number', signed: true, read: (run) => resultOf(run, name, 'gauge')?.value },
    { ...about(name, 'min'), unit: 'number', signed: true, read: (run) => resultOf(run, name, 'gauge')?.min },
    { ...about(name, 'max'), unit: 'number', signed: true, read: (run) => resultOf(run, name, 'gauge')?.max },
  ],
  rate: (name) => [
    { ...about(name), unit: 'share', atMost: 1, read: (run) => resultOf(run, name, 'rate')?.share },
  ],
}

/** Metrics named `…_ms` are in milliseconds; only the author knows the unit of any other. */
export function unitOfTrend(name: string): 'ms' | 'number' {
  return name.endsWith('_ms') ? 'ms' : 'number'
}

function trend(name: string): Latency<SmtpRun> {
  return {
    prefix: name,
    group: CUSTOM_METRICS,
    title: name,
    unit: unitOfTrend(name),
    better: 'neither',
    shown: ['p(95)', 'p(99)'],
    noData: `no hook recorded ${name}`,
    summaries: (run) => [resultOf(run, name, 'trend')?.summary],
    histogram: (run) => resultOf(run, name, 'trend')?.histogram,
  }
}

function about(metric: string, aggregate?: string) {
  return {
    name: aggregate === undefined ? metric : `${metric}.${aggregate}`,
    title: aggregate === undefined ? metric : `${metric} ${aggregate}`,
    group: CUSTOM_METRICS,
    better: 'neither',
    noData: `no hook recorded ${metric}`,
  } as const
}

type ResultOf<Kind extends MetricKind> = Extract<
  NonNullable<SmtpRun['custom_metrics']>[string],
  { readonly kind: Kind }
>

function resultOf<Kind extends MetricKind>(
  { custom_metrics: all }: SmtpRun,
  name: string,
  kind: Kind,
): ResultOf<Kind> | undefined {
  const result = all?.[name]
  return result?.kind === kind ? (result as ResultOf<Kind>) : undefined
}

/** For a known metric with an aggregate that its kind does not have. */
function wrongForm(given: string, kinds: MetricKinds): string | undefined {
  const [name = ''] = given.split('.')
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) return undefined
  const { known } = figuresOf(partsOf({ [name]: kind }))
  return `${name} is a ${kind}: it has ${known.join(', ')}.`
}

const NAME = /^[a-z][a-z0-9_]*$/
/** `connect.p(95)` must keep meaning the phase. */
const TAKEN: ReadonlySet<string> = new Set(SMTP_FIGURES.known.map((name) => name.split('.')[0] ?? name))

/** Rejects unknown kinds and names that thresholds could not tell apart; the error lists all problems. */
export function checkMetricKinds(kinds: MetricKinds): void {
  const problems = Object.entries(kinds).flatMap(([name, kind]) => problemsOf(name, kind))
  if (problems.length === 0) return
  throw new MailstormError(
    'BAD_METRIC',
    ["Failed to read the scenario's own metrics:", ...problems].join('\n  '),
  )
}

function problemsOf(name: string, kind: string): string[] {
  const problems: string[] = []
  if (!NAME.test(name))
    problems.push(
      `"${name}" is not a valid name: it has lower-case letters, digits and _, and begins with a letter.`,
    )
  else if (TAKEN.has(name)) problems.push(`"${name}" is one of mailstorm's own metrics: choose another name.`)
  if (!METRIC_KINDS.some((known) => known === kind))
    problems.push(`"${name}" cannot be a "${kind}": the kinds are ${METRIC_KINDS.join(', ')}.`)
  return problems
}
