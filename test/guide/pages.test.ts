import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './guide.ts'

const PAGES = ['*.md', '{docs,src,containers,deploy,test,bench,findings}/**/*.md'].flatMap((glob) =>
  globSync(glob, { cwd: ROOT }).map((page) => ({ page, text: readFileSync(join(ROOT, page), 'utf8') })),
)
/** Code that a page shows names files of its reader. */
const prose = (text: string) => text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '')

test('every link to a file leads to one', () => {
  const broken = PAGES.flatMap(({ page, text }) =>
    [...prose(text).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, link = '']) => link)
      .filter((link) => !existsSync(join(ROOT, dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  )
  expect(PAGES.length).toBeGreaterThan(50)
  expect(broken).toEqual([])
})

test('every path of the repository that is named exists', () => {
  const path =
    /`((?:src|test|fixtures|containers|reporters|suites|deploy|docs|bench|scripts)\/[\w./-]*\w)\/?`/g
  const missing = PAGES.flatMap(({ page, text }) =>
    [...prose(text).matchAll(path)]
      .map(([, named = '']) => named)
      .filter((named) => !['', '.ts'].some((ending) => existsSync(join(ROOT, named + ending))))
      .map((named) => `${page}: ${named}`),
  )
  expect(missing).toEqual([])
})

test.for([
  ['docs/decisions/*.md', 60],
  ['{src,containers}/**/README.md', 40],
] as const)('%s have at most %i lines', ([glob, most]) => {
  const lines = globSync(glob, { cwd: ROOT }).map((page) => ({
    page,
    lines: readFileSync(join(ROOT, page), 'utf8').trimEnd().split('\n').length,
  }))
  expect(lines.length).toBeGreaterThan(10)
  expect(lines.filter(({ lines }) => lines > most)).toEqual([])
})

test('each finding has its row, with the date that its header has', () => {
  const rows = readFileSync(join(ROOT, 'findings/README.md'), 'utf8')
    .split('\n')
    .flatMap((line) => line.match(/^\| \[([\w-]+)\]\(\1\.sh\) \| .+ \| .+ \| (\d{4}-\d\d-\d\d) \|$/) ?? [])
  const listed = rows.flatMap((_, index) => (index % 3 === 1 ? [[rows[index], rows[index + 1]]] : []))
  const seen = globSync('findings/*.sh', { cwd: ROOT }).map((script) => [
    basename(script, '.sh'),
    readFileSync(join(ROOT, script), 'utf8').match(/[Ss]een on (\d{4}-\d\d-\d\d)/)?.[1],
  ])
  expect(seen.length).toBeGreaterThan(10)
  expect(listed.toSorted()).toEqual(seen.toSorted())
})
