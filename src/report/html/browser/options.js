import { xAxis, yAxis } from './axes.js'
import { barSeries } from './bars.js'
import { colour, cssValue } from './theme.js'

/** @import { Chart, Series } from '../charts/chart.ts' */
/** @import uPlot from 'uplot' */

const HEIGHT = 220
const SMALL_HEIGHT = 96
/** Room for the right half of the last tick's text, as `99.99 %` or `100.0/s`, which stands below the edge. */
const LAST_TICK = 30
/** With fewer points than this each is marked: a line needs two. */
const FEW_POINTS = 30

/**
 * The last moment of all charts over time, so that one place on the page is one moment of the run.
 * @type {{ last: number }}
 */
export const timeSpan = { last: 0 }

/**
 * @param {Chart} chart
 * @param {number} width
 * @returns {uPlot.Options}
 */
export function plotOptions(chart, width) {
  return {
    width,
    height: chart.small === true ? SMALL_HEIGHT : HEIGHT,
    padding: chart.small === true ? [8, 8, 10, 0] : [14, LAST_TICK, 0, 0],
    legend: { show: false },
    scales: { x: xScale(chart), y: yScale(chart) },
    axes: [xAxis(chart), yAxis(chart)],
    series: [
      {},
      ...chart.series.map((series, index) => seriesOf(chart, series, index)),
      ...bandsOf(chart).flatMap(({ tone }) => [edge(tone), edge(tone)]),
    ],
    bands: bandsOf(chart).map(({ place, tone }) => ({
      series: [place, place + 1],
      fill: () => colour(tone, 0.13),
    })),
    cursor: {
      y: false,
      points: { size: 7 },
      drag: { x: false, y: false },
      ...(chart.axis === 'time' ? { sync: { key: 'time', scales: ['x', null] } } : {}),
    },
    hooks: { draw: [(plot) => drawMarkers(plot, chart), (plot) => tellNothing(plot, chart)] },
  }
}

/**
 * The upper or the lower edge of a band: thin, and seen, since one bad second in a week is nothing but edge.
 * @param {Series['tone']} tone
 * @returns {uPlot.Series}
 */
function edge(tone) {
  return { stroke: () => colour(tone, 0.5), width: 0.75, points: { show: false } }
}

/**
 * Bands from the least to the most, of the lines that have them; their edges stand behind all lines.
 * @param {Chart} chart
 */
export function bandsOf({ series }) {
  const banded = series.flatMap(({ low, high, tone }, of) =>
    low === undefined || high === undefined ? [] : [{ of, low, high, tone }],
  )
  return banded.map((band, index) => ({ ...band, place: 1 + series.length + 2 * index }))
}

/** @param {Chart} chart @returns {uPlot.Scale} */
function xScale(chart) {
  if (chart.axis === 'time' && chart.bars === true)
    return { time: false, range: () => [-0.5, timeSpan.last + 0.5] }
  if (chart.axis === 'time') return { time: false, range: () => [0, Math.max(1, timeSpan.last)] }
  if (chart.axis === 'rate')
    return { time: false, distr: 3, log: 10, range: (_, min, max) => [min / 1.25, max * 1.25] }
  const last = Math.max(chart.xs.at(-1) ?? 1, chart.axis === 'nines' ? 10 : 1)
  return chart.axis === 'nines'
    ? { time: false, distr: 3, log: 10, range: [1, last] }
    : { time: false, range: () => runsRange(chart) }
}

/** Half a place more on both sides where points or bars stand at the edges. @param {Chart} chart @returns {[number, number]} */
function runsRange(chart) {
  const last = chart.xs.length - 1
  return hasDots(chart) || chart.bars === true ? [-0.5, last + 0.5] : [0, Math.max(1, last)]
}

/** From zero, as amounts are; a share's axis ends at its most. @param {Chart} chart @returns {uPlot.Scale} */
function yScale(chart) {
  if (chart.log === true) return { distr: 3, log: 10, range: (_, min, max) => decades(min, max) }
  if (chart.bars === true)
    return { range: (_, min, max) => [Math.min(0, min * 1.08), Math.max(max, 0) * 1.08 || 1] }
  if (chart.unit === 'share')
    return {
      range: (_, min) => [Math.min(0.9, Math.floor((min ?? 0) * 10) / 10), hasDots(chart) ? 1.005 : 1],
    }
  return { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] }
}

/** Bars of no height are not seen. @param {uPlot} plot @param {Chart} chart */
function tellNothing({ ctx, bbox }, { bars, series }) {
  if (bars !== true || series.some(({ values }) => values.some((value) => value !== 0))) return
  ctx.save()
  ctx.font = `${12 * devicePixelRatio}px ${cssValue('--font')}`
  ctx.textAlign = 'center'
  ctx.fillStyle = colour('dim')
  ctx.fillText('all 0', bbox.left + bbox.width / 2, bbox.top + bbox.height / 2)
  ctx.restore()
}

/** Points at the edge would be cut in half. @param {Chart} chart */
function hasDots({ series }) {
  return series.some(({ dots }) => dots === true)
}

/** Whole powers of ten, so that there is a line with a label at each end. @param {number} min @param {number} max @returns {[number, number]} */
function decades(min, max) {
  if (!(max > 0)) return [0.1, 1]
  const low = Math.floor(Math.log10(Math.max(min, 0.001)))
  const high = Math.ceil(Math.log10(max) + 1e-9)
  return [10 ** low, 10 ** Math.max(high, low + 1)]
}

/** @param {Chart} chart @param {Series} series @param {number} index @returns {uPlot.Series} */
function seriesOf(chart, series, index) {
  const drawn = line(series, chart)
  if (chart.bars === true) return { ...drawn, ...barSeries(chart, index), fill: () => colour(series.tone) }
  if (series.dots !== true) return drawn
  return { ...drawn, paths: () => null, points: { ...drawn.points, show: true, size: 9 } }
}

/** @param {Series} series @param {Chart} chart @returns {uPlot.Series} */
function line({ label, tone, dashed, filled }, chart) {
  const stroke = () => colour(tone)
  return {
    label,
    stroke,
    width: dashed === true ? 1.5 : 2,
    // Runs have no time between them that could be empty.
    spanGaps: chart.axis === 'runs' || chart.axis === 'rate',
    points: {
      show: chart.axis !== 'nines' && chart.xs.length < FEW_POINTS && dashed !== true,
      size: 5,
      fill: stroke,
    },
    ...(dashed === true ? { dash: [5, 4] } : {}),
    ...(filled === true ? { fill: () => colour(tone, 0.12) } : {}),
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
    ctx.fillStyle = colour('warn')
    ctx.fillRect(x - ratio / 2, bbox.top, ratio, bbox.height)
    ctx.fillRect(x - 7 * ratio, bbox.top - 12 * ratio, 14 * ratio, 13 * ratio)
    ctx.fillStyle = colour('page')
    ctx.fillText(String(index + 1), x, bbox.top - 2 * ratio)
  })
  ctx.restore()
}
