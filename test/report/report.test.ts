import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quantileMs } from '../../src/engine/histogram.ts'
import type { Result } from '../../src/engine/result.ts'
import { stress } from '../e2e/stress.ts'
import { drawn, noBrowser, open, painted, startBrowser } from './browser.ts'

const LIMIT_MS = 60_000

/** What each chart must show, read from the JSON and nothing else. */
function overTime({ timeline, resource_usage }: Result): Record<string, (number | null)[][]> {
  const seconds = timeline.map(({ second }) => second)
  const latencies = timeline.map((row) => row.response_time_ms)
  const names = Object.keys(resource_usage).toSorted()
  const samples = names.map((name) => resource_usage[name]?.samples ?? [])
  const sampled = [...new Set(samples.flat().map(({ second }) => second))].toSorted((a, b) => a - b)
  const usage = (key: 'cpu_percent' | 'memory_bytes') => [
    sampled,
    ...samples.map((own) => sampled.map((at) => own.find(({ second }) => second === at)?.[key] ?? null)),
  ]
  return {
    throughput: [seconds, timeline.map((row) => row.accepted), timeline.map((row) => row.due)],
    'response-time': [
      seconds,
      ...(['max', 'p99', 'p95', 'p50'] as const).map((key) => latencies.map((one) => one[key])),
    ],
    'in-flight': [seconds, timeline.map((row) => row.in_flight), timeline.map((row) => row.queued)],
    errors: [
      seconds,
      ...(['deferred', 'rejected', 'failed'] as const).map((key) => timeline.map((row) => row[key])),
    ],
    cpu: usage('cpu_percent'),
    memory: usage('memory_bytes'),
  }
}

/** The stages of the load: a chart to each unit. */
function stages({ side_by_side: table }: Result): Record<string, (number | null)[][]> {
  const column = (name: string) => {
    const index = table?.columns.findIndex((one) => one.name === name) ?? -1
    return table?.rows.map(({ values }) => values[index] ?? null) ?? []
  }
  const rows = table?.rows.map((_, row) => row) ?? []
  return {
    'side-by-side-count': [rows, column('due'), column('accepted')],
    'side-by-side-per-second': [rows, column('throughput')],
    'side-by-side-ms': [rows, column('p50'), column('p99')],
  }
}

describe.skipIf(noBrowser !== undefined)(
  `the report in Chromium${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    let browser: Browser
    let result: Result
    let folder: string
    let address: string

    beforeAll(async () => {
      browser = await startBrowser()
    }, LIMIT_MS)
    afterAll(() => browser?.close())

    test('a real run: each chart draws what the JSON says, nothing is asked of a network', {
      tags: 'long',
      timeout: LIMIT_MS,
    }, async () => {
      const env = {
        STRESS_MODE: 'ramping-arrival-rate',
        STRESS_STAGES: '2s:150,3s:150',
        SMTP_SERVERS: '2',
        STRESS_SIZE: 'small',
      }
      const run = await stress('custom', env)
      if (run.result === undefined) throw new Error(`no result: ${run.output}`)
      result = run.result
      folder = run.resultsDir
      const name = (await readdir(folder)).find((file) => file.endsWith('-custom.html'))
      expect(name).toBe(`${result.stamp}-custom.html`)
      address = pathToFileURL(join(folder, name ?? '')).href
      await using opened = await open(browser, address)
      const { distribution, ...others } = await drawn(opened.page)
      expect(others).toEqual({ ...overTime(result), ...stages(result) })
      checkDistribution(distribution ?? [], result)
      const pixels = await painted(opened.page)
      expect(Object.keys(pixels)).toHaveLength(10)
      for (const count of Object.values(pixels)) expect(count).toBeGreaterThan(500)
      expect(opened.complaints).toEqual([])
      await checkIndex(browser, folder, result)
    })

    test('a burst of a moment is drawn as bars, and the tables have the figures of the JSON', {
      tags: 'long',
      timeout: LIMIT_MS,
    }, async () => {
      const run = await stress('custom', { STRESS_MESSAGES: '100', STRESS_WORKERS: '5', SMTP_SERVERS: '1' })
      if (run.result === undefined) throw new Error(`no result: ${run.output}`)
      const { timeline, stamp } = run.result
      expect(timeline.length).toBeLessThan(4)
      await using opened = await open(
        browser,
        pathToFileURL(join(run.resultsDir, `${stamp}-custom.html`)).href,
      )
      const { throughput } = await drawn(opened.page)
      expect(throughput).toEqual([timeline.map(({ second }) => second), timeline.map((row) => row.accepted)])
      await opened.page.locator('#chart-throughput summary').click()
      const rows = opened.page.locator('#chart-throughput tbody tr')
      expect(await rows.allInnerTexts()).toEqual(
        timeline.map(({ second, accepted }) => `${second} s\t${accepted}/s`),
      )
      expect(await opened.page.locator('#over-time .note').innerText()).toContain('too short for lines')
      expect((await painted(opened.page))['chart-throughput']).toBeGreaterThan(2000)
      expect(opened.complaints).toEqual([])
    })
  },
)

/** Each point lies on the histogram of the JSON; the last one is the maximum. */
function checkDistribution(
  [xs = [], response = [], service = []]: (number | null)[][],
  result: Result,
): void {
  const { response_time, service_time } = result.histograms
  expect(xs.at(-1)).toBe(response_time.count)
  const at = (histogram: typeof response_time) =>
    xs.map((x) => quantileMs(histogram, x === histogram.count ? 1 : 1 - 1 / (x ?? 1)))
  expect(response).toEqual(at(response_time))
  expect(service).toEqual(at(service_time))
  expect(response.at(-1)).toBe(response_time.max_ms)
}

/** The page of all runs leads to the report. */
async function checkIndex(browser: Browser, folder: string, { metrics }: Result): Promise<void> {
  await using opened = await open(browser, pathToFileURL(join(folder, 'index.html')).href)
  const charts = await drawn(opened.page)
  expect(charts['trend-0-throughput']).toEqual([[0], [metrics.messages_per_second]])
  expect(charts['trend-0-p99']).toEqual([[0], [metrics.latency_ms.p99]])
  expect(charts['trend-0-success']).toEqual([[0], [1]])
  await opened.page.getByRole('link', { name: 'custom' }).click()
  await opened.page.getByRole('heading', { level: 1, name: 'custom' }).waitFor()
  expect(opened.complaints).toEqual([])
}
