const CHOICES = /** @type {const} */ (['system', 'light', 'dark'])
const KEY = 'mailstorm-theme'
const SIGNS = { system: '◐', light: '○', dark: '●' }

/** The value of a CSS variable, as `--accent`. @param {string} name */
export function cssValue(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Whoever has been opened from a file may have no storage. */
function stored() {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}

/** @param {string} choice */
function store(choice) {
  try {
    localStorage.setItem(KEY, choice)
  } catch {
    // it holds for this page then
  }
}

/**
 * Light, dark, or as the system has it; charts are drawn anew, since a canvas does not follow CSS.
 * @param {() => void} redraw
 */
export function followTheme(redraw) {
  const button = document.getElementById('theme')
  const root = document.documentElement
  /** @param {typeof CHOICES[number]} choice */
  const apply = (choice) => {
    if (choice === 'system') delete root.dataset.theme
    else root.dataset.theme = choice
    if (button === null) return
    button.textContent = SIGNS[choice]
    const label = choice === 'system' ? 'Colours: as the system has them' : `Colours: ${choice}`
    button.setAttribute('aria-label', label)
    button.title = label
  }
  let choice = CHOICES.find((one) => one === stored()) ?? 'system'
  apply(choice)
  button?.addEventListener('click', () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] ?? 'system'
    apply(choice)
    store(choice)
    redraw()
  })
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw)
  addEventListener('beforeprint', () => {
    root.dataset.theme = 'light'
    redraw()
  })
  addEventListener('afterprint', () => {
    apply(choice)
    redraw()
  })
}
