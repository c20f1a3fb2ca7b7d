import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join, relative, sep } from 'node:path'
import { MailstormError } from '../error.ts'
import { LOOPBACK } from '../listening.ts'
import { folderWith, type PackageManager, packageCommand, packageManagerOf } from '../packages.ts'

/** Where mail servers listen on a developer's machine: MTA, submission, MailHog and Mailpit, test servers. */
const USUAL_PORTS = [25, 587, 1025, 2525]
const GREETING_LIMIT_MS = 500

/** What can be detected in a repository, so that nobody needs to be asked. */
export interface Repository {
  readonly root: string
  /** Root of the Git repository, where GitHub looks for workflows; of the package when there is none. */
  readonly gitRoot: string
  readonly typescript: boolean
  /** `"type": "module"` in package.json. */
  readonly esm: boolean
  readonly packageManager: PackageManager
  /** File that pins Node's version, relative to the Git root. */
  readonly nodeVersionFile: string | undefined
}

/** A file that `init` writes. */
export interface Template {
  /** Relative to the repository's root. */
  readonly path: string
  readonly text: string
}

/** What was done with each file; paths relative to the repository's root. */
export interface InitReport {
  readonly written: readonly string[]
  /** Files that existed and were not touched. */
  readonly left: readonly string[]
}

/** `mailstorm init`: sets up the repository in the working directory. Overwrites nothing. */
export async function init(): Promise<void> {
  const repository = inspectRepository(process.cwd())
  const { written, left } = writeTemplates(repository)
  for (const path of written) console.log(`written:       ${path}`)
  for (const path of left) console.log(`left as it is: ${path}`)
  console.log(`\n${nextSteps(repository, await listeningServers(USUAL_PORTS))}`)
}

/** Throws MailstormError when package.json is missing or cannot be read. */
export function inspectRepository(root: string): Repository {
  const manifest = manifestIn(root)
  const gitRoot = folderWith('.git', root) ?? root
  const versionFile = ['.nvmrc', '.node-version'].find((name) => existsSync(join(gitRoot, name)))
  return {
    root,
    gitRoot,
    typescript: existsSync(join(root, 'tsconfig.json')) || manifest.uses.has('typescript'),
    esm: manifest.type === 'module',
    packageManager: packageManagerOf(root, manifest.packageManager),
    nodeVersionFile: versionFile,
  }
}

/** Writes missing files, and the missing lines of `.gitignore`. */
export function writeTemplates(repository: Repository): InitReport {
  const written: string[] = []
  const left: string[] = []
  for (const { path, text } of templatesFor(repository)) {
    const file = join(repository.root, path)
    if (existsSync(file)) {
      left.push(path)
      continue
    }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { flag: 'wx' })
    written.push(path)
  }
  const ignored = ignoreResults(repository.root)
  ;(ignored ? written : left).push('.gitignore')
  return { written, left }
}

interface Manifest {
  readonly type: string | undefined
  readonly packageManager: string | undefined
  /** Names of all its dependencies. */
  readonly uses: ReadonlySet<string>
}

function manifestIn(root: string): Manifest {
  let text: string
  try {
    text = readFileSync(join(root, 'package.json'), 'utf8')
  } catch {
    throw new MailstormError(
      'NO_PACKAGE',
      `Failed to set up mailstorm: there is no package.json in ${root}.`,
      'Go to the folder of your package, or make one with: npm init -y',
    )
  }
  try {
    const { type, packageManager, dependencies, devDependencies } = JSON.parse(text)
    return { type, packageManager, uses: new Set(Object.keys({ ...dependencies, ...devDependencies })) }
  } catch (error) {
    const why = (error as Error).message
    throw new MailstormError('NO_PACKAGE', `Failed to read ${join(root, 'package.json')}: ${why}.`)
  }
}

const INSTALL: Readonly<Record<PackageManager, string>> = {
  npm: 'npm ci',
  pnpm: 'pnpm install --frozen-lockfile',
  yarn: 'yarn install --immutable',
  'yarn-classic': 'yarn install --frozen-lockfile',
}

/** Vite reads TypeScript in any repository, so the command is the same everywhere. */
const CONFIG = 'vitest.stress.config.ts'

export function templatesFor(repository: Repository): Template[] {
  const { root, gitRoot } = repository
  return [
    { path: CONFIG, text: configText(repository) },
    { path: `stress/newsletter.stress.${extensionFor(repository)}`, text: scenarioText(repository) },
    {
      path: relative(root, join(gitRoot, '.github/workflows/stress.yml')).split(sep).join('/'),
      text: workflowText(repository),
    },
  ]
}

/** The extension of a module when package.json does not make `.js` one. */
function extensionFor({ typescript, esm }: Repository): string {
  return `${esm ? '' : 'm'}${typescript ? 'ts' : 'js'}`
}

/** Vite warns about `import` in a file that Node would load as CommonJS; in TypeScript that is the usual form all the same. */
function configText({ typescript, esm }: Repository): string {
  const isCommonJs = !esm && !typescript
  return `${isCommonJs ? "const { stressConfig } = require('mailstorm/vitest')" : "import { stressConfig } from 'mailstorm/vitest'"}

// Runs every *.stress.* file of this repository; mailstorm's own scenarios (burst, sustained, …) when -t names them.
${isCommonJs ? 'module.exports =' : 'export default'} stressConfig()
`
}

function scenarioText({ packageManager }: Repository): string {
  const run = packageCommand(`vitest run --config ${CONFIG} -t newsletter`, packageManager)
  return `import { scenario } from 'mailstorm'

// Run it with: ${run}
// against your server: SMTP_TARGETS=127.0.0.1:25 ${run}
scenario('newsletter', {
  // 50 messages are due every second, whether or not those before have been answered.
  executor: 'constant-arrival-rate',
  rate: 50,
  durationSeconds: 20,
  workers: 10,
  size: 'medium',
  thresholds: ['success_rate>=0.999', 'p(99)<500'],
})
`
}

function workflowText({ root, gitRoot, packageManager, nodeVersionFile }: Repository): string {
  const folder = relative(gitRoot, root).split(sep).join('/')
  const node = nodeVersionFile === undefined ? 'node-version: 24' : `node-version-file: ${nodeVersionFile}`
  const corepack =
    packageManager === 'npm' || packageManager === 'yarn-classic' ? '' : '      - run: corepack enable\n'
  const defaults = folder === '' ? '' : `    defaults:\n      run:\n        working-directory: ${folder}\n`
  const results = folder === '' ? 'results/' : `${folder}/results/`
  return `name: Mail under stress

on:
  pull_request:
  schedule:
    - cron: '0 2 * * *'
  workflow_dispatch:

permissions:
  contents: read

jobs:
  stress:
    runs-on: ubuntu-latest
    timeout-minutes: 20
${defaults}    steps:
      - uses: actions/checkout@v4
${corepack}      - uses: actions/setup-node@v4
        with:
          ${node}
      - run: ${INSTALL[packageManager]}
      # To send to your own server, start it in a step before this one and set SMTP_TARGETS to its host:port.
      - run: ${packageCommand(`vitest run --config ${CONFIG}`, packageManager)}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: stress-test-results
          path: ${results}
`
}

/** Ignores the output of runs in Git; true when `.gitignore` had to be changed. */
function ignoreResults(root: string): boolean {
  const path = join(root, '.gitignore')
  const before = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const lines = before.split(/\r?\n/).map((line) => line.trim().replaceAll(/^\/|\/$/g, ''))
  const missing = ['results', '.mailstorm'].filter((name) => !lines.includes(name))
  if (missing.length === 0) return false
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  writeFileSync(path, `${before}${gap}${missing.map((name) => `/${name}/\n`).join('')}`)
  return true
}

/** Local ports on which a mail server greets (RFC 5321 4.2: 220). */
export async function listeningServers(ports: readonly number[]): Promise<number[]> {
  const found = await Promise.all(ports.map(greets))
  return ports.filter((_, index) => found[index])
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(GREETING_LIMIT_MS, () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => resolve(false))
    socket.once('data', (data: Buffer) => end(data.subarray(0, 3).toString('latin1') === '220'))
  })
}

function nextSteps({ packageManager }: Repository, servers: readonly number[]): string {
  const run = packageCommand(`vitest run --config ${CONFIG}`, packageManager)
  const targets = servers.map((port) => `127.0.0.1:${port}`).join(',')
  const own =
    servers.length === 0
      ? ['Against a server of yours:', `  SMTP_TARGETS=127.0.0.1:25 ${run} -t newsletter`]
      : [`Against what listens at ${targets}:`, `  SMTP_TARGETS=${targets} ${run} -t newsletter`]
  return [
    ...own,
    'Against five servers that mailstorm boots:',
    `  ${run} -t newsletter`,
    `  ${run} -t burst`,
  ].join('\n')
}
