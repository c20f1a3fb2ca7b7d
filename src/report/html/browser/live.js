import { clearCharts, figures, showCharts } from './charts.js'

/** @import { Chart } from '../charts/chart.ts' */
/** @import { ChartPatch, Finished, Update } from '../../../run/live/hub.ts' */
/** @import { Snapshot } from '../live.ts' */

/** @param {string} id */
function byId(id) {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`this page has no #${id}`)
  return element
}

/** Shows what a run tells while it goes on. @param {string} address */
export function followLive(address) {
  const source = new EventSource(address)
  const state = byId('live-state')
  let shown = ''
  /** @template T @param {string} name @param {(data: T) => void} take */
  const on = (name, take) => source.addEventListener(name, (event) => take(JSON.parse(event.data)))
  source.onopen = () => {
    state.textContent = ''
    byId('live-finished').replaceChildren()
  }
  source.onerror = () => {
    state.textContent = 'The run does not answer any more; this page keeps what it has and tries again.'
  }
  on('run', (/** @type {Snapshot} */ { run_id, charts, ...words }) => {
    if (run_id !== shown) clearCharts()
    shown = run_id
    showWords(words)
    showCharts(charts)
  })
  on('update', (/** @type {Update} */ { patches, ...words }) => {
    showWords(words)
    showCharts(patches.flatMap(patched))
  })
  on('finished', (/** @type {Finished} */ result) => {
    byId('live-finished').append(finishedItem(result))
    if (result.run_id !== shown) return
    showWords(result)
    clearCharts()
    showCharts(result.charts)
  })
  on('end', () => {
    source.close()
    state.textContent =
      'All runs have ended. Their reports are in the results folder; these links work as long as this page is open.'
  })
}

/** @param {{ head: string, cards: string }} words Escaped where they were made. */
function showWords({ head, cards }) {
  byId('live-head').innerHTML = head
  byId('live-cards').innerHTML = cards
}

/** @param {ChartPatch} patch @returns {Chart[]} */
function patched({ id, from, xs, values }) {
  const chart = figures.get(id)?.chart
  if (chart === undefined) return []
  const series = chart.series.map((line, index) => ({
    ...line,
    values: [...line.values.slice(0, from), ...(values[index] ?? [])],
  }))
  return [{ ...chart, xs: [...chart.xs.slice(0, from), ...xs], series }]
}

/** @param {string} verdict */
function chip(verdict) {
  const element = document.createElement('span')
  element.className = `chip ${verdict.toLowerCase()}`
  element.textContent = verdict.charAt(0) + verdict.slice(1).toLowerCase()
  return element
}

/** @param {Finished} result */
function finishedItem({ name, verdict, report }) {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([report], { type: 'text/html' }))
  link.target = '_blank'
  link.textContent = `Report of ${name}`
  item.append(chip(verdict), ' ', link)
  return item
}
