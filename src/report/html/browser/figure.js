import { dataTable, formatPoint, formatX } from './data-table.js'
import { moveByKeys } from './keyboard.js'
import { bandsOf, plotOptions } from './options.js'

/** @import { Chart } from '../charts/chart.ts' */

/**
 * A chart with its title, its legend and its table.
 * @typedef {object} Figure
 * @property {Chart} chart
 * @property {import('uplot')} plot
 * @property {HTMLElement} element
 * @property {() => void} resize
 */

/**
 * @param {Chart} chart
 * @param {Element} place
 * @returns {Figure}
 */
export function drawFigure(chart, place) {
  const element = document.createElement('figure')
  element.id = `chart-${chart.id}`
  element.className = chart.small === true ? 'small' : ''
  const caption = document.createElement('figcaption')
  caption.append(textElement('h3', chart.title))
  if (chart.note !== undefined) caption.append(textElement('p', chart.note))
  const frame = document.createElement('div')
  frame.className = 'plot'
  frame.tabIndex = 0
  frame.setAttribute('role', 'img')
  frame.setAttribute('aria-label', description(chart))
  element.append(caption, frame)
  place.append(element)
  const plot = new uPlot(plotOptions(chart, frame.clientWidth), dataOf(chart), frame)
  if (chart.small !== true) frame.before(legend(chart, plot))
  element.append(dataTable(chart))
  moveByKeys(frame, plot)
  return {
    chart,
    plot,
    element,
    resize: () => plot.setSize({ width: frame.clientWidth, height: plot.height }),
  }
}

/** @param {Chart} chart @returns {import('uplot').AlignedData} */
export function dataOf(chart) {
  const values = chart.series.map((line) => [...line.values])
  const bands = bandsOf(chart).flatMap(({ high, low }) => [[...high], [...low]])
  return [[...chart.xs], ...values, ...bands]
}

/** @param {string} name @param {string} text */
function textElement(name, text) {
  const element = document.createElement(name)
  element.textContent = text
  return element
}

/** @param {Chart} chart */
function description({ title, note, series, bars }) {
  const lines = series.map(({ label }) => label).join(', ')
  return `${title}, ${bars === true ? 'bar' : 'line'} chart of ${lines}. ${note ?? ''}. Arrow keys read values; the table below has them all.`
}

/**
 * The lines' names; a click hides one, the cursor shows its value.
 * @param {Chart} chart
 * @param {import('uplot')} plot
 */
function legend(chart, plot) {
  const list = document.createElement('ul')
  list.className = 'legend'
  const where = textElement('li', '')
  where.className = 'where'
  const values = chart.series.map(({ label, tone, dashed, dots }, index) => {
    const item = document.createElement('li')
    const button = document.createElement('button')
    button.type = 'button'
    button.setAttribute('aria-pressed', 'true')
    const swatch = document.createElement('i')
    swatch.style.setProperty('--tone', `var(--${tone})`)
    swatch.className = dashed === true ? 'dashed' : chart.bars === true || dots === true ? 'solid' : ''
    const value = document.createElement('b')
    button.append(swatch, label, value)
    button.addEventListener('click', () => {
      const show = button.getAttribute('aria-pressed') !== 'true'
      button.setAttribute('aria-pressed', String(show))
      plot.setSeries(index + 1, { show })
      for (const { of, place } of bandsOf(chart)) {
        if (of !== index) continue
        plot.setSeries(place, { show })
        plot.setSeries(place + 1, { show })
      }
    })
    item.append(button)
    list.append(item)
    return value
  })
  list.append(where)
  const read = () => {
    const { idx } = plot.cursor
    where.textContent = idx === null || idx === undefined ? '' : formatX(chart, idx)
    values.forEach((value, index) => {
      value.textContent = idx === null || idx === undefined ? '' : formatPoint(chart, index, idx)
    })
  }
  plot.hooks.setCursor = [...(plot.hooks.setCursor ?? []), read]
  return list
}
