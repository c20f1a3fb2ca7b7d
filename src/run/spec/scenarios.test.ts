import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
// What Vitest searches with.
import { globSync } from 'tinyglobby'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { escapedGlob, nodeModulesBut } from './scenarios.ts'

const STORED = 'node_modules/.pnpm/mailstorm@file+..+mailstorm.tgz_(a)@1/node_modules/mailstorm'
let root = ''

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mailstorm-globs-'))
  for (const path of [
    'stress/own.stress.ts',
    'packages/mail/stress/mail.stress.ts',
    'packages/mail/node_modules/other/a.stress.js',
    'node_modules/a.stress.js',
    'node_modules/other/a.stress.js',
    'node_modules/.pnpm/a.stress.js',
    'node_modules/.pnpm/mailstorm@0.0.9/node_modules/mailstorm/dist/suites/smtp/burst.stress.js',
    `${STORED}/a.stress.js`,
    `${STORED}/dist/src/a.stress.js`,
    `${STORED}/../other/a.stress.js`,
  ])
    write(path)
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

test.for([
  { manager: 'npm', folder: 'node_modules/mailstorm' },
  {
    manager: 'pnpm',
    folder: STORED,
    links: ['node_modules/mailstorm', 'packages/mail/node_modules/mailstorm'],
  },
  { manager: 'npm for a package of a workspace', folder: 'packages/mail/node_modules/mailstorm' },
])('of all node_modules one suite is found, once, as $manager installs it', ({ folder, links = [] }) => {
  write(`${folder}/dist/suites/smtp/burst.stress.js`)
  for (const link of links) symlinkSync(join(root, folder), join(root, link))
  expect(found('.', folder)).toEqual([
    `${folder}/dist/suites/smtp/burst.stress.js`,
    'packages/mail/stress/mail.stress.ts',
    'stress/own.stress.ts',
  ])
})

test('installed above the folder that is searched it is found too, and nothing else of node_modules', () => {
  write(`${STORED}/dist/suites/smtp/burst.stress.js`)
  symlinkSync(join(root, STORED), join(root, 'packages/mail/node_modules/mailstorm'))
  expect(found('packages/mail', `../../${STORED}`)).toEqual([
    `../../${STORED}/dist/suites/smtp/burst.stress.js`,
    'stress/mail.stress.ts',
  ])
})

function found(from: string, folder: string): string[] {
  const suites = `${folder}/dist/suites`
  return globSync(['**/*.stress.{ts,js}', escapedGlob(`${suites}/smtp/burst.stress.js`)], {
    cwd: join(root, from),
    ignore: nodeModulesBut(suites),
    dot: true,
    expandDirectories: false,
  }).toSorted()
}

function write(path: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), '')
}
