import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { serverPidsOf } from '../vitest-child.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'src/cli.ts')

/** One set of services to a folder: each test has its own. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mailstorm-cli-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

function cli(cwd: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { PATH: process.env.PATH, STRESS_BACKEND: 'embedded', SMTP_SERVERS: '2' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

async function ended(child: ChildProcess): Promise<Ended> {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output }
}

function run(cwd: string, ...args: string[]): Promise<Ended> {
  return ended(cli(cwd, args))
}

/** Starts services and resolves when they run. */
async function started(
  cwd: string,
): Promise<{ readonly child: ChildProcess; readonly closed: Promise<Ended> }> {
  const child = cli(cwd, ['start'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const closed = ended(child)
  await new Promise<void>((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (text: string) => {
      output += text
      if (output.includes('npx mailstorm status')) resolve()
    })
    void closed.then(({ output: all }) => reject(new Error(all)))
  })
  return { child, closed }
}

test('start, status, logs and stop: what runs can be seen, used by a stress run, and is ended', async () => {
  const cwd = await folder()
  const { child, closed } = await started(cwd)
  const pids = serverPidsOf(child.pid)
  expect(pids).toHaveLength(2)

  const status = await run(cwd, 'status', '--json')
  const { services } = JSON.parse(status.output) as { services: { name: string; state: string }[] }
  expect(services.map(({ name, state }) => [name, state])).toEqual([
    ['smtp-server-1', 'running'],
    ['smtp-server-2', 'running'],
  ])
  expect((await run(cwd, 'logs', 'smtp-server-1')).output).toContain('smtp-server-1')
  expect(await run(cwd, 'logs', 'smtp-server-9')).toMatchObject({ code: 2 })
  expect((await run(cwd, 'start')).output).toContain('keeps some for this folder')

  expect(await run(cwd, 'stop')).toEqual({ code: 0, output: 'Stopped.\n' })
  expect((await closed).code).toBe(0)
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(await readdir(join(cwd, '.mailstorm'))).toEqual([])
}, 60_000)

test('kill -9 of start ends its servers, and the next start finds nothing running', async () => {
  const cwd = await folder()
  const first = await started(cwd)
  const pids = serverPidsOf(first.child.pid)
  first.child.kill('SIGKILL')
  await first.closed
  await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([])
  expect(await run(cwd, 'status')).toMatchObject({
    code: 2,
    output: expect.stringContaining('Start them with'),
  })
  const second = await started(cwd)
  second.child.kill('SIGINT')
  expect((await second.closed).code).toBe(0)
}, 60_000)

test.for([
  ['SIGTERM', 'SIGTERM'],
  ['SIGHUP', 'SIGINT'],
] as const)(
  '%s and %s at once end start in order, and leave no state behind',
  { timeout: 60_000 },
  async (signals) => {
    const cwd = await folder()
    const { child, closed } = await started(cwd)
    for (const signal of signals) child.kill(signal)
    expect((await closed).code).toBe(0)
    expect(await readdir(join(cwd, '.mailstorm'))).toEqual([])
  },
)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('clean leaves results when nobody can be asked, and removes them when it is told to', async () => {
  const cwd = await folder()
  await mkdir(join(cwd, 'results'))
  await writeFile(join(cwd, 'results/20260101-000000-burst.json'), '{}')
  await writeFile(join(cwd, 'results/notes.txt'), 'mine')
  expect((await run(cwd, 'clean')).output).toContain('Results stay: 1 files')
  expect((await run(cwd, 'clean', '--results')).output).toContain('Removed 1 files of results')
  expect(await readdir(join(cwd, 'results'))).toEqual(['notes.txt'])
})
