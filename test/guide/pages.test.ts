import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from './guide.ts'

const PAGES = ['*.md', '{docs,src,containers,deploy,test,bench}/**/*.md'].flatMap((glob) =>
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
