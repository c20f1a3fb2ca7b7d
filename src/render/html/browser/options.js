import { xAxis, yAxis } from './axes.js'
import { cssValue } from './theme.js'

/** @import { Chart, Series } from '../chart.ts' */
/** @import uPlot from 'uplot' */

const HEIGHT = 220
const SMALL_HEIGHT = 96
/** With fewer points than this each is marked: a line needs two. */
const FEW_POINTS = 30

/**
 * The last moment of all charts over time, so that one place on the page is one moment of the run.
 * @type {{ last: number }}
 */
export const timeSpan = { last: 1 }

/**
 * @param {Chart} chart
 * @param {number} width
 * @returns {uPlot.Options}
 */
export function plotOptions(chart, width) {
  return {
    width,
    height: chart.small === true ? SMALL_HEIGHT : HEIGHT,
    padding: chart.small === true ? [8, 8, 10, 0] : [14, 12, 0, 0],
    legend: { show: false },
    scales: { x: xScale(chart), y: yScale(chart) },
    axes: [xAxis(chart), yAxis(chart)],
    series: [{}, ...chart.series.map((series) => line(series, chart))],
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: false, y: false },
      ...(chart.axis === 'time' ? { sync: { key: 'time', scales: ['x', null] } } : {}),
    },
    hooks: { draw: [(plot) => drawMarkers(plot, chart)] },
  }
}

/** @param {Chart} chart @returns {uPlot.Scale} */
function xScale(chart) {
  if (chart.axis === 'time') return { time: false, range: () => [0, timeSpan.last] }
  const last = Math.max(chart.xs.at(-1) ?? 1, chart.axis === 'nines' ? 10 : 1)
  return chart.axis === 'nines'
    ? { time: false, distr: 3, log: 10, range: [1, last] }
    : { time: false, range: () => [0, Math.max(1, chart.xs.length - 1)] }
}

/** From zero, as amounts are; a share's axis ends at its most. @param {Chart} chart @returns {uPlot.Scale} */
function yScale(chart) {
  if (chart.log === true) return { distr: 3, log: 10, range: (_, min, max) => decades(min, max) }
  if (chart.unit === 'share')
    return { range: (_, min) => [Math.min(0.9, Math.floor((min ?? 0) * 10) / 10), 1] }
  return { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] }
}

/** Whole powers of ten, so that there is a line with a label at each end. @param {number} min @param {number} max @returns {[number, number]} */
function decades(min, max) {
  if (!(max > 0)) return [0.1, 1]
  const low = Math.floor(Math.log10(Math.max(min, 0.001)))
  const high = Math.ceil(Math.log10(max) + 1e-9)
  return [10 ** low, 10 ** Math.max(high, low + 1)]
}

/** @param {Series} series @param {Chart} chart @returns {uPlot.Series} */
function line({ label, tone, dashed, filled }, chart) {
  const stroke = () => cssValue(`--${tone}`)
  return {
    label,
    stroke,
    width: dashed === true ? 1.5 : 2,
    // Runs have no time between them that could be empty.
    spanGaps: chart.axis === 'runs',
    points: {
      show: chart.axis !== 'nines' && chart.xs.length < FEW_POINTS && dashed !== true,
      size: 5,
      fill: stroke,
    },
    ...(dashed === true ? { dash: [5, 4] } : {}),
    ...(filled === true ? { fill: () => `${cssValue(`--${tone}`)}1f` } : {}),
  }
}

/**
 * What happened, as vertical lines under numbers; what the numbers mean stands above the charts.
 * @param {uPlot} plot
 * @param {Chart} chart
 */
function drawMarkers(plot, chart) {
  const { ctx, bbox } = plot
  const ratio = devicePixelRatio
  ctx.save()
  ctx.font = `600 ${10 * ratio}px ${cssValue('--font')}`
  ctx.textAlign = 'center'
  ctx.textBaseline = 'alphabetic'
  chart.markers?.forEach(({ at }, index) => {
    const x = Math.round(plot.valToPos(at, 'x', true))
    ctx.fillStyle = cssValue('--warn')
    ctx.fillRect(x - ratio / 2, bbox.top, ratio, bbox.height)
    ctx.fillRect(x - 7 * ratio, bbox.top - 12 * ratio, 14 * ratio, 13 * ratio)
    ctx.fillStyle = cssValue('--page')
    ctx.fillText(String(index + 1), x, bbox.top - 2 * ratio)
  })
  ctx.restore()
}
