import { figures, followWidth, redrawCharts, showCharts } from './charts.js'
import { followFilter } from './filter.js'
import { followLive } from './live.js'
import { followTheme } from './theme.js'

const data = document.getElementById('chart-data')?.textContent ?? '[]'
followTheme(redrawCharts)
showCharts(JSON.parse(data))
followWidth()
followFilter()
if (document.documentElement.dataset.live !== undefined) followLive(document.documentElement.dataset.live)

// For tests, and for whoever wants to look closer in the browser's console.
Object.assign(window, {
  mailstorm: {
    get charts() {
      return Object.fromEntries([...figures].map(([id, { plot }]) => [id, plot]))
    },
  },
})
