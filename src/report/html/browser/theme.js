const CHOICES = /** @type {const} */ (['system', 'light', 'dark'])
const KEY = 'mailstorm-theme'
const SIGNS = { system: '◐', light: '○', dark: '●' }

/** The value of a CSS variable that is no colour, as `--font`. @param {string} name */
export function cssValue(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** Colours of the theme that is shown. @type {Map<string, string>} */
const colours = new Map()

/**
 * A colour of the style sheet, as `accent`, in the theme that is shown. The variable itself has both
 * (`light-dark()`), which a canvas does not understand; the style of an element has the one that holds.
 * @param {string} name
 * @param {number} opacity 0 to 1
 */
export function colour(name, opacity = 1) {
  let rgb = colours.get(name)
  if (rgb === undefined) {
    const probe = document.body.appendChild(document.createElement('i'))
    probe.style.color = `var(--${name})`
    rgb = getComputedStyle(probe).color
    probe.remove()
    colours.set(name, rgb)
  }
  return opacity === 1 ? rgb : rgb.replace('rgb(', 'rgba(').replace(')', `, ${opacity})`)
}

/** A page that was opened from a file may have no storage. */
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
    // The choice holds until the page is left.
  }
}

/**
 * Light, dark, or as the system has it; charts are drawn anew, since a canvas does not follow CSS.
 * @param {() => void} redrawCharts
 */
export function followTheme(redrawCharts) {
  const redraw = () => {
    colours.clear()
    redrawCharts()
  }
  const button = document.getElementById('theme')
  const root = document.documentElement
  /** @param {typeof CHOICES[number]} choice */
  const apply = (choice) => {
    if (choice === 'system') delete root.dataset.theme
    else root.dataset.theme = choice
    if (button === null) return
    button.textContent = SIGNS[choice]
    const label = choice === 'system' ? 'Theme: as your system' : `Theme: ${choice}`
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
