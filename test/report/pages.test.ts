import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Histogram } from '../../src/engine/histogram.ts'
import { loadAssets } from '../../src/report/html/page.ts'
import { pressureResult } from '../../src/report/html/pressure.fixture.ts'
import { renderPage } from '../../src/report/kinds.ts'
import { brokenResult, burstResult } from '../../src/report/result.fixture.ts'
import { drawn, noBrowser, type Opened, open, painted, startBrowser } from './browser.ts'

let browser: Browser

async function opened(page: string, options: { readonly width?: number } = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-pages-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'page.html')
  await writeFile(file, page)
  const own = await open(browser, pathToFileURL(file).href, options)
  onTestFinished(() => own.page.close())
  return own
}

const background = (page: Page) =>
  page.locator('body').evaluate((body) => {
    const { getComputedStyle: styleOf } = globalThis as unknown as {
      getComputedStyle(element: unknown): { backgroundColor: string }
    }
    return styleOf(body).backgroundColor
  })

/** Of the opaque pixels of a chart, those colours that there are many of. */
const lineColours = (page: Page, id: string) =>
  page.locator(`#${id} canvas`).evaluate((element) => {
    const canvas = element as unknown as {
      width: number
      height: number
      getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } }
    }
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    const counts = new Map<string, number>()
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] !== 255) continue
      const name = [data[at], data[at + 1], data[at + 2]].join(', ')
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts].filter(([, count]) => count > 50).map(([name]) => name)
  })

describe.skipIf(noBrowser !== undefined)(
  `pages in Chromium${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  { timeout: 30_000 },
  () => {
    beforeAll(async () => {
      browser = await startBrowser()
    }, 30_000)
    afterAll(() => browser?.close())

    test.for([
      ['a run', () => brokenResult()],
      ['a pressure run', () => pressureResult()],
    ] as const)(
      'on a phone nothing of %s is cut: no table scrolls, every section is named',
      async ([, result]) => {
        const { page } = await opened(renderPage(result(), await loadAssets()), { width: 390 })
        const cut = await page.locator('.scroll, nav, body').evaluateAll(
          (elements) =>
            elements.filter((one) => {
              const { scrollWidth, clientWidth } = one as unknown as {
                scrollWidth: number
                clientWidth: number
              }
              return scrollWidth > clientWidth + 1
            }).length,
        )
        expect(cut).toBe(0)
        const cell = page.locator('table.wide td').first()
        const label = await cell.evaluate((one) => {
          const { getComputedStyle: styleOf } = globalThis as unknown as {
            getComputedStyle(element: unknown, pseudo: string): { content: string }
          }
          return styleOf(one, '::before').content
        })
        expect(label).toMatch(/^"\w/)
      },
    )

    test.for([
      ['a run with a server that was killed', () => brokenResult()],
      ['a pressure run', () => pressureResult()],
    ] as const)('at 1280 pixels no table of %s scrolls', { tags: 'long' }, async ([, result]) => {
      const { page } = await opened(renderPage(result(), await loadAssets()), { width: 1280 })
      const scrolling = await page.locator('.scroll').evaluateAll((elements) =>
        elements.flatMap((one) => {
          const { scrollWidth, clientWidth, ariaLabel } = one as unknown as {
            scrollWidth: number
            clientWidth: number
            ariaLabel: string
          }
          return scrollWidth > clientWidth + 1 ? [ariaLabel] : []
        }),
      )
      expect(scrolling).toEqual([])
    })

    test('the last tick of the percentile chart is whole', { tags: 'long' }, async () => {
      const histogram = new Histogram()
      for (let value = 1; value <= 1_000; value++) histogram.record(value)
      const measured = histogram.toSparse()
      const histograms = { response_time: measured, service_time: measured }
      const { page } = await opened(renderPage(burstResult({ histograms }), await loadAssets()))
      const inked = await page.locator('#chart-distribution canvas').evaluate((one) => {
        const canvas = one as unknown as {
          width: number
          height: number
          getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } }
        }
        const { width, height } = canvas
        // Below the plot stand the ticks: whatever reaches the canvas's last column is cut there.
        const { data } = canvas.getContext('2d').getImageData(width - 1, 0, 1, height)
        return data.filter((value, index) => index % 4 === 3 && value > 0).length
      })
      expect(inked).toBe(0)
    })

    test('a long run is drawn as means with bands, whose ends are in the table', async () => {
      const [row] = burstResult().timeline
      if (row === undefined) throw new Error('the fixture has no timeline')
      const timeline = Array.from({ length: 40_000 }, (_, second) => ({
        ...{ ...row, second, accepted: second === 30_000 ? 9000 : 40 + (second % 21) },
      }))
      const { page, complaints } = await opened(renderPage(burstResult({ timeline }), await loadAssets()))
      const { throughput } = await drawn(page)
      const [xs = [], mean = [], most = [], least = []] = throughput ?? []
      expect(xs.length).toBeLessThan(1500)
      expect(mean[5]).toBeCloseTo(50, 0)
      expect(most.reduce((a, b) => Math.max(a ?? 0, b ?? 0))).toBe(9000)
      expect(least[5]).toBe(40)
      await page.locator('#chart-throughput summary').click()
      expect(await page.locator('#chart-throughput td').nth(5).textContent()).toMatch(
        /^50.*\/s \(40\/s – 60\/s\)$/,
      )
      expect(complaints).toEqual([])
    })

    test('a pressure run: what was not read is a gap, and every chart is painted', async () => {
      const result = pressureResult()
      const { page, complaints } = await opened(renderPage(result, await loadAssets()))
      const charts = await drawn(page)
      expect(charts.pending).toEqual([
        result.timeline.map(({ second }) => second),
        result.timeline.map(({ pending }) => pending),
      ])
      expect(charts.pending?.[1]?.[31]).toBeNull()
      const pixels = await painted(page)
      expect(Object.keys(pixels)).toEqual(Object.keys(charts).map((id) => `chart-${id}`))
      for (const count of Object.values(pixels)) expect(count).toBeGreaterThan(500)
      expect(complaints).toEqual([])
    })

    test.for([
      { name: 'a broken run', page: async () => renderPage(brokenResult(), await loadAssets()) },
      { name: 'a pressure run', page: async () => renderPage(pressureResult(), await loadAssets()) },
    ])(
      '$name fits a phone: nothing but tables scrolls sideways',
      { tags: 'long' },
      async ({ page: render }) => {
        const { page } = await opened(await render(), { width: 390 })
        const width = await page
          .locator('html')
          .evaluate((root) => (root as { scrollWidth: number }).scrollWidth)
        expect(width).toBe(390)
      },
    )

    test('the keyboard reads values off a chart, and moves all charts over time together', async () => {
      const { page } = await opened(renderPage(burstResult(), await loadAssets()))
      await page.locator('#chart-throughput .plot').focus()
      await page.keyboard.press('End')
      await page.keyboard.press('ArrowLeft')
      const shown = (id: string) => page.locator(`#chart-${id} .legend`).innerText()
      expect((await shown('throughput')).split(/\n+/)).toEqual(['accepted', '1,200/s', '3 s'])
      expect(await shown('in-flight')).toMatch(/^in flight\n+50\n/)
    })

    test('the mouse over one chart reads the same moment off all', { tags: 'long' }, async () => {
      const { page } = await opened(renderPage(burstResult(), await loadAssets()))
      const plot = page.locator('#chart-throughput .u-over')
      const { width = 0 } = (await plot.boundingBox()) ?? {}
      await plot.hover({ position: { x: width / 2, y: 40 } })
      for (const id of ['throughput', 'in-flight', 'errors'])
        expect(await page.locator(`#chart-${id} .where`).innerText()).toBe('2 s')
    })

    test('the values stand in a table that opens below each chart', { tags: 'long' }, async () => {
      const { page } = await opened(renderPage(burstResult(), await loadAssets()))
      await page.locator('#chart-throughput summary').click()
      const rows = page.locator('#chart-throughput table tr')
      expect(await rows.allInnerTexts()).toEqual([
        'Time\taccepted',
        '0 s\t1,200/s',
        '1 s\t1,200/s',
        '2 s\t1,200/s',
        '3 s\t1,200/s',
        '4 s\t200/s',
      ])
    })

    test('a line is hidden and shown by its name in the legend', { tags: 'long' }, async () => {
      const { page } = await opened(renderPage(burstResult(), await loadAssets()))
      const button = page.locator('#chart-response-time').getByRole('button', { name: 'max' })
      const before = (await painted(page))['chart-response-time'] ?? 0
      await button.click()
      expect(await button.getAttribute('aria-pressed')).toBe('false')
      await expect.poll(async () => (await painted(page))['chart-response-time']).not.toBe(before)
    })

    test('light or dark as the system has it, until someone chooses; the choice stays', {
      tags: 'long',
    }, async () => {
      const { page } = await opened(renderPage(burstResult(), await loadAssets()))
      const light = await background(page)
      await page.emulateMedia({ colorScheme: 'dark' })
      const dark = await background(page)
      expect(dark).not.toBe(light)
      await page.getByRole('button', { name: /^Theme/ }).click()
      expect(await background(page)).toBe(light)
      await page.reload()
      expect(await background(page)).toBe(light)
      await page.getByRole('button', { name: /^Theme/ }).click()
      expect(await background(page)).toBe(dark)
    })

    test('charts have the colours of the theme that is shown: of the system, chosen, and on paper', async () => {
      const { page } = await opened(renderPage(burstResult(), await loadAssets()))
      const [light, dark] = ['63, 91, 217', '139, 158, 255']
      const shown = async () => {
        const seen = await lineColours(page, 'chart-throughput')
        return { light: seen.includes(light), dark: seen.includes(dark) }
      }
      const theme = page.getByRole('button', { name: /^Theme/ })
      await expect.poll(shown).toEqual({ light: true, dark: false })
      await page.emulateMedia({ colorScheme: 'dark' })
      await expect.poll(shown).toEqual({ light: false, dark: true })
      await theme.click()
      await expect.poll(shown).toEqual({ light: true, dark: false })
      await theme.click()
      await page.emulateMedia({ colorScheme: 'light' })
      await expect.poll(shown).toEqual({ light: false, dark: true })
      await page.evaluate("dispatchEvent(new Event('beforeprint'))")
      await expect.poll(shown).toEqual({ light: true, dark: false })
      await page.evaluate("dispatchEvent(new Event('afterprint'))")
      await expect.poll(shown).toEqual({ light: false, dark: true })
    })
  },
)
