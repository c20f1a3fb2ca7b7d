import type { Unit } from '../../../engine/result.ts'

/** How values are written on an axis, in a legend and in the table below a chart. */
export type ChartUnit = Unit | 'per_minute'

/** Colours have names; the style sheet says what they are, light and dark. */
export type Tone = 'accent' | 'muted' | 'good' | 'bad' | 'warn' | `ramp-${1 | 2 | 3 | 4}` | `line-${number}`

export interface Series {
  readonly label: string
  /** One to each x; null where nothing was measured. */
  readonly values: readonly (number | null)[]
  /** Of what each value stands for, where that is several (thin.ts): drawn as a band. Both or neither. */
  readonly low?: readonly (number | null)[]
  readonly high?: readonly (number | null)[]
  readonly tone: Tone
  readonly dashed?: boolean
  /** The area below is tinted. */
  readonly filled?: boolean
  /** Points without a line between them: tries that have no order. */
  readonly dots?: boolean
}

/** Something that happened at a moment of the run: a vertical line. */
export interface Marker {
  readonly at: number
  readonly what: string
}

/**
 * Kinds of horizontal axis: `time` in seconds since the start, shared by all charts that have it;
 * `nines` as 1 / (1 − q) on a logarithmic axis, so that 90 %, 99 % and 99.9 % are equally far apart;
 * `runs` by number, with their labels; `rate` in messages a second, logarithmic.
 */
export type Axis = 'time' | 'nines' | 'runs' | 'rate'

/** All that is needed to draw one chart, and nothing of how. Plain data. */
export interface Chart {
  readonly id: string
  /** The place on the page that it belongs to. */
  readonly place: string
  readonly title: string
  /** One sentence below the title. */
  readonly note?: string
  readonly axis: Axis
  /** What the horizontal axis has, as the head of the data table; by default as the axis says. */
  readonly xTitle?: string
  readonly xs: readonly number[]
  /** Of runs. */
  readonly labels?: readonly string[]
  readonly unit: ChartUnit
  /** Logarithmic vertical axis. */
  readonly log?: boolean
  /** Bars in place of lines, on axes of whole numbers: amounts of a few things, or of a few seconds. */
  readonly bars?: boolean
  /** A small one, without legend. */
  readonly small?: boolean
  readonly series: readonly Series[]
  readonly markers?: readonly Marker[]
}

const LINE_TONES = 8

/** Tones of equals, as servers and accounts are; they repeat when there are many. */
export function lineTone(index: number): Tone {
  return `line-${index % LINE_TONES}`
}

/** A logarithmic axis where a linear one would press most of the values into its bottom line. */
export function needsLog(series: readonly Series[]): boolean {
  let most = 0
  let least = Number.POSITIVE_INFINITY
  for (const { values } of series) {
    for (const value of values) {
      if (value === null || value <= 0) continue
      most = Math.max(most, value)
      least = Math.min(least, value)
    }
  }
  return most / least > LOG_FROM_RATIO
}

const LOG_FROM_RATIO = 40
