import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecords } from '../../scripts/wild/record.ts'
import { noBrowser, open, startBrowser } from './browser.ts'

const PAGE = pathToFileURL(join(import.meta.dirname, '../../docs/servers.html')).href

describe.skipIf(noBrowser !== undefined)('docs/servers.html', () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  it('shows every server, and narrows all its tables to those that have all words somewhere', async () => {
    await using opened = await open(browser, PAGE)
    const { page, complaints } = opened
    const names = [...readRecords().keys()]
    const articles = page.locator('article[data-group]')
    expect(await articles.count()).toBe(names.length)
    // One word stands in a table at the top, the other at the server's own place.
    await page.fill('input[data-filter]', '20, then 421 smtp_accept_max')
    const shown = names.filter((name) => name.startsWith('exim'))
    expect(await page.textContent('[data-filter-status]')).toBe(`${shown.length} of ${names.length}`)
    for (const one of await page.locator('#servers [data-group]').all())
      expect(await one.isVisible()).toBe(shown.includes((await one.getAttribute('data-group')) ?? ''))
    await page.fill('input[data-filter]', '')
    expect(await articles.filter({ visible: true }).count()).toBe(names.length)
    expect(complaints).toEqual([])
  })

  it('fits a phone', async () => {
    await using opened = await open(browser, PAGE, { width: 390 })
    expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(390)
  })
})
