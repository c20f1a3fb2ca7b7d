import { createHash } from 'node:crypto'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { compare } from '../../src/cli/results/compare.ts'
import { type ReportOptions, report } from '../../src/cli/results/report.ts'
import { analyze, list } from '../../src/cli/results/runs.ts'
import { olderRun } from '../../src/results/older.fixture.ts'
import { folderWith } from './mailstorm.ts'

/** What version 0.1.0 (commit 55e4550) wrote, and a file of the older Python generator. */
const STRESS = '20261130-084730-quick'
const PROBE = '20261130-084741-probe'
const PRESSURE = '20261130-084758-pressure'
const OLDER = 'v0.1-burst'

const LIMITS = { p95Limit: '30', p95Floor: '50', throughputLimit: '10', successLimit: '10' }

async function folder(): Promise<string> {
  const results = await folderWith({})
  await cp(join(import.meta.dirname, 'written-before'), results, { recursive: true })
  await writeFile(join(results, `${OLDER}.json`), JSON.stringify(olderRun()))
  return results
}

/** What a command prints, without the folder that it reads. */
async function printed(command: (results: string) => Promise<void>): Promise<string> {
  const results = await folder()
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  const log = vi.spyOn(console, 'log').mockImplementation((line) => {
    text += `${line}\n`
  })
  try {
    await command(results)
  } finally {
    write.mockRestore()
    log.mockRestore()
    process.exitCode = undefined
  }
  return text.replaceAll(results, 'RESULTS')
}

/** The words and charts of a page: a line to each element, without styles and programs. */
async function page(files: readonly string[], options: Partial<ReportOptions> = {}): Promise<string> {
  let html = ''
  await printed(async (results) => {
    const output = join(results, 'page.html')
    await report(files, { results, output, ...options })
    html = await readFile(output, 'utf8')
  })
  const data = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(html)?.[1] ?? ''
  const body = /<body[^>]*>(.*)<\/body>/s.exec(html)?.[1] ?? ''
  const words = body
    .replaceAll(/<(script|style)\b.*?<\/\1>/gs, '')
    .replaceAll(/\s*(<(?:section|tr|h\d|li|div|p|dl|header)\b)/g, '\n$1')
  return `${words.trim()}\ncharts ${createHash('sha256').update(data).digest('hex')}\n`
}

test('list', async () => {
  expect(await printed((results) => list({ results }))).toMatchSnapshot()
})

test.for([STRESS, PROBE, PRESSURE, OLDER])('analyze %s', async (name) => {
  expect(await printed((results) => analyze(name, { results }))).toMatchSnapshot()
})

test.for([
  [STRESS, STRESS],
  [OLDER, STRESS],
  [PRESSURE, PRESSURE],
  [PROBE, PROBE],
] as const)('compare %s with %s', async ([a, b]) => {
  expect(await printed((results) => compare([a, b], { results, ...LIMITS }))).toMatchSnapshot()
})

test.for([[STRESS], [PROBE], [PRESSURE], [OLDER], [STRESS, OLDER]])('report of %j', async (files) => {
  expect(await page(files)).toMatchSnapshot()
})

test('the index of all runs', async () => {
  const index = await printed(async (results) => {
    await report([], { results, index: true })
    console.log(
      (await readFile(join(results, 'index.html'), 'utf8')).replaceAll(/<(script|style)\b.*?<\/\1>/gs, ''),
    )
  })
  expect(index.replaceAll(/\s*(<(?:section|tr|h\d|li|div|p)\b)/g, '\n$1')).toMatchSnapshot()
})
