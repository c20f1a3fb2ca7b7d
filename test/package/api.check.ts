import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { apiPage, apiReports } from '../../scripts/package/api.ts'
import { CLONE } from './repository.ts'

// A change that is meant: npm run docs writes them anew, and the review shows what changes for those who use the package.

let reports: ReadonlyMap<string, string>

beforeAll(() => {
  reports = apiReports(CLONE)
})

test('the public face is as docs/api reports it (else: npm run docs)', () => {
  const folder = join(CLONE, 'docs/api')
  expect(readdirSync(folder).toSorted()).toEqual([...reports.keys()].toSorted())
  for (const [name, text] of reports) expect(text).toBe(readFileSync(join(folder, name), 'utf8'))
})

test('docs/api.md is as the doc comments say it (else: npm run docs)', async () => {
  expect(existsSync(join(CLONE, 'docs/api.md'))).toBe(true)
  expect(await apiPage(CLONE)).toBe(readFileSync(join(CLONE, 'docs/api.md'), 'utf8'))
})

test('docs/api.md says what every member, parameter and variant is', () => {
  const lines = readFileSync(join(CLONE, 'docs/api.md'), 'utf8').split('\n')
  const silent = lines.filter(
    (line) =>
      / - \|$/.test(line) || /^\| (Parameter|Property|Name) \| Type \|( Default value \|)?$/.test(line),
  )
  expect(silent).toEqual([])
})

test('every symbol of a door has a doc comment', () => {
  const undocumented = [...reports].flatMap(([name, text]) =>
    [...text.matchAll(/\(undocumented\)\n(export [^\n{=(]*)/g)].map(
      ([, declaration]) => `${name}: ${declaration}`,
    ),
  )
  expect(undocumented).toEqual([])
})
