/** @import { Chart } from '../charts/chart.ts' */

/** Of the room between one place on the axis and the next, how much its bars take. */
const GROUP_SHARE = 0.7
const WIDEST_BAR = 56

/**
 * Bars of a series: those of several series stand beside each other at each place.
 * @param {Chart} chart
 * @param {number} index Of the series, from 0.
 * @returns {Pick<import('uplot').Series, 'paths' | 'width' | 'fillTo' | 'points'>}
 */
export function barSeries({ series }, index) {
  const barWidth = (/** @type {import('uplot')} */ plot) => {
    const { min = 0, max = 1 } = plot.scales.x ?? {}
    const onePlace = plot.bbox.width / devicePixelRatio / ((max ?? 1) - (min ?? 0))
    return Math.min(GROUP_SHARE / series.length, WIDEST_BAR / onePlace)
  }
  const unit = /** @type {import('uplot').Series.BarsPathBuilderFacetUnit} */ (1)
  return {
    width: 0,
    fillTo: 0,
    points: { show: false },
    paths: /** @type {import('uplot').Series.BarsPathBuilderFactory} */ (uPlot.paths.bars)({
      gap: series.length > 1 ? 2 : 0,
      radius: 0.06,
      disp: {
        x0: {
          unit,
          values: (plot) => {
            const left = (index - series.length / 2) * barWidth(plot)
            return [...plot.data[0]].map((x) => x + left)
          },
        },
        size: { unit, values: (plot) => [barWidth(plot)] },
      },
    }),
  }
}

/**
 * A name within the room that one place has; the whole of it stands in the table.
 * @param {import('uplot')} plot
 * @param {string} name
 */
export function fitted({ ctx, bbox, data }, name) {
  const room = bbox.width / data[0].length - 4 * devicePixelRatio
  if (ctx.measureText(name).width <= room) return name
  let text = name
  while (text.length > 1 && ctx.measureText(`${text}…`).width > room) text = text.slice(0, -1)
  return `${text.trimEnd()}…`
}
