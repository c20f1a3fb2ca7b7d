import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { burstResult } from '../report/result.fixture.ts'
import { addLogArchive } from './log-archive.ts'
import { claimName, fileNameOf } from './run-name.ts'
import { LATEST, storeResult } from './store.ts'

const STAMP = '20260102-030405'

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstorm-names-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function runIdsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== LATEST)
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  return texts.map((text) => (JSON.parse(text) as { run_id: string }).run_id).toSorted()
}

test.for([
  ['burst', null, 'burst'],
  ['mixed', 'xlarge', 'mixed--xlarge'],
  ['all', '01-smoke', 'all--01-smoke'],
  ['scaling', '2 servers', 'scaling--2_servers'],
  ['../../etc/passwd', null, 'etc-passwd-8c8931e4'],
  ['über alles: 5 %', '', 'uber-alles-5-7948d5e6--run-12ae32cb'],
] as const)('%s / %s has files named %s', ([scenario, part, name]) => {
  expect(fileNameOf({ stamp: STAMP, scenario, part })).toBe(`${STAMP}-${name}`)
})

test('a name is portable, and no two scenarios share one, also where case is not told apart', () => {
  const words = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.stringMatching(/^[aAbB12 ._/-]{1,8}$/),
    fc.constantFrom('café', 'cafe', 'caf?', 'a/b', 'a?b', 'a-b', 'Burst', 'burst', 'burst.2', 'probe', 'NUL'),
  )
  const runs = fc.record({ scenario: words, part: fc.option(words) })
  fc.assert(
    fc.property(runs, runs, (a, b) => {
      const names = [a, b].map((run) => fileNameOf({ stamp: STAMP, ...run }))
      for (const name of names) {
        expect(name).toMatch(/^\d{8}-\d{6}-[a-z0-9][a-z0-9._-]*$/)
        expect(`${name}-logs.tar.gz`.length).toBeLessThan(200)
      }
      const same = a.scenario === b.scenario && a.part === b.part
      expect(names[0] === names[1]).toBe(same)
    }),
    { numRuns: 300 },
  )
})

test('thirty runs of one second that are written at once are all kept', async () => {
  const folder = await temporaryFolder()
  const ids = Array.from({ length: 30 }, (_, n) => `run${n}`)
  const stored = await Promise.all(ids.map((id) => storeResult(folder, burstResult({ run_id: id }), id)))
  expect(await runIdsIn(folder)).toEqual(ids.toSorted())
  for (const [place, { json, markdown }] of stored.entries()) {
    expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({ run_id: ids[place] })
    expect(await readFile(markdown, 'utf8')).toBe(ids[place])
  }
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
})

const STORING = `
const { storeResult } = await import(process.argv[1])
const { burstResult } = await import(process.argv[2])
const { writeReport } = await import(process.argv[3])
const [folder, process_] = process.argv.slice(4)
for (let n = 0; n < 8; n++) {
  const start = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, n * 10 + Number(process_))).toISOString()
  const base = burstResult()
  const result = burstResult({ run_id: 'p' + process_ + 'r' + n, metrics: { ...base.metrics, start_time: start } })
  const { json } = await storeResult(folder, result, result.run_id)
  await writeReport(json, result)
}`

test('two processes of the same second keep all their files, and latest.json is the newest run', async () => {
  const folder = await temporaryFolder()
  const modules = ['store.ts', '../report/result.fixture.ts', '../report/html/files.ts'].map(
    (path) => pathToFileURL(join(import.meta.dirname, path)).href,
  )
  const store = (index: number) =>
    promisify(execFile)(process.execPath, [
      ...['--input-type=module', '-e', STORING],
      ...modules,
      folder,
      String(index),
    ])
  await Promise.all([store(0), store(1)])
  const ids = [0, 1].flatMap((index) => Array.from({ length: 8 }, (_, n) => `p${index}r${n}`))
  expect(await runIdsIn(folder)).toEqual(ids)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'))
  expect(names).toHaveLength(16)
  for (const name of names) {
    const id = await readFile(join(folder, name), 'utf8')
    const json = await readFile(join(folder, name.replace(/md$/, 'json')), 'utf8')
    expect(JSON.parse(json)).toMatchObject({ run_id: id })
    expect(await readFile(join(folder, name.replace(/md$/, 'html')), 'utf8')).toContain(id)
  }
  const latest = JSON.parse(await readFile(join(folder, LATEST), 'utf8')) as { run_id: string }
  expect(latest.run_id).toBe('p1r7')
}, 30_000)

test('the archive of logs takes the name first, and the result of that run has it', async () => {
  const folder = await temporaryFolder()
  const mine = burstResult({ run_id: 'mine', logs: `${STAMP}-burst-logs.tar.gz` })
  expect(await claimName(folder, mine)).toBe(`${STAMP}-burst`)
  const other = await storeResult(folder, burstResult({ run_id: 'other' }), '')
  expect(other.json).toBe(join(folder, `${STAMP}-burst.2.json`))
  expect((await storeResult(folder, mine, '')).json).toBe(join(folder, `${STAMP}-burst.json`))
})

test('a claim that a run left behind when it was killed is never taken for its result', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, `.${STAMP}-burst.claim`), '')
  expect(await claimName(folder, burstResult())).toBe(`${STAMP}-burst.2`)
})

test('archives of the same second stand beside each other', async () => {
  const folder = await temporaryFolder()
  const paths = await Promise.all(
    ['one', 'two'].map((line) =>
      addLogArchive(folder, STAMP, [{ name: 'a.log', lines: [line] }], new Date(0)),
    ),
  )
  expect(paths.toSorted()).toEqual([
    join(folder, `${STAMP}-logs.2.tar.gz`),
    join(folder, `${STAMP}-logs.tar.gz`),
  ])
})
