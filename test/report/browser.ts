import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'

/** Why no page can be looked at here; undefined when it can. */
export const noBrowser: string | undefined = existsSync(CHROMIUM)
  ? undefined
  : `there is no ${CHROMIUM} here (apt-get install chromium)`

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
}

export interface Opened extends AsyncDisposable {
  readonly page: Page
  /** What the page complained of, and what it asked of any network. */
  readonly complaints: string[]
}

/** A page that writes down what it must not do: errors, warnings, requests to elsewhere. */
export async function open(browser: Browser, address: string, { width = 1400 } = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 900 } })
  const complaints: string[] = []
  const own = new URL(address).origin
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (!['file:', 'data:', 'blob:'].includes(protocol) && origin !== own) complaints.push(request.url())
  })
  await page.goto(address)
  return { page, complaints, [Symbol.asyncDispose]: () => page.close() }
}

/** What the charts were given to draw, by their ids: the horizontal values, then line by line. */
export async function drawn(page: Page): Promise<Record<string, (number | null)[][]>> {
  return page.evaluate(() => {
    const { mailstorm } = globalThis as unknown as {
      mailstorm: { charts: Record<string, { data: (number | null)[][] }> }
    }
    return Object.fromEntries(Object.entries(mailstorm.charts).map(([id, { data }]) => [id, data]))
  })
}

/** Of each chart, how many of its pixels are not empty. */
export async function painted(page: Page): Promise<Record<string, number>> {
  return page.evaluate(() => {
    const { document } = globalThis as unknown as {
      document: { querySelectorAll(q: string): Iterable<Canvas> }
    }
    interface Canvas {
      width: number
      height: number
      closest(query: string): { id: string }
      getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } }
    }
    return Object.fromEntries(
      [...document.querySelectorAll('figure canvas')].map((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        return [
          canvas.closest('figure').id,
          data.filter((value, index) => index % 4 === 3 && value > 0).length,
        ]
      }),
    )
  })
}
