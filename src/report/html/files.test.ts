import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { storeResult } from '../../results/store.ts'
import { burstResult } from '../result.fixture.ts'
import { INDEX, writeIndex, writeReport } from './files.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-html-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('a report needs nothing from elsewhere: no address of a script, a style or an image', async () => {
  const folder = await temporaryFolder()
  const path = await writeReport(join(folder, 'run.json'), burstResult())
  expect(path).toBe(join(folder, 'run.html'))
  const page = await readFile(path, 'utf8')
  expect(page).toContain('uPlot')
  const addresses = [...page.matchAll(/<(?:script|link|img|iframe)[^>]+?(?:src|href)="([^"]*)/g)]
  expect(addresses.map(([, address = '']) => address.slice(0, 5))).toEqual(['data:'])
  expect(page).not.toMatch(/@import\s*(?:url|["'])|url\((?!data:)/)
})

test('the index leads to reports that there are, names what it skipped, and leaves no temporary file', async () => {
  const folder = await temporaryFolder()
  const first = await storeResult(folder, burstResult({ run_id: 'a' }), '')
  await writeReport(first.json, burstResult({ run_id: 'a' }))
  await storeResult(folder, burstResult({ run_id: 'b', stamp: '20260103-030405', verdict: 'FAILED' }), '')
  await writeFile(join(folder, 'damaged.json'), '{"format": ')
  const page = await readFile(await writeIndex(folder), 'utf8')
  expect(page).toContain('2 runs of 1 scenario, 1 failed.')
  expect([...page.matchAll(/href="(\.\/[^"]+)"/g)].map(([, address]) => address)).toEqual([
    './20260103-030405-burst.json',
    './20260102-030405-burst.html',
    './20260102-030405-burst.json',
  ])
  expect(page).toContain('damaged.json')
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

test('a folder that cannot be written to is named', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, INDEX))
  await expect(writeIndex(folder)).rejects.toMatchObject({ code: 'RESULTS_NOT_WRITTEN' })
})

test('a thousand results take less than two seconds of CPU', { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder()
  for (let run = 0; run < 1000; run++) {
    const stamp = `20260102-${String(100_000 + run)}`
    const timeline = Array.from({ length: 60 }, () => burstResult().timeline[0])
    const result = { ...burstResult({ run_id: String(run), stamp }), timeline }
    await writeFile(join(folder, `${stamp}-burst.json`), JSON.stringify(result, null, 2))
  }
  const before = process.cpuUsage()
  await writeIndex(folder)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1e6).toBeLessThan(2)
})
