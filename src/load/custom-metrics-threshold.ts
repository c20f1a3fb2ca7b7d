import type { MetricKind, MetricKinds } from './custom-metrics.ts'
import type { CustomMetricResult } from './custom-metrics-result.ts'
import { quantileMs } from './histogram.ts'
import type { Measured, Metric } from './threshold-metric.ts'

/** How a threshold names a custom metric of each kind, `x` being its name. */
const FORMS: Readonly<Record<MetricKind, readonly string[]>> = {
  counter: ['x', 'x.rate'],
  gauge: ['x', 'x.min', 'x.max'],
  rate: ['x'],
  trend: ['x.p(N)', 'x.avg', 'x.min', 'x.max', 'x.med'],
}

/** All that a threshold can name of these metrics, `p(N)` standing for any percentile. */
export function customNames(kinds: MetricKinds): string[] {
  return Object.entries(kinds).flatMap(([name, kind]) => formsOf(name, kind))
}

function formsOf(name: string, kind: MetricKind): string[] {
  return FORMS[kind].map((form) => form.replace('x', name))
}

/** The figure of a custom metric; a string says why there is none; undefined when it is not a custom one. */
export function customMetricNamed(given: string, kinds: MetricKinds): Metric | string | undefined {
  const [, name = '', aggregate] = /^([a-z][a-z0-9_]*)(?:\.(.+))?$/.exec(given) ?? []
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind === undefined) return undefined
  const figure = figureOf(name, kind, aggregate)
  if (typeof figure === 'string') return figure
  if (figure === undefined) return `${name} is a ${kind}: it has ${formsOf(name, kind).join(', ')}.`
  const { pick, ...metric } = figure
  return { name: given, ...metric, read: (run) => readingOf(run, name, pick) }
}

type Figure = Omit<Metric, 'name' | 'read'> & { pick(result: CustomMetricResult): number | null | undefined }

function figureOf(
  name: string,
  kind: MetricKind,
  aggregate: string | undefined,
): Figure | string | undefined {
  switch (kind) {
    case 'counter':
      return counterFigure(aggregate)
    case 'gauge':
      return gaugeFigure(aggregate)
    case 'rate':
      if (aggregate !== undefined) return undefined
      return { unit: 'share', atMost: 1, pick: (result) => (result.kind === 'rate' ? result.share : null) }
    case 'trend':
      return trendFigure(name, aggregate)
    default:
      return kind satisfies never
  }
}

function counterFigure(aggregate: string | undefined): Figure | undefined {
  if (aggregate === undefined)
    return { unit: 'number', pick: (result) => (result.kind === 'counter' ? result.sum : null) }
  if (aggregate !== 'rate') return undefined
  return { unit: 'per_second', pick: (result) => (result.kind === 'counter' ? result.per_second : null) }
}

function gaugeFigure(aggregate = 'value'): Figure | undefined {
  if (aggregate !== 'value' && aggregate !== 'min' && aggregate !== 'max') return undefined
  return {
    unit: 'number',
    signed: true,
    pick: (result) => (result.kind === 'gauge' ? result[aggregate] : null),
  }
}

const SUMMARY_FIELDS = { avg: 'avg', min: 'min', max: 'max', med: 'p50' } as const

/** What is called `…_ms` is shown in milliseconds; of anything else the unit is not known. */
function trendFigure(name: string, aggregate = ''): Figure | string | undefined {
  const unit = name.endsWith('_ms') ? 'ms' : 'number'
  if (Object.hasOwn(SUMMARY_FIELDS, aggregate)) {
    const field = SUMMARY_FIELDS[aggregate as keyof typeof SUMMARY_FIELDS]
    return { unit, pick: (result) => (result.kind === 'trend' ? result.summary[field] : null) }
  }
  const digits = /^p\((\d+(?:\.\d+)?)\)$/.exec(aggregate)?.[1]
  if (digits === undefined) return undefined
  const share = Number(digits) / 100
  if (share > 1) return `a percentile is between 0 and 100, not ${digits}.`
  return { unit, pick: (result) => (result.kind === 'trend' ? quantileMs(result.histogram, share) : null) }
}

function readingOf(run: Measured, name: string, pick: Figure['pick']): ReturnType<Metric['read']> {
  const result = run.custom_metrics?.[name]
  const value = result === undefined ? null : pick(result)
  if (value === null || value === undefined || Number.isNaN(value))
    return { noData: `no hook recorded ${name}` }
  return { value }
}
