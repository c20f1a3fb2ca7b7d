import type { Assets } from './assets.ts'
import type { Chart } from './chart.ts'
import { dataScript, type Html, html, trusted } from './markup.ts'
import { thinCharts } from './thin.ts'

export interface Page {
  readonly title: string
  readonly body: Html
  readonly charts: readonly Chart[]
  /** Where a page that is still being written gets its news from. */
  readonly live?: string
  /** Links in the bar at the top: text and address. */
  readonly links?: readonly (readonly [text: string, href: string])[]
}

/** The mark is drawn here: a page that needs no network has no icon to fetch either. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M1 12l4-6 3 4 3-7 4 9' fill='none' stroke='%233f5bd9' stroke-width='2' stroke-linejoin='round' stroke-linecap='round'/%3E%3C/svg%3E"

/** One whole HTML file: nothing in it is fetched from anywhere. */
export function page({ title, body, charts, live, links = [] }: Page, { css, script }: Assets): string {
  return `<!doctype html>
${
  html`<html lang="en"${live !== undefined && html` data-live="${live}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="mailstorm">
<title>${title}</title>
<link rel="icon" href="${trusted(ICON)}">
<style>${trusted(css)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
<div class="topbar"><span class="brand"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M1 12l4-6 3 4 3-7 4 9"/></svg>mailstorm</span>
<nav aria-label="Sections">${links.map(([text, href]) => html`<a href="${href}">${text}</a>`)}</nav>
<button type="button" class="theme" id="theme" aria-label="Colours: as the system has them">◐</button></div>
<main id="main">
<noscript><p class="banner">The charts are drawn by a script in this file; the tables stand without it.</p></noscript>
${body}</main>
${dataScript('chart-data', thinCharts(charts))}
<script>${trusted(script)}</script>
</body>
</html>
`.markup
}`
}
