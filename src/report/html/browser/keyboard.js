const STEPS = new Map([
  ['ArrowLeft', -1],
  ['ArrowRight', 1],
  ['PageUp', -10],
  ['PageDown', 10],
])

/**
 * Moves the cursor of a chart by keys, from value to value, and of all that share its axis.
 * @param {HTMLElement} element
 * @param {import('uplot')} plot
 */
export function moveByKeys(element, plot) {
  element.addEventListener('keydown', (event) => {
    const last = plot.data[0].length - 1
    const from = plot.cursor.idx ?? (event.key === 'ArrowLeft' ? last + 1 : -1)
    const to =
      event.key === 'Home' ? 0 : event.key === 'End' ? last : from + (STEPS.get(event.key) ?? Number.NaN)
    if (Number.isNaN(to)) return
    event.preventDefault()
    const x = plot.data[0][Math.min(last, Math.max(0, to))] ?? 0
    const key = plot.cursor.sync?.key
    const together = key === undefined ? [plot] : uPlot.sync(key).plots
    for (const one of together) one.setCursor({ left: one.valToPos(x, 'x'), top: 10 })
  })
}
