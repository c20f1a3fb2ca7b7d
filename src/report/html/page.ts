import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Chart } from './charts/chart.ts'
import { thinCharts } from './charts/thin.ts'
import { dataScript, type Html, html, trusted } from './markup.ts'

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
<button type="button" class="theme" id="theme" aria-label="Theme: as your system">◐</button></div>
<main id="main">
<noscript><p class="banner">The charts need JavaScript; the tables do without.</p></noscript>
${body}</main>
${dataScript('chart-data', thinCharts(charts))}
<script>${trusted(script)}</script>
</body>
</html>
`.markup
}`
}

/** What stands in each page besides its data. */
export interface Assets {
  readonly css: string
  readonly script: string
}

/** Ours run after uPlot, in this order, as one script: a module may use those above it. */
const SCRIPTS = [
  'format',
  'theme',
  'data-table',
  'axes',
  'bars',
  'options',
  'keyboard',
  'figure',
  'charts',
  'live',
  'filter',
  'main',
] as const

/** Narrow windows and paper come last, so that they have the last word. */
const STYLES = ['colours', 'page', 'head', 'charts', 'tables', 'index', 'narrow', 'print'] as const

let loaded: Promise<Assets> | undefined

/** Read once; the pages are then made without touching the disk or the network. */
export function loadAssets(): Promise<Assets> {
  loaded ??= readAssets()
  return loaded
}

async function readAssets(): Promise<Assets> {
  const uPlot = dirname(createRequire(import.meta.url).resolve('uplot'))
  const here = import.meta.dirname
  const [uPlotStyle, uPlotScript] = await read([
    join(uPlot, 'uPlot.min.css'),
    join(uPlot, 'uPlot.iife.min.js'),
  ])
  const styles = await read(STYLES.map((name) => join(here, 'styles', `${name}.css`)))
  const modules = await read(SCRIPTS.map((name) => join(here, 'browser', `${name}.js`)))
  return {
    css: [uPlotStyle, ...styles].join('\n'),
    script: [uPlotScript, joinModules(modules)].join('\n'),
  }
}

function read(paths: readonly string[]): Promise<string[]> {
  return Promise.all(paths.map((path) => readFile(path, 'utf8')))
}

/**
 * Modules cannot import each other inside one HTML file: they become one function, without their
 * `import` and `export`. Two of the same name would be a syntax error, which the page's test would meet.
 */
export function joinModules(modules: readonly string[]): string {
  const bodies = modules.map((source) =>
    source.replaceAll(/^import [^;]*?from '[^']+'$\n?/gm, '').replaceAll(/^export /gm, ''),
  )
  return `(() => {\n'use strict'\n${bodies.join('\n')}\n})()`
}
