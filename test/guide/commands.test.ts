import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ENVIRONMENT } from '../../src/options/environment.ts'
import { SETTINGS } from '../../src/programs/proxy/options.ts'
import { builtInScenarios } from '../../src/run/spec/scenarios.ts'
import { code, GUIDE, mailstormCommands, ROOT } from './guide.ts'

const scenarios = builtInScenarios().map(({ name }) => name)
const shown = code()
const helps = new Map<string, string>()

function helpOf(command: string): string {
  const known = helps.get(command)
  if (known !== undefined) return known
  const words = [...command.split(' ').filter((word) => word !== ''), '--help']
  const help = execFileSync(process.execPath, ['src/cli.ts', ...words], { cwd: ROOT, encoding: 'utf8' })
  helps.set(command, help)
  return help
}

test('every command exists, with the options that it is given', () => {
  const all = /^ {2}([a-z]+)/gm
  const known = [...helpOf('').matchAll(all)].map(([, name]) => name)
  const commands = mailstormCommands().filter(([name]) => name !== '--help')
  expect(commands.length).toBeGreaterThan(40)
  for (const [name = '', sub = '', ...rest] of commands) {
    expect(known, `npx mailstorm ${name}`).toContain(name)
    const help = helpOf(name === 'baseline' ? `baseline ${sub}` : name)
    for (const flag of [sub, ...rest].filter((word) => word.startsWith('--')))
      expect(help, `npx mailstorm ${name} ${flag}`).toContain(flag)
  }
})

test('every scenario that is run exists', () => {
  const run = mailstormCommands().flatMap(([name, scenario]) => (name === 'run' ? [scenario] : []))
  const named = [...shown.matchAll(/-t (?:'([\w-]+) > [^']*'|([\w-]+))/g)].map(([, row, name]) => row ?? name)
  // The title of a worker's row goes on with a comma.
  for (const [, row] of shown.matchAll(/-t '[\w-]+ > ([^']*)'/g)) expect(row).toMatch(/^worker \d+,$/)
  for (const name of [...run, ...named]) if (name !== 'NAME') expect(scenarios, name).toContain(name)
})

test('every scenario that exists is in the tables', () => {
  const rows = [...GUIDE.matchAll(/^\| `([\w-]+)`(?: ●)? \| /gm)].map(([, name]) => name)
  const examples = ['own-metrics']
  for (const name of scenarios) if (!examples.includes(name)) expect(rows, name).toContain(name)
})

test('every variable exists', () => {
  const variables = [
    ...Object.keys(ENVIRONMENT.shape),
    ...Object.values(SETTINGS).map(({ variable }) => variable),
  ]
  // Of the sink, which is configured as MailHog is (src/programs/sink/options.ts).
  const sink = /^(MH|SINK)_/
  const named = [
    ...shown.matchAll(/\b((?:STRESS|SMTP|GMP|PROXY|PRESSURE|MSG|DND|ATTACHMENT|LARGE)_[A-Z_]+[A-Z])\b/g),
  ]
  // Names of errors, in the table of errors.
  const errors = new Set([...GUIDE.matchAll(/\(`([A-Z_0-9]+)`\)/g)].map(([, name]) => name))
  const names = new Set(named.map(([, name = '']) => name).filter((name) => !sink.test(name)))
  expect(names.size).toBeGreaterThan(30)
  expect([...names].filter((name) => !errors.has(name) && !variables.includes(name))).toEqual([])
})

test('every file that is linked or applied exists, and every heading', () => {
  const links = [...GUIDE.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target)
  const headings = [...GUIDE.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
  expect(links.length).toBeGreaterThan(30)
  for (const link of links) {
    const [path = '', anchor] = link.split('#')
    if (link.startsWith('http')) continue
    if (path === '') expect(headings, link).toContain(anchor)
    else expect(existsSync(join(ROOT, 'docs', path)), link).toBe(true)
  }
  for (const [, folder = ''] of shown.matchAll(/kubectl apply -k (\S+)/g))
    expect(existsSync(join(ROOT, folder, 'kustomization.yaml')), folder).toBe(true)
})

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
