import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { inspectRepository, listeningServers, templatesFor, writeTemplates } from './init.ts'

function repository(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'mailstorm-init-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const read = (...path: string[]) => readFileSync(join(...path), 'utf8')

describe('what is found out', () => {
  test.each([
    ['npm init -y', { 'package.json': '{"type":"commonjs"}' }, 'stress/newsletter.stress.mjs'],
    ['JavaScript modules', { 'package.json': '{"type":"module"}' }, 'stress/newsletter.stress.js'],
    ['TypeScript', { 'package.json': '{}', 'tsconfig.json': '{}' }, 'stress/newsletter.stress.mts'],
    [
      'TypeScript modules',
      { 'package.json': '{"type":"module","devDependencies":{"typescript":"^7"}}' },
      'stress/newsletter.stress.ts',
    ],
  ])('%s decides the extension of the scenario', (_, files, scenario) => {
    const paths = templatesFor(inspectRepository(repository(files))).map(({ path }) => path)
    expect(paths).toEqual(['vitest.stress.config.ts', scenario, '.github/workflows/stress.yml'])
  })

  test.each([
    [{ type: 'commonjs' }, 'module.exports = stressConfig()'],
    [{ type: 'module' }, 'export default stressConfig()'],
    [{ type: 'commonjs', devDependencies: { typescript: '^7' } }, 'export default stressConfig()'],
  ])('%j decides the syntax of the configuration', (manifest, line) => {
    const root = repository({ 'package.json': JSON.stringify(manifest) })
    const [config] = templatesFor(inspectRepository(root))
    expect(config?.text.split('\n')).toContain(line)
  })

  test.each([
    ['nothing', {}, 'npm ci', 'npx vitest run'],
    ['pnpm-lock.yaml', { 'pnpm-lock.yaml': '' }, 'pnpm install --frozen-lockfile', 'pnpm exec vitest run'],
    ['yarn.lock of Yarn 4', { 'yarn.lock': '__metadata:\n' }, 'yarn install --immutable', 'yarn vitest run'],
    [
      'yarn.lock of Yarn 1',
      { 'yarn.lock': '# yarn lockfile v1\n' },
      'yarn install --frozen-lockfile',
      'yarn vitest run',
    ],
  ])('the package manager, by %s', (_, files, install, run) => {
    const root = repository({ 'package.json': '{}', ...files })
    const [, , workflow] = templatesFor(inspectRepository(root))
    const { jobs } = parse(workflow?.text ?? '')
    const commands = jobs.stress.steps.map((step: { run?: string }) => step.run ?? '')
    expect(commands).toContain(install)
    expect(commands).toContain(`${run} --config vitest.stress.config.ts`)
  })

  test('the top of the Git repository, where GitHub looks for workflows', () => {
    const top = repository({ '.git/HEAD': '', '.nvmrc': '22', 'packages/mta/package.json': '{}' })
    const root = join(top, 'packages/mta')
    expect(writeTemplates(inspectRepository(root)).written).toContain('../../.github/workflows/stress.yml')
    const { jobs } = parse(read(top, '.github/workflows/stress.yml'))
    expect(jobs.stress.defaults.run['working-directory']).toBe('packages/mta')
    expect(jobs.stress.steps[1].with).toEqual({ 'node-version-file': '.nvmrc' })
    expect(jobs.stress.steps.at(-1).with.path).toBe('packages/mta/results/')
  })

  test('which ports of this machine greet as a mail server does', async () => {
    const ports = await Promise.all(
      ['220 here\r\n', 'HTTP/1.1 400\r\n', ''].map(async (greeting) => {
        const server = createServer((socket) => socket.on('error', () => undefined).write(greeting))
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        onTestFinished(() => void server.close())
        return (server.address() as AddressInfo).port
      }),
    )
    expect(await listeningServers(ports)).toEqual(ports.slice(0, 1))
  })

  test('no package.json is said, with what to do', () => {
    const root = repository({})
    expect(() => inspectRepository(root)).toThrow(
      `Failed to set up mailstorm: there is no package.json in ${root}.\nGo to the folder of your package, or make one with: npm init -y`,
    )
  })

  test('a package.json that is none is said', () => {
    const root = repository({ 'package.json': '{' })
    expect(() => inspectRepository(root)).toThrow(`Failed to read ${join(root, 'package.json')}`)
  })
})

describe('what is there already', () => {
  test('is never overwritten, and said', () => {
    const root = repository({
      'package.json': '{}',
      'vitest.stress.config.ts': 'mine',
      '.gitignore': 'node_modules\n/results\n.mailstorm/',
    })
    expect(writeTemplates(inspectRepository(root))).toEqual({
      written: ['stress/newsletter.stress.mjs', '.github/workflows/stress.yml'],
      left: ['vitest.stress.config.ts', '.gitignore'],
    })
    expect(read(root, 'vitest.stress.config.ts')).toBe('mine')
    expect(read(root, '.gitignore')).toBe('node_modules\n/results\n.mailstorm/')
  })

  test('a second time changes nothing', () => {
    const root = repository({ 'package.json': '{}' })
    expect(writeTemplates(inspectRepository(root)).left).toEqual([])
    expect(writeTemplates(inspectRepository(root)).written).toEqual([])
  })

  test('.gitignore gets only the lines that it lacks, behind what it has', () => {
    const root = repository({ 'package.json': '{}', '.gitignore': 'results/\ndist' })
    expect(writeTemplates(inspectRepository(root)).written).toContain('.gitignore')
    expect(read(root, '.gitignore')).toBe('results/\ndist\n/.mailstorm/\n')
  })
})
