import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { burstResult } from '../report/result.fixture.ts'
import { LATEST, storeError, storeResult } from './store.ts'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-store-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8'))
}

test('writes the JSON, the Markdown beside it and latest.json, and leaves no temporary file', async () => {
  const folder = join(await temporaryFolder(), 'not', 'there', 'yet')
  const result = burstResult()
  const stored = await storeResult(folder, result, '# burst\n')
  expect((await readdir(folder)).toSorted()).toEqual([
    '20260102-030405-burst.json',
    '20260102-030405-burst.md',
    LATEST,
  ])
  expect(await readJson(stored.json)).toEqual(result)
  expect(await readJson(join(folder, LATEST))).toEqual(result)
  expect(await readFile(stored.markdown, 'utf8')).toBe('# burst\n')
})

test('replaces the same run, and gives another run of the same second a number', async () => {
  const folder = await temporaryFolder()
  await storeResult(folder, burstResult({ seed: 1 }), '')
  const again = await storeResult(folder, burstResult({ seed: 2 }), '')
  expect(again.json).toBe(join(folder, '20260102-030405-burst.json'))
  expect(await readJson(again.json)).toMatchObject({ seed: 2 })
  const other = await storeResult(folder, burstResult({ run_id: 'other' }), '')
  expect(other.json).toBe(join(folder, '20260102-030405-burst.2.json'))
  expect(other.markdown).toBe(join(folder, '20260102-030405-burst.2.md'))
  expect(await readJson(again.json)).toMatchObject({ seed: 2 })
})

test('never writes over a file that is not a result', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, '20260102-030405-burst.json'), 'notes, not JSON')
  const stored = await storeResult(folder, burstResult(), '')
  expect(stored.json).toBe(join(folder, '20260102-030405-burst.2.json'))
  expect(await readFile(join(folder, '20260102-030405-burst.json'), 'utf8')).toBe('notes, not JSON')
})

test('latest.json stays with the newest run when an older one is written after it', async () => {
  const folder = await temporaryFolder()
  await storeResult(folder, burstResult({ stamp: '20260102-030405', run_id: 'new' }), '')
  await storeResult(folder, burstResult({ stamp: '20250102-030405', run_id: 'old' }), '')
  expect(await readJson(join(folder, LATEST))).toMatchObject({ run_id: 'new' })
  await storeResult(folder, burstResult({ stamp: '20270102-030405', run_id: 'newer' }), '')
  expect(await readJson(join(folder, LATEST))).toMatchObject({ run_id: 'newer' })
})

test('replaces a latest.json that is damaged', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, LATEST), '{"stamp": "2026')
  await storeResult(folder, burstResult(), '')
  expect(await readJson(join(folder, LATEST))).toMatchObject({ run_id: 'b7f3a1c2' })
})

test('a latest.json that cannot be replaced costs the run neither its files nor their names', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, LATEST))
  const { json, latestFailure } = await storeResult(folder, burstResult(), '# run')
  expect(await readJson(json)).toMatchObject({ run_id: 'b7f3a1c2' })
  expect(latestFailure?.message).toContain(`Failed to write results to "${join(folder, LATEST)}": `)
})

test('says that the folder is not a folder, and what to set', async () => {
  const file = join(await temporaryFolder(), 'results')
  await writeFile(file, '')
  await expect(storeResult(file, burstResult(), '')).rejects.toThrow(
    `Failed to write results to "${file}": it is not a folder (EEXIST).\nSet STRESS_RESULTS_DIR to a folder.`,
  )
  const below = join(file, 'below')
  await expect(storeResult(below, burstResult(), '')).rejects.toMatchObject({
    code: 'RESULTS_NOT_WRITTEN',
    message: expect.stringContaining(`"${below}": it is not a folder (ENOTDIR)`),
  })
})

test.for([
  {
    code: 'ENOSPC',
    says: 'Failed to write results to "results": the disk is full (ENOSPC).\nFree some space',
  },
  {
    code: 'EROFS',
    says: 'Failed to write results to "results": the file system is read-only (EROFS).\nSet STRESS_R',
  },
  {
    code: 'EACCES',
    says: 'Failed to write results to "results": permission denied (EACCES).\nSet STRESS_RESULTS_DIR',
  },
  { code: 'EIO', says: 'Failed to write results to "results": raw text (EIO).\nSet STRESS_RESULTS_DIR' },
])('explains $code', ({ code, says }) => {
  const text = code === 'EIO' ? 'raw text (EIO)' : 'raw text'
  expect(storeError('results', Object.assign(new Error(text), { code })).message).toContain(says)
})
