import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

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
