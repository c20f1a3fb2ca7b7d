import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { renderPage } from '../kinds.ts'
import { writeIndex, writeReport } from './files.ts'
import { probeResult } from './probe.fixture.ts'

const ASSETS = { css: '', script: '' }

test('a check is a row with a cell to each server, and replies are text', () => {
  const page = renderPage(probeResult(), ASSETS)
  const [checks = ''] = /<section id="checks".*?<\/section>/s.exec(page) ?? []
  const rows = [...checks.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, cells = '']) =>
    cells.split(/<\/t[hd]>/).map((cell) => cell.replaceAll(/<[^>]+>/g, '').trim()),
  )
  expect(rows).toEqual([
    ['Check', 'RFC', '127.0.0.1:2525', '127.0.0.1:2526', ''],
    ['RSET ends a transaction', '5321 4.1.1.5', '✓conforms', '✗deviates the reply to RSET is not 250', ''],
    ['STARTTLS is offered', '3207 4', '–not offered', '?unknown nothing in 2 s', ''],
  ])
  expect(page).toContain('502 &lt;b&gt;no&lt;/b&gt;')
  expect(page).toContain('127.0.0.1:2526: 0 conform, 1 deviate, 0 not offered, 1 unknown.')
})

test('what concerns the whole of a probe stands with its counts', () => {
  const { targets, ...result } = probeResult()
  const [first, ...others] = targets
  if (first === undefined) throw new Error('the fixture has no target')
  const gone = { ...first, remarks: ['It is gone: <b>nothing</b> listens.'] }
  const page = renderPage({ ...result, targets: [gone, ...others] }, ASSETS)
  expect(page).toContain('1 not offered, 0 unknown. It is gone: &lt;b&gt;nothing&lt;/b&gt; listens.</li>')
})

test('the page stands beside the JSON, and the index leads to it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-probe-page-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const json = join(folder, '20260102-030405-probe.json')
  await writeFile(json, JSON.stringify(probeResult()))
  const path = await writeReport(json, probeResult())
  expect(path).toBe(join(folder, '20260102-030405-probe.html'))
  expect(await readFile(path, 'utf8')).toContain('RSET ends a transaction')
  const index = await readFile(await writeIndex(folder), 'utf8')
  expect(index).toContain('<a href="./20260102-030405-probe.html">probe</a>')
})
