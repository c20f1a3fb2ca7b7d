import type { Chart } from './chart.ts'

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
  const length = `${part.toFixed(2)} s long.`
  if (!isShort({ timeline }))
    return `All charts share one axis, in seconds since the start.${isPart ? ` The last second was ${length}` : ''}`
  return `The run was too short for curves: there is a bar to each second.${isPart ? ` The ${timeline.length === 1 ? 'only' : 'last'} one was ${length}` : ''}`
}
