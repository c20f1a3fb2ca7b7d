/** Rows of a long table by what is typed: all words must occur. */
export function followFilter() {
  const input = /** @type {HTMLInputElement | null} */ (document.querySelector('input[data-filter]'))
  if (input === null) return
  const rows = [...document.querySelectorAll(`#${CSS.escape(input.dataset.filter ?? '')} tbody tr`)]
  const texts = rows.map((row) => (row.textContent ?? '').toLowerCase())
  const status = document.querySelector('[data-filter-status]')
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    let shown = 0
    rows.forEach((row, index) => {
      const matches = words.every((word) => texts[index]?.includes(word))
      row.toggleAttribute('hidden', !matches)
      if (matches) shown++
    })
    if (status !== null) status.textContent = words.length === 0 ? '' : `${shown} of ${rows.length}`
  })
}
