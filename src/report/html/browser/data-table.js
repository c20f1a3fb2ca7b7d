import { formatNines, formatTime, formatValue } from './format.js'

/** @import { Chart } from '../charts/chart.ts' */

/**
 * How a place on the horizontal axis is written.
 * @param {Chart} chart
 * @param {number} index
 */
export function formatX(chart, index) {
  const x = chart.xs[index] ?? 0
  if (chart.axis === 'nines') return formatNines(x)
  if (chart.axis === 'runs') return chart.labels?.[index] ?? String(x)
  if (chart.axis === 'rate') return formatValue('per_second', x)
  return formatTime(x)
}

/**
 * A value; of one that stands for several seconds their least and most too.
 * @param {Chart} chart
 * @param {number} line
 * @param {number} index
 */
export function formatPoint({ unit, series }, line, index) {
  const { values = [], low, high } = series[line] ?? {}
  const value = formatValue(unit, values[index])
  if (low?.[index] === high?.[index]) return value
  return `${value} (${formatValue(unit, low?.[index])} – ${formatValue(unit, high?.[index])})`
}

const HEADS = { time: 'Time', nines: 'Percentile', runs: 'Run', rate: 'Rate' }

/**
 * The values of a chart as a table, for those who do not see it, or want to copy it. It is made when it
 * is opened: a long run has thousands of rows.
 * @param {Chart} chart
 */
export function dataTable(chart) {
  const details = document.createElement('details')
  const summary = document.createElement('summary')
  summary.textContent = 'Data'
  const name = document.createElement('span')
  name.className = 'unseen'
  name.textContent = ` of ${chart.title}`
  summary.append(name)
  details.append(summary)
  details.addEventListener('toggle', () => {
    details.querySelector('.scroll')?.remove()
    if (details.open) details.append(tableOf(chart))
  })
  return details
}

/** @param {Chart} chart */
function tableOf(chart) {
  const scroll = document.createElement('div')
  scroll.className = 'scroll tall'
  scroll.tabIndex = 0
  const table = document.createElement('table')
  const head = table.createTHead().insertRow()
  for (const title of [chart.xTitle ?? HEADS[chart.axis], ...chart.series.map(({ label }) => label)]) {
    const cell = document.createElement('th')
    cell.scope = 'col'
    cell.className = 'r'
    cell.textContent = title
    head.append(cell)
  }
  const body = table.createTBody()
  chart.xs.forEach((_, index) => {
    const row = body.insertRow()
    const first = document.createElement('th')
    first.scope = 'row'
    first.className = 'r'
    first.textContent = formatX(chart, index)
    row.append(first)
    for (const line of chart.series.keys()) {
      const cell = row.insertCell()
      cell.className = 'r'
      cell.textContent = formatPoint(chart, line, index)
    }
  })
  scroll.append(table)
  return scroll
}
