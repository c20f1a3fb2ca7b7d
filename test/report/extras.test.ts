import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  driftingResult,
  mergedFrom,
  scalingTable,
  searchResult,
} from '../../src/report/html/extras.fixture.ts'
import { loadAssets } from '../../src/report/html/page.ts'
import { probeResult } from '../../src/report/html/probe.fixture.ts'
import { renderPage } from '../../src/report/kinds.ts'
import { burstResult } from '../../src/report/result.fixture.ts'
import { drawn, noBrowser, type Opened, open, painted, startBrowser } from './browser.ts'

let browser: Browser

async function opened(page: string, width = 1400): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-extras-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'page.html')
  await writeFile(file, page)
  const own = await open(browser, pathToFileURL(file).href, { width })
  onTestFinished(() => own.page.close())
  return own
}

const all = () =>
  burstResult({ search: searchResult(), side_by_side: scalingTable(), merged: mergedFrom(), part: 'extras' })

async function rowsOf(page: Page, chart: string): Promise<string[]> {
  await page.locator(`#chart-${chart} summary`).click()
  return page.locator(`#chart-${chart} table tr`).allInnerTexts()
}

/** How many pixels a series has: what is gone when its name in the legend is clicked. */
async function pixelsOf(page: Page, chart: string, series: string): Promise<number> {
  const pixels = async () => (await painted(page))[`chart-${chart}`] ?? 0
  const before = await pixels()
  await page.locator(`#chart-${chart}`).getByRole('button', { name: series }).click()
  await expect.poll(pixels).not.toBe(before)
  return before - (await pixels())
}

describe.skipIf(noBrowser !== undefined)(
  `what only some results have, in Chromium${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  { timeout: 30_000 },
  () => {
    beforeAll(async () => {
      browser = await startBrowser()
    }, 30_000)
    afterAll(() => browser?.close())

    test('a search: each try is drawn at its rate, and told in the table below', async () => {
      const { page, complaints } = await opened(renderPage(all(), await loadAssets()))
      const { 'search-p99': p99, 'search-way': way } = await drawn(page)
      const { steps } = searchResult()
      expect(way?.[0]).toEqual(steps.map((_, step) => step))
      expect(p99?.[0]).toEqual([100, 200, 300, 350, 400])
      expect(p99?.[1]).toEqual([10, 20, 30, null, null])
      expect(await rowsOf(page, 'search-throughput')).toEqual([
        'Rate\theld\tbroke\tinconclusive\toffered',
        '100/s\t100/s\t–\t–\t100/s',
        '200/s\t200/s\t–\t–\t200/s',
        '300/s\t300/s\t–\t–\t300/s',
        '350/s\t–\t–\t310/s\t350/s',
        '400/s\t–\t310/s\t–\t400/s',
      ])
      // Before pixels are read twice, which Chromium warns of.
      expect(complaints).toEqual([])
      expect(await pixelsOf(page, 'search-way', 'held')).toBeGreaterThan(100)
    })

    test('rows side by side are bars, whose table has the name of what differs', {
      tags: 'long',
    }, async () => {
      const { page } = await opened(renderPage(all(), await loadAssets()))
      expect((await drawn(page))['side-by-side-ms']).toEqual([
        [0, 1, 2],
        [6, 4.67, 5.04],
        [16.85, 43.36, null],
      ])
      expect(await rowsOf(page, 'side-by-side-share')).toEqual([
        'Servers\tefficiency per server',
        '1-server\t100 %',
        '3-servers\t37.5 %',
        '5-servers\t20.4 %',
      ])
      expect(await pixelsOf(page, 'side-by-side-share', 'efficiency')).toBeGreaterThan(5000)
    })

    test('drift is drawn as measured values and their slope over the run', { tags: 'long' }, async () => {
      const result = driftingResult()
      const { page, complaints } = await opened(renderPage(result, await loadAssets()))
      const { 'drift-0': p99, 'drift-1': memory } = await drawn(page)
      expect(p99?.[1]).toEqual(result.timeline.map((row) => row.response_time_ms.p99))
      expect(memory?.[1]).toEqual(
        result.resource_usage['smtp-server-1']?.samples.map(({ memory_bytes }) => memory_bytes),
      )
      expect(complaints).toEqual([])
    })

    test.for([
      { name: 'search and scaling', page: async () => renderPage(all(), await loadAssets()) },
      { name: 'drift', page: async () => renderPage(driftingResult(), await loadAssets()) },
      { name: 'the probe', page: async () => renderPage(probeResult(), await loadAssets()) },
    ])('$name: every chart is painted, and the page fits a phone', async ({ page: render }) => {
      const { page, complaints } = await opened(await render(), 390)
      const width = await page
        .locator('html')
        .evaluate((root) => (root as { scrollWidth: number }).scrollWidth)
      expect(width).toBe(390)
      for (const count of Object.values(await painted(page))) expect(count).toBeGreaterThan(500)
      expect(complaints).toEqual([])
    })
  },
)
