import { expect, test } from 'vitest'
import { NO_LATENCY } from '../../engine/histogram.ts'
import { renderPage } from '../kinds.ts'
import { brokenResult, burstResult } from '../result.fixture.ts'
import { renderIndex } from './index-page.ts'
import { joinModules } from './page.ts'
import { pressureResult } from './pressure.fixture.ts'

const ASSETS = { css: '/* css */', script: '/* script */' }

/** The page as a reader without a script gets it: text alone, a line to each element that starts one. */
function textOf(page: string): string {
  return page
    .replace(/<head>.*<\/head>/s, '')
    .replace(/<script.*?<\/script>/gs, '')
    .replace(/<\/(?:th|td|dt|span|b)>/g, ' ')
    .replace(/<[^>]+>/g, '')
    .replace(/&#39;/g, "'")
    .replace(/ +/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n')
}

test('a burst that passed', () => {
  expect(textOf(renderPage(burstResult(), ASSETS))).toMatchSnapshot()
})

test('a partial run that failed says so before all else, and shows replies as text', () => {
  const page = renderPage(brokenResult(), ASSETS)
  expect(page).not.toContain('<b>no</b>')
  const text = textOf(page)
  expect(text.indexOf('Partial run.')).toBeLessThan(text.indexOf('burst'))
  expect(text).toMatchSnapshot()
})

test('a pressure run', () => {
  expect(textOf(renderPage(pressureResult(), ASSETS))).toMatchSnapshot()
})

test('what was not measured is a dash, never 0', () => {
  const { metrics } = burstResult()
  const result = burstResult({
    metrics: {
      ...metrics,
      total_messages: 0,
      successful_messages: 0,
      success_rate: 0,
      response_time_ms: NO_LATENCY,
      phases_ms: {},
    },
    ledger: { ...burstResult().ledger, verified: false, lost: null, why_not: 'no ledger' },
  })
  const text = textOf(renderPage(result, ASSETS))
  expect(text).toMatch(/p99 response –/)
  expect(text).toMatch(/Success rate –/)
  expect(text).toContain('Deliveries are not verified: no ledger.')
})

test('custom metrics stand in a table of their own', () => {
  const custom_metrics = {
    retries: { kind: 'counter', sum: 412, per_second: 97.9 },
    handshake_ms: { kind: 'gauge', value: null, min: null, max: null, at_seconds: null },
  } as const
  const text = textOf(renderPage(burstResult({ custom_metrics }), ASSETS))
  expect(text).toContain('retries counter 412 97.90/s')
  expect(text).toContain('handshake_ms gauge – min –, max –')
  expect(textOf(renderPage(burstResult(), ASSETS))).not.toContain('Custom metrics')
})

test('an index of no runs says so', () => {
  expect(textOf(renderIndex({ runs: [], skipped: [] }, ASSETS))).toContain('No runs yet.')
})

test('modules become one script without imports and exports', () => {
  const script = joinModules([
    "import { b } from './b.js'\n\nexport function a() {\n  return b\n}\n",
    'export const b = 1\n',
  ])
  expect(script).toContain('function a() {')
  expect(script).not.toMatch(/^(import|export) /m)
})

test('a server that was given by its address stands there once', () => {
  const [row, ...others] = burstResult().per_server
  if (row === undefined) throw new Error('the fixture has no server')
  const named = { ...row, name: '127.0.0.1:2525', host: '127.0.0.1', port: 2525 }
  const page = renderPage(burstResult({ per_server: [named, ...others] }), ASSETS)
  expect(page).not.toMatch(/127\.0\.0\.1:2525 (<[^>]+>)*127\.0\.0\.1:2525/)
})
