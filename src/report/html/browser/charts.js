import { dataOf, drawFigure } from './figure.js'
import { timeSpan } from './options.js'

/** @import { Chart } from '../charts/chart.ts' */
/** @import { Figure } from './figure.js' */

/** All charts of the page by their ids. @type {Map<string, Figure>} */
export const figures = new Map()

/** Draws charts into their places; what stands there already gets the new data. @param {readonly Chart[]} charts */
export function showCharts(charts) {
  stretchTime(charts)
  for (const chart of charts) {
    const figure = figures.get(chart.id)
    if (figure !== undefined) {
      figure.chart = Object.assign(figure.chart, chart)
      figure.plot.setData(dataOf(chart))
      continue
    }
    const place = document.querySelector(`[data-place="${CSS.escape(chart.place)}"]`)
    if (place !== null) figures.set(chart.id, drawFigure(chart, place))
  }
}

/** @param {readonly Chart[]} charts */
function stretchTime(charts) {
  for (const { axis, xs, markers } of charts) {
    if (axis !== 'time') continue
    const last = (markers ?? []).reduce((most, { at }) => Math.max(most, at), xs.at(-1) ?? 0)
    if (last > timeSpan.last) timeSpan.last = last
  }
}

export function redrawCharts() {
  for (const { plot } of figures.values()) plot.redraw(false, true)
}

/** Takes all charts off the page, for those of another run. */
export function clearCharts() {
  for (const { plot, element } of figures.values()) {
    plot.destroy()
    element.remove()
  }
  figures.clear()
  timeSpan.last = 0
}

export function followWidth() {
  const observer = new ResizeObserver(() => {
    for (const figure of figures.values()) figure.resize()
  })
  observer.observe(document.body)
}
