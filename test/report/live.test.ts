// @module-tag long

import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../containers/loopback.ts'
import { stress } from '../e2e/stress.ts'
import { drawn, noBrowser, open, startBrowser } from './browser.ts'

describe.skipIf(noBrowser !== undefined)(
  `the live view in Chromium${noBrowser === undefined ? '' : ` (${noBrowser})`}`,
  () => {
    let browser: Browser

    beforeAll(async () => {
      browser = await startBrowser()
    }, 30_000)
    afterAll(() => browser?.close())

    test('charts grow while the run goes on, become those of the result, and leave its report', {
      timeout: 90_000,
    }, async () => {
      const port = await freePort()
      const serving = Promise.withResolvers<void>()
      const env = {
        STRESS_LIVE: '1',
        STRESS_LIVE_PORT: String(port),
        STRESS_MODE: 'sustained',
        STRESS_RATE: '50',
        STRESS_DURATION: '7',
        STRESS_SIZE: 'small',
        SMTP_SERVERS: '2',
      }
      const ended = stress('custom', env, [{ text: 'Live view: ', act: () => serving.resolve() }])
      await Promise.race([serving.promise, ended])
      await using opened = await open(browser, `http://127.0.0.1:${port}`)
      const { page } = opened
      const seconds = async () => (await drawn(page)).throughput?.[0]?.length ?? 0
      await expect.poll(seconds, { timeout: 30_000 }).toBeGreaterThan(0)
      const early = await seconds()
      await expect.poll(seconds, { timeout: 30_000 }).toBeGreaterThan(early)
      expect(await page.locator('.chip.running').count()).toBe(1)
      const during = (await drawn(page)).throughput
      const { result, output } = await ended
      if (result === undefined) throw new Error(`no result: ${output}`)
      const accepted = result.timeline.map((row) => row.accepted)
      expect(during?.[1]).toEqual(accepted.slice(0, during?.[1]?.length))
      await page.getByText('All runs have ended.').waitFor()
      expect((await drawn(page)).throughput?.[1]).toEqual(accepted)
      const [report] = await Promise.all([
        page.waitForEvent('popup'),
        page.getByRole('link', { name: 'Report of custom' }).click(),
      ])
      await report.getByRole('heading', { level: 1, name: 'custom' }).waitFor()
      expect((await drawn(report)).throughput?.[1]).toEqual(accepted)
      expect(opened.complaints).toEqual([])
    })
  },
)
