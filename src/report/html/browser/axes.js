import { fitted } from './bars.js'
import { formatNines, formatTime, formatValue } from './format.js'
import { colour, cssValue } from './theme.js'

/** @import { Chart } from '../charts/chart.ts' */
/** @import uPlot from 'uplot' */

const FONT = '12px'
/** Steps of seconds that people count in. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400]
/** Of bytes: powers of two, so that ticks are whole KB and MB. */
const BYTE_STEPS = Array.from({ length: 45 }, (_, power) => 2 ** power)
const COUNT_STEPS = Array.from({ length: 13 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat()

function font() {
  return `${FONT} ${cssValue('--font')}`
}

/** @returns {Pick<uPlot.Axis, 'font' | 'stroke' | 'grid' | 'ticks'>} */
function looks() {
  return {
    font: font(),
    stroke: () => colour('dim'),
    grid: { stroke: () => colour('grid'), width: 1 },
    ticks: { show: false },
  }
}

/**
 * @param {Chart} chart
 * @returns {uPlot.Axis}
 */
export function xAxis(chart) {
  const axis = { ...looks(), gap: 8, size: 32, grid: { show: false } }
  if (chart.axis === 'nines')
    return { ...axis, values: (_, splits) => splits.map((x) => (isPowerOfTen(x) ? formatNines(x) : null)) }
  if (chart.axis === 'rate')
    return {
      ...axis,
      splits: (_, __, min, max) => rateSplits(min, max),
      filter: (_, splits) => splits,
      values: (_, splits) => splits.map((rate) => formatValue('per_second', rate)),
    }
  if (chart.axis === 'runs' && chart.bars === true)
    return {
      ...axis,
      splits: () => [...chart.xs],
      values: (plot, splits) => splits.map((x) => fitted(plot, chart.labels?.[x] ?? '')),
    }
  if (chart.axis === 'runs')
    return {
      ...axis,
      show: chart.small !== true,
      incrs: COUNT_STEPS,
      values: (_, splits) => splits.map((x) => chart.labels?.[x] ?? ''),
    }
  return { ...axis, incrs: TIME_STEPS, space: 60, values: (_, splits) => splits.map(formatTime) }
}

/** @param {number} x */
function isPowerOfTen(x) {
  return Math.abs(Math.log10(x) - Math.round(Math.log10(x))) < 1e-9
}

/** Powers of ten, with 2 and 5 between them where there is room. @param {number} min @param {number} max */
export function logSplits(min, max) {
  const from = Math.round(Math.log10(min))
  const to = Math.round(Math.log10(max))
  const steps = to - from <= 2 ? [1, 2, 5] : [1]
  const powers = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index))
  return powers.flatMap((power) => steps.map((step) => step * power)).filter((value) => value <= max * 1.0001)
}

/** Of a logarithmic axis that need not end at powers of ten. @param {number} min @param {number} max */
function rateSplits(min, max) {
  return logSplits(10 ** Math.floor(Math.log10(min)), max).filter((rate) => rate >= min)
}

/**
 * @param {Chart} chart
 * @returns {uPlot.Axis}
 */
export function yAxis(chart) {
  const axis = {
    ...looks(),
    gap: 6,
    size: chart.small === true ? 56 : 64,
    space: chart.small === true ? 24 : 34,
  }
  const write = (/** @type {number | null} */ value) =>
    value === null ? null : formatValue(chart.unit, value)
  if (chart.log === true)
    return {
      ...axis,
      splits: (_, __, min, max) => logSplits(min, max),
      filter: (_, splits) => splits,
      values: (_, splits) => splits.map(write),
    }
  const values = (/** @type {uPlot} */ _, /** @type {number[]} */ splits) => splits.map(write)
  if (chart.unit === 'bytes') return { ...axis, incrs: BYTE_STEPS, values }
  return chart.unit === 'count' ? { ...axis, incrs: COUNT_STEPS, values } : { ...axis, values }
}
