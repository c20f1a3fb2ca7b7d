/**
 * What is long, by what is typed: all words must occur. Rows of tables by themselves; what has a `data-group`, rows or
 * not, as that group, which is counted once.
 */
export function followFilter() {
  const input = /** @type {HTMLInputElement | null} */ (document.querySelector('input[data-filter]'))
  if (input === null) return
  const place = `#${CSS.escape(input.dataset.filter ?? '')}`
  const grouped = [
    .../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`${place} [data-group]`)),
  ]
  const groups =
    grouped.length > 0
      ? [...Map.groupBy(grouped, ({ dataset }) => dataset.group).values()]
      : [...document.querySelectorAll(`${place} tbody tr`)].map((row) => [row])
  const texts = groups.map((parts) =>
    parts
      .map((part) => part.textContent ?? '')
      .join(' ')
      .toLowerCase(),
  )
  const status = document.querySelector('[data-filter-status]')
  input.addEventListener('input', () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    let shown = 0
    groups.forEach((parts, index) => {
      const matches = words.every((word) => texts[index]?.includes(word))
      for (const part of parts) part.toggleAttribute('hidden', !matches)
      if (matches) shown++
    })
    if (status !== null) status.textContent = words.length === 0 ? '' : `${shown} of ${groups.length}`
  })
}
