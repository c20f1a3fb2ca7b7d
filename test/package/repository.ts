import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { vi } from 'vitest'

export const CLONE = join(import.meta.dirname, '../..')

/** Node 24, which runs us. */
export const NODE_24 = dirname(process.execPath)

export interface Finished {
  readonly exitCode: number | null
  /** stdout and stderr as they came. */
  readonly output: string
  readonly seconds: number
}

/** What a command takes beside its arguments. */
export interface CommandOptions {
  /** Folder of the Node that it runs on. */
  readonly node?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Where the registry is, and how it is reached. */
const PASSED_ON =
  /^(HOME|TMPDIR|LANG|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|npm_config_(registry|cache|userconfig)|(https?|no)_proxy)$/i

/** Runs a command with nothing of ours in its environment but where the registry is. */
export async function execute(
  cwd: string,
  [command = '', ...args]: readonly string[],
  { node = NODE_24, env = {} }: CommandOptions = {},
): Promise<Finished> {
  const begunMs = performance.now()
  const passed = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name))
  const child = spawn(command, args, {
    cwd,
    env: {
      ...Object.fromEntries(passed),
      PATH: [node, process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      CI: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, output, seconds: (performance.now() - begunMs) / 1000 }
}

/** A repository of somebody else's, outside of this one. */
export class Repository implements Disposable {
  readonly folder: string

  constructor(manifest: object) {
    this.folder = mkdtempSync(join(tmpdir(), 'mailstorm-package-'))
    this.write('package.json', `${JSON.stringify({ private: true, ...manifest }, null, 2)}\n`)
  }

  /** Throws what the command said when it fails. */
  async run(command: readonly string[], options?: CommandOptions): Promise<Finished> {
    const finished = await this.try(command, options)
    if (finished.exitCode === 0) return finished
    throw new Error(`${command.join(' ')} ended with ${finished.exitCode}:\n${finished.output}`)
  }

  try(command: readonly string[], options?: CommandOptions): Promise<Finished> {
    return execute(this.folder, command, options)
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true })
    writeFileSync(join(this.folder, path), text)
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  /** Copies a folder of test/package into it. */
  take(folder: string): void {
    cpSync(join(import.meta.dirname, folder), this.folder, { recursive: true })
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What stands in `results/latest.json`, as far as it is looked at. */
export interface LatestResult {
  readonly scenario: string
  readonly verdict: string
  readonly metrics: { readonly successful_messages: number }
  readonly ledger: { readonly verified: boolean }
  readonly backend: { readonly why: string }
}

export function latestResult(repository: Repository): LatestResult {
  return JSON.parse(repository.read('results/latest.json'))
}

/** The command line of pnpm, which is installed in a repository of its own. */
export const PNPM_PACKAGE = 'pnpm@12.21.0'
export function pnpmIn({ folder }: Repository): string[] {
  const [script = ''] = globSync('node_modules/pnpm/bin/pnpm.{cjs,mjs}', { cwd: folder })
  return [join(NODE_24, 'node'), join(folder, script)]
}

/** The packages that a message asks for: `Install what it needs: npm install --save-dev "pg@^8" …`. */
export function askedPackages(message: string): string[] {
  const [, command = ''] = /Install what it needs:\s+\w+ \w+ --?\w+(?:-\w+)? ([^\n]*)/.exec(message) ?? []
  const packages = [...command.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name)
  if (packages.length === 0) throw new Error(`it asks for no packages:\n${message}`)
  return packages
}

/** Runs `mailstorm start` for the time of `use`, hands that what `status` says, and ends with `stop`. */
export async function withServices(
  repository: Repository,
  start: readonly string[],
  use: (status: string) => Promise<void>,
  options?: CommandOptions,
): Promise<void> {
  const services = repository.try(start, options)
  const ended = services.then(({ output }) => Promise.reject(new Error(`mailstorm start ended:\n${output}`)))
  ended.catch(() => undefined)
  try {
    const status = () => repository.run(['npx', 'mailstorm', 'status'])
    const { output } = await Promise.race([vi.waitFor(status, { timeout: 120_000, interval: 1_000 }), ended])
    await use(output)
  } finally {
    await repository.try(['npx', 'mailstorm', 'stop'])
  }
  const { exitCode, output } = await services
  if (exitCode !== 0) throw new Error(`mailstorm start ended with ${exitCode}:\n${output}`)
}

/** Packs the clone as `npm publish` would. Gives the path of the tarball. */
export async function pack(folder: string): Promise<string> {
  const { exitCode, output } = await execute(CLONE, ['npm', 'pack', '--pack-destination', folder])
  if (exitCode !== 0) throw new Error(`npm pack failed:\n${output}`)
  const name = /^mailstorm-.*\.tgz$/m.exec(output)?.[0]
  if (name === undefined) throw new Error(`npm pack named no tarball:\n${output}`)
  return join(folder, name)
}
