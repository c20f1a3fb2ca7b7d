import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BARE_ENVIRONMENT } from '../child-process.ts'

const ROOT = join(import.meta.dirname, '../..')
const CONTRIBUTING = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
const copy = mkdtempSync(join(tmpdir(), 'mailstorm-recipes-'))

/** What the recipes of CONTRIBUTING.md write: blocks of code that begin with the path of their file. */
const WRITTEN = [...CONTRIBUTING.matchAll(/^ *```ts\n *\/\/ (\S+\.ts)\n([\s\S]*?)^ *```/gm)]
const FIGURES = 'src/figures/smtp.ts'
const FIGURE = /^ *\/\/ in the list of src\/figures\/smtp\.ts\n([\s\S]*?)^ *```/m.exec(CONTRIBUTING)
/** The lines that recipes add to a list that is there. */
const BLOCK = /^2\. Add it to `body` in [^:]*: `([^`]+)`\./m.exec(CONTRIBUTING)
const REPORTER =
  /^3\. Import it in `src\/vitest\.ts`, and add it to `kept` in `stressReporters\(\)`: `([^`]+)`\./m.exec(
    CONTRIBUTING,
  )
const DOCUMENT = 'src/report/documents/smtp.ts'
const REPORTERS = 'src/vitest.ts'
const REGISTRY = 'src/engine/executors/registry.ts'

beforeAll(() => {
  for (const part of ['src', 'fixtures', 'containers', 'reporters', 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  cpSync(join(ROOT, 'vitest.stress.config.ts'), join(copy, 'vitest.stress.config.ts'))
  cpSync(join(ROOT, 'suites'), join(copy, 'suites'), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const [, path = '', text = ''] of WRITTEN) {
    mkdirSync(join(copy, dirname(path)), { recursive: true })
    writeFileSync(join(copy, path), text)
  }
  // The one line of the executor's recipe, and the import that it takes.
  const registry = readFileSync(join(copy, REGISTRY), 'utf8')
  const registered = registry
    .replace(/^/, "import { spacedIterations } from './spaced-iterations.ts'\n")
    .replace('\n] as const', '\n  spacedIterations,\n] as const')
  writeFileSync(join(copy, REGISTRY), registered)
  // The one entry of the figure's recipe.
  const figures = readFileSync(join(copy, FIGURES), 'utf8')
  writeFileSync(join(copy, FIGURES), figures.replace(/^ *\.\.\.LATENCIES/m, `${FIGURE?.[1]}$&`))
  addTo(DOCUMENT, "import { volumeBlock } from './volume.ts'", 'circumstancesBlock(result),', BLOCK?.[1])
  addTo(
    REPORTERS,
    "import VerdictReporter from '../reporters/verdict-reporter.ts'",
    'new ProbeReporter(),',
    REPORTER?.[1],
  )
})

/** The import and the one line of a recipe, before a line of the same list. */
function addTo(path: string, imported: string, before: string, line: string | undefined): void {
  const text = readFileSync(join(copy, path), 'utf8')
  expect(text, path).toContain(before)
  expect(line, `the line that CONTRIBUTING.md adds to ${path}`).toBeDefined()
  writeFileSync(join(copy, path), `${imported}\n${text.replace(before, `${line}\n${before}`)}`)
}

afterAll(() => rmSync(copy, { recursive: true, force: true }))

const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: copy,
    env: { ...BARE_ENVIRONMENT, HOME: process.env.HOME, NO_COLOR: '1', CI: '1', ...env },
  })
  return stdout
}

const stress = (name: string, env: NodeJS.ProcessEnv) =>
  run(
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config',
      'vitest.stress.config.ts',
      '-t',
      name,
      `/${name}.stress.ts`,
    ],
    {
      STRESS_BACKEND: 'embedded',
      SMTP_SERVERS: '1',
      STRESS_COOLDOWN: '0',
      ...env,
    },
  )
const latest = () => JSON.parse(readFileSync(join(copy, 'results/latest.json'), 'utf8'))

/** One run of the recipes' scenario, with their executor, block and reporter. */
let said: string
beforeAll(async () => {
  said = await stress('spaced', {})
}, 60_000)

test('an executor is one file and one line, and a scenario one file that names it', () => {
  expect(WRITTEN.map(([, path]) => path)).toContain('src/engine/executors/spaced-iterations.ts')
  expect(latest()).toMatchObject({
    scenario: 'spaced',
    verdict: 'PASSED',
    workload: { executor: 'spaced-iterations', model: 'closed', planned: 20 },
    metrics: { successful_messages: 20 },
  })
})

test('the new executor is a mode of custom, with the variables that it takes', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  await stress('custom', { STRESS_MODE: 'spaced-iterations', STRESS_MESSAGES: '6', STRESS_WORKERS: '2' })
  expect(latest()).toMatchObject({
    scenario: 'custom',
    workload: { executor: 'spaced-iterations', planned: 6, workers: 2 },
  })
  await expect(stress('custom', { STRESS_MODE: 'spaced-iterations', STRESS_RATE: '5' })).rejects.toThrow(
    'STRESS_RATE cannot be used with STRESS_MODE=spaced-iterations, which sends each message a while after',
  )
})

test('a service is one file: it starts, says where it is, and stops', async () => {
  expect(WRITTEN.map(([, path]) => path)).toContain('containers/greeter.ts')
  const answer = await run([
    '--input-type=module-typescript',
    '--eval',
    `import { embeddedGreeter } from './containers/greeter.ts'
     import { connect } from 'node:net'
     import { once } from 'node:events'
     const greeter = await embeddedGreeter({ greeting: '220 mail.test' }).start()
     const socket = connect(greeter.port, '127.0.0.1')
     const [line] = await once(socket, 'data')
     await greeter.stop()
     await greeter.stop()
     console.log(String(line).trim(), greeter.endedBy)`,
  ])
  expect(answer.trim()).toBe('220 mail.test undefined')
}, 60_000)

test('a figure is one entry: thresholds, comparisons, JUnit and Prometheus have it', async () => {
  await stress('custom', {
    STRESS_MESSAGES: '12',
    STRESS_WORKERS: '2',
    STRESS_THRESHOLDS: 'messages_per_session>=1',
  })
  expect(latest().thresholds).toContainEqual(
    expect.objectContaining({ metric: 'messages_per_session', unit: 'number', value: 6, verdict: 'pass' }),
  )
  expect(readFileSync(join(copy, 'results/junit.xml'), 'utf8')).toContain(
    '<property name="messages_per_session" value="6"/>',
  )
  const compared = await run(['src/cli.ts', 'compare', 'results/latest.json', 'results/latest.json'])
  expect(compared).toMatch(/^ {2}messages per session +6 +6 /m)
  const exposition = await run([
    '--input-type=module-typescript',
    '--eval',
    `import { readFileSync } from 'node:fs'
     import { RunExposition } from './src/report/prometheus.ts'
     const exposition = new RunExposition()
     exposition.finish(JSON.parse(readFileSync('results/latest.json', 'utf8')))
     console.log(await exposition.text({ cpuSeconds: 0, memoryBytes: 0 }))`,
  ])
  expect(exposition).toContain('mailstorm_result_messages_per_session{scenario="custom",part=""} 6\n')
  await expect(stress('custom', { STRESS_THRESHOLDS: 'messages_per_sesion>1' })).rejects.toThrow(
    'Did you mean messages_per_session?',
  )
}, 60_000)

test('a block of the reports is one file and one line, a reporter two files and one line', () => {
  const paths = WRITTEN.map(([, path]) => path)
  expect(paths.filter((path) => path?.startsWith('src/report/documents/'))).toHaveLength(1)
  expect(paths.filter((path) => /verdict-(line|reporter)\.ts$/.test(path ?? ''))).toHaveLength(2)
  expect(said).toMatch(/^verdict spaced PASSED$/m)
  const results = readdirSync(join(copy, 'results'))
  const [page = ''] = results.filter((file) => file.endsWith('-spaced.html'))
  const [markdown = ''] = results.filter((file) => file.endsWith('-spaced.md'))
  for (const file of [page, markdown])
    expect(readFileSync(join(copy, 'results', file), 'utf8')).toMatch(/Volume[\s\S]*Sessions opened/)
  expect(said).toMatch(/^Volume:\n {2}Sessions opened: +\d+$/m)
})

test('what the recipes write is typed, formatted and in its rooms', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const files = [...WRITTEN.map(([, path = '']) => path)]
  for (const file of files) {
    const text = readFileSync(join(copy, file), 'utf8')
    const indent = /^ */.exec(text)?.[0] ?? ''
    writeFileSync(join(copy, file), `${text.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd()}\n`)
  }
  for (const file of ['biome.json', 'tsconfig.build.json', '.dependency-cruiser.cjs'])
    cpSync(join(ROOT, file), join(copy, file))
  await run(['node_modules/@biomejs/biome/bin/biome', 'check', '--vcs-enabled=false', ...files])
  await run(['node_modules/typescript7/bin/tsc', '--noEmit', '-p', 'tsconfig.build.json'])
  await run([
    'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
    'src',
    'fixtures',
    'containers',
    'reporters',
    'suites',
  ])
})
