import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { wasRight } from './guesses.ts'
import { keep, planOf } from './measure/plan.ts'
import { figuresOf, RECORDS_FOLDER, readRecord, STEP_NAMES } from './record.ts'
import { readServerFile } from './server-file.ts'

const name = 'postfix'
const file = readServerFile(name)

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailstorm-records-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('what was measured is passed over, until the version is another or it is asked for again', async () => {
  const folder = emptyFolder()
  const wanted = ['store', 'recipients'] as const
  expect(planOf(name, file, { wanted, again: false, folder }).steps).toEqual(wanted)
  await keep({ name, file }, 'recipients', { bound: 2_000, accepted: 3, next: '452 no more' }, folder)
  expect(planOf(name, file, { wanted, again: false, folder }).steps).toEqual(['store'])
  expect(planOf(name, file, { wanted, again: true, folder }).steps).toEqual(wanted)
  expect(planOf(name, { ...file, version: '9' }, { wanted, again: false, folder }).steps).toEqual(wanted)
})

test('a step has its figures, or the reason why it has none, with the version and the time', async () => {
  const folder = emptyFolder()
  await keep({ name, file }, 'recipients', { bound: 2_000, accepted: 3, next: null }, folder)
  await keep({ name, file }, 'store', { why_none: 'it keeps a queue' }, folder)
  const record = readRecord(join(folder, 'postfix.json'))
  expect(figuresOf(record, 'recipients')).toMatchObject({ accepted: 3, mailstorm: expect.any(String) })
  expect(figuresOf(record, 'store')).toBeUndefined()
  expect(Date.parse(record.steps.store?.measured_at ?? '')).toBeGreaterThan(0)
  expect(Object.keys(record.steps)).toEqual(STEP_NAMES.filter((step) => step in record.steps))
})

test('a record that is none is named, with what is wrong in it', () => {
  const path = join(emptyFolder(), 'odd.json')
  writeFileSync(path, JSON.stringify({ ...readRecord(join(RECORDS_FOLDER, 'postfix.json')), version: 3 }))
  expect(() => readRecord(path)).toThrow(/odd\.json: .*expected string.*version/s)
})

test('a guess was right when the truth says it in the same words', () => {
  expect(wasRight({ property: 'PIPELINING', guess: 'Offered', truth: 'offered' })).toBe(true)
  expect(wasRight({ property: 'idle limit', guess: '300 s', truth: '30 s, 421' })).toBe(false)
})
