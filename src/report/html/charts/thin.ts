import type { Chart, Series } from './chart.ts'

/** Numbers of all charts of a page: about 1 MB, whatever the length of the run. */
const MOST_VALUES = 120_000
/** Below this a page is small as it is, with every digit. */
const EXACT_VALUES = 20_000
/** Mean, least and most of each span. */
const VALUES_PER_POINT = 3
/** More are not told apart on any screen. */
const MOST_POINTS = 1200
/** Numbers above the charts; a chart with more is a wall of lines. */
const MOST_MARKERS = 200

/**
 * Charts over time, small enough for a page. A run of minutes is drawn second by second. A long one gets
 * spans of equal length: the line is the mean of the seconds of each, and a band goes from the least of
 * them to the most, so that no peak is lost, and a mean over the page is the mean over the run. The
 * chart's note says so. Other charts do not grow with the length of a run.
 */
export function thinCharts(charts: readonly Chart[]): Chart[] {
  const marked = charts.map(withFewMarkers)
  const timed = marked.filter(({ axis }) => axis === 'time')
  const values = timed.reduce((sum, { xs, series }) => sum + xs.length * series.length, 0)
  if (values <= EXACT_VALUES) return marked
  if (values <= MOST_VALUES) return marked.map((chart) => (chart.axis === 'time' ? rounded(chart) : chart))
  const lines = timed.reduce((sum, { series }) => sum + series.length, 0)
  const points = Math.max(2, Math.min(MOST_POINTS, Math.floor(MOST_VALUES / (VALUES_PER_POINT * lines))))
  const last = timed.reduce((most, { xs }) => Math.max(most, xs.at(-1) ?? 0), 0)
  // The same for all charts, so that one place on the page is one span of the run.
  const spanSeconds = roundSpan((last + 1) / points)
  return marked.map((chart) => (chart.axis === 'time' ? thinned(chart, spanSeconds) : chart))
}

const ROUND_SECONDS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600] as const

/** The next longer one that people count by. */
function roundSpan(seconds: number): number {
  return ROUND_SECONDS.find((round) => round >= seconds) ?? 3600 * Math.ceil(seconds / 3600)
}

function spanText(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`
}

function withFewMarkers(chart: Chart): Chart {
  const { markers = [] } = chart
  return markers.length <= MOST_MARKERS ? chart : { ...chart, markers: markers.slice(0, MOST_MARKERS) }
}

function rounded(chart: Chart): Chart {
  return {
    ...chart,
    series: chart.series.map((line) => ({ ...line, values: line.values.map(shortened) })),
  }
}

/** As many digits as are ever shown; the others would be most of the page. */
function shortened(value: number | null): number | null {
  if (value === null) return null
  return Math.abs(value) >= 1000 ? Math.round(value) : Math.round(value * 1000) / 1000
}

function thinned(chart: Chart, spanSeconds: number): Chart {
  const spans = spansOf(chart.xs, spanSeconds)
  const how = `Each point is the mean over ${spanText(spanSeconds)}; the band is from minimum to maximum`
  return {
    ...chart,
    note: chart.note === undefined ? how : `${chart.note}. ${how}`,
    xs: spans.map(({ x }) => x),
    series: chart.series.map((line) => condensed(line, spans)),
  }
}

interface Span {
  /** Its middle. */
  readonly x: number
  /** Of the values, the end not included. */
  readonly from: number
  readonly to: number
}

/** Spans without a value are left out: what was not measured is a gap, not a row of nothing. */
function spansOf(xs: readonly number[], spanSeconds: number): Span[] {
  const spans: Span[] = []
  let from = 0
  for (let to = 1; to <= xs.length; to++) {
    const number = Math.floor((xs[from] ?? 0) / spanSeconds)
    if (to < xs.length && Math.floor((xs[to] ?? 0) / spanSeconds) === number) continue
    spans.push({ x: number * spanSeconds + Math.floor(spanSeconds / 2), from, to })
    from = to
  }
  return spans
}

function condensed({ values, ...line }: Series, spans: readonly Span[]): Series {
  const all = spans.map(({ from, to }) => summaryOf(values, from, to))
  return {
    ...line,
    values: all.map(({ mean }) => shortened(mean)),
    low: all.map(({ least }) => shortened(least)),
    high: all.map(({ most }) => shortened(most)),
  }
}

function summaryOf(values: readonly (number | null)[], from: number, to: number) {
  let count = 0
  let sum = 0
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let at = from; at < to; at++) {
    const value = values[at]
    if (value === null || value === undefined) continue
    count++
    sum += value
    least = Math.min(least, value)
    most = Math.max(most, value)
  }
  return count === 0 ? { mean: null, least: null, most: null } : { mean: sum / count, least, most }
}

/** Of fewer seconds a line is a stroke between two points, and looks as if something were missing. */
const FEWEST_SECONDS_FOR_LINES = 4

/** Over so few seconds there is a bar to each of them. */
export function isShort({ timeline }: { readonly timeline: readonly unknown[] }): boolean {
  return timeline.length < FEWEST_SECONDS_FOR_LINES
}

export function withBars(charts: readonly Chart[]): Chart[] {
  return charts.map((chart) => (chart.axis === 'time' ? { ...chart, bars: true, log: false } : chart))
}

/**
 * How the charts over time are to be read. The last row of a timeline is rarely a whole second, and its
 * counts are lower for that.
 */
export function timeNote(timeline: readonly unknown[], durationSeconds: number): string {
  const part = durationSeconds - (timeline.length - 1)
  const isPart = timeline.length > 0 && part > 0 && part < 0.95
  if (!isShort({ timeline }))
    return `All charts share one axis, in seconds since the start.${isPart ? ` The last point covers ${part.toFixed(2)} s.` : ''}`
  return `The run was too short for lines: one bar per second.${isPart ? ` The ${timeline.length === 1 ? 'only' : 'last'} one covers ${part.toFixed(2)} s.` : ''}`
}
