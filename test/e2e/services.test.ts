import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { KeeperClient, type ServiceStatus } from '../../containers/keeper/api.ts'
import type { KeptState } from '../../containers/keeper/state.ts'
import type { Result } from '../../src/engine/result.ts'
import { identityOf, lives } from '../../src/processes.ts'
import { BARE_ENVIRONMENT } from '../child-process.ts'
import { serverPidsOf } from '../vitest-child.ts'

const ROOT = join(import.meta.dirname, '../..')
const CLI = join(ROOT, 'src/cli.ts')

/** One set of services to a folder: each test has its own. */
async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'mailstorm-cli-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

function cli(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...BARE_ENVIRONMENT, STRESS_BACKEND: 'embedded', SMTP_SERVERS: '2', GMP_PORT: '0', ...env },
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

interface Started {
  readonly child: ChildProcess
  readonly closed: Promise<Ended>
  /** What it has written so far. */
  said(): string
}

/** Starts services and resolves when they run. */
async function started(cwd: string, ...args: string[]): Promise<Started> {
  const child = cli(cwd, ['start', ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (said += String(text)))
  const closed = ended(child)
  await new Promise<void>((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (text: string) => {
      output += text
      if (output.includes('npx mailstorm status')) resolve()
    })
    void closed.then(({ output: all }) => reject(new Error(all)))
  })
  return { child, closed, said: () => said }
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

test('kill -9 of start ends its servers, and the next start finds nothing running', {
  tags: 'long',
  timeout: 60_000,
}, async () => {
  const cwd = await folder()
  const first = await started(cwd)
  const servers = serverPidsOf(first.child.pid).map(identityOf)
  first.child.kill('SIGKILL')
  await first.closed
  await expect.poll(() => servers.filter(lives), { timeout: 30_000 }).toEqual([])
  expect(await run(cwd, 'status')).toMatchObject({
    code: 2,
    output: expect.stringContaining('Start them with'),
  })
  const second = await started(cwd)
  second.child.kill('SIGINT')
  expect((await second.closed).code).toBe(0)
})

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

interface Status {
  readonly services: readonly ServiceStatus[]
}

async function statusOf(cwd: string): Promise<readonly ServiceStatus[]> {
  return (JSON.parse((await run(cwd, 'status', '--json')).output) as Status).services
}

/** Until a service has come back so often; what `status` says of all then. */
async function restarted(cwd: string, names: Readonly<Record<string, number>>): Promise<void> {
  const restarts = async () => {
    const services = await statusOf(cwd)
    return Object.fromEntries(
      services
        .filter(({ name, state }) => name in names && state === 'running')
        .map((service) => [service.name, service.restarts]),
    )
  }
  await expect.poll(restarts, { timeout: 60_000, interval: 500 }).toEqual(names)
}

async function stateOf(cwd: string): Promise<KeptState> {
  return JSON.parse(await readFile(join(cwd, '.mailstorm/services.json'), 'utf8')) as KeptState
}

/** The only process that the parent has of a program. */
function pidOfProgram(parentPid: number | undefined, program: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const found = pids.find((pid) => {
    try {
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      return Number(parent) === parentPid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program)
    } catch {
      // It ended between the listing and the look.
      return false
    }
  })
  if (found === undefined) throw new Error(`no process of ${program}`)
  return Number(found)
}

test('a service that dies is reported at once and in status, and stop does not mention the others', {
  tags: 'long',
  timeout: 120_000,
}, async () => {
  const cwd = await folder()
  const { closed, said } = await started(cwd)
  const [server] = (await stateOf(cwd)).servers
  process.kill(server?.pid ?? 0, 'SIGKILL')
  await expect.poll(said, { timeout: 30_000 }).toContain('--restart restarts what dies')
  expect(said()).toMatch(
    /\n\d\d:\d\d:\d\d smtp-server-1 has ended: killed by SIGKILL\.\n {2}The end of its log:\n {4}\{"smtp_port"/,
  )
  const status = await run(cwd, 'status')
  expect(status.code).toBe(0)
  expect(status.output).toMatch(/^smtp-server-1 +ended +– +– /m)
  expect(status.output).toMatch(/^smtp-server-2 +running /m)
  expect(status.output).toMatch(/^smtp-server-1: ended \d\d:\d\d:\d\d: killed by SIGKILL$/m)
  expect(await statusOf(cwd)).toMatchObject([
    { name: 'smtp-server-1', state: 'ended', restarts: 0, last_end: { by: 'killed by SIGKILL' } },
    { name: 'smtp-server-2', state: 'running', restarts: 0, last_end: null },
  ])
  const refused = await run(cwd, 'run', 'quick', '--backend', 'started', '--output', 'results')
  expect(refused.output).toContain('smtp-server-1 had already ended (killed by SIGKILL).')
  expect(refused.output).toContain('npx mailstorm stop, then npx mailstorm start')
  await run(cwd, 'stop')
  const { code, output } = await closed
  expect(code).toBe(0)
  expect(output.match(/has ended/g)).toHaveLength(1)
})

test('--restart brings back an SMTP server in the middle of a run, and nothing acknowledged is lost', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const cwd = await folder()
  const { said } = await started(cwd, '--restart')
  const before = await stateOf(cwd)
  const load = ['--rate', '100', '--duration', '8', '--size', 'small', '--mode', 'sustained']
  const running = run(cwd, 'run', 'custom', '--backend', 'started', '--output', 'results', ...load)
  const acknowledged = async () => (await readFile(ledgerFile, 'utf8')).split('\n').length
  const [ready = '{}'] = await new KeeperClient(before).logs('smtp-server-1', 1)
  const ledgerFile = String(JSON.parse(ready).ledger_file)
  await expect.poll(acknowledged, { timeout: 60_000, interval: 50 }).toBeGreaterThan(50)
  const killed = before.servers[0]
  process.kill(killed?.pid ?? 0, 'SIGKILL')
  await expect.poll(said, { timeout: 30_000 }).toContain('smtp-server-1 is running again at ')
  const { output } = await running
  const result = JSON.parse(await readFile(join(cwd, 'results/latest.json'), 'utf8')) as Result
  expect(result.ledger, output).toMatchObject({ verified: true, lost: 0, corrupted: 0 })
  expect(result.backend).toMatchObject({ name: 'started', runs: 'embedded' })
  expect(result.partial_reason).toMatch(/smtp-server-1: killed by SIGKILL at [\d.]+ s/)
  const served = result.per_server.find(({ name }) => name === 'smtp-server-1')
  expect(served?.accepted).toBeGreaterThan(0)
  expect(result.metrics.outcomes.accepted).toBeGreaterThan(400)

  const [now] = (await stateOf(cwd)).servers
  expect(now).toEqual({ ...killed, pid: now?.pid })
  expect(now?.pid).not.toBe(killed?.pid)
  expect((await run(cwd, 'status')).output).toMatch(
    /^smtp-server-1: running, restarted once, last after killed by SIGKILL at \d\d:\d\d:\d\d$/m,
  )
  expect(await run(cwd, 'stop')).toMatchObject({ code: 0 })
})

test('--restart brings back PostgreSQL with its tables, the proxy and MailHog on their ports', {
  tags: 'long',
  timeout: 180_000,
}, async () => {
  const cwd = await folder()
  const { child, closed, said } = await started(cwd, '--proxy', '--restart')
  const addresses = Object.fromEntries((await statusOf(cwd)).map(({ name, address }) => [name, address]))
  const query = async (sql: string) => {
    const client = new pg.Client({ connectionString: addresses.postgres })
    // The server's end is what the test is about.
    client.on('error', () => undefined)
    await client.connect()
    try {
      return (await client.query(sql)).rows as unknown[]
    } finally {
      await client.end()
    }
  }
  await query('CREATE TABLE kept AS SELECT 42 AS answer')
  await query('CHECKPOINT')
  const wrapper = pidOfProgram(child.pid, 'postgres/main.ts')
  process.kill(pidOfProgram(wrapper, 'postgres'), 'SIGKILL')
  process.kill(pidOfProgram(child.pid, 'src/programs/proxy/main.ts'), 'SIGKILL')
  process.kill(pidOfProgram(child.pid, 'src/programs/sink/main.ts'), 'SIGKILL')
  await restarted(cwd, { postgres: 1, proxy: 1, mailhog: 1 })
  expect(await query('SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  const health = async () => (await fetch(`${addresses.proxy}/health`)).status
  await expect.poll(health, { timeout: 30_000 }).toBe(200)
  const mailhogApi = addresses.mailhog?.split(' and ')[1]
  expect((await fetch(`${mailhogApi}/api/v2/messages`)).status).toBe(200)
  expect((await run(cwd, 'logs', 'postgres')).output).toContain('automatic recovery in progress')
  expect(said()).toContain('postgres has ended: killed by SIGKILL')
  await run(cwd, 'stop')
  expect((await closed).code).toBe(0)
})

test.for([
  [{ STRESS_BACKEND: 'docker' }, [], 'STRESS_BACKEND is docker'],
  [{ STRESS_BACKEND: 'auto', SMTP_IMAGE: 'boky/postfix' }, [], 'SMTP_IMAGE is set'],
  [{}, ['--monitoring'], '--monitoring starts containers'],
] as const)(
  '--restart is refused before anything is booted: %j %j',
  { tags: 'long' },
  async ([env, args, why]) => {
    const refused = await ended(cli(await folder(), ['start', '--restart', ...args], env))
    expect(refused.code).toBe(2)
    expect(refused.output).toContain(`processes of this machine, not containers, and ${why}.`)
    expect(refused.output).not.toContain('Backend:')
  },
)

test('clean leaves results when nobody can be asked, and removes them when it is told to', {
  tags: 'long',
}, async () => {
  const cwd = await folder()
  await mkdir(join(cwd, 'results'))
  await writeFile(join(cwd, 'results/20260101-000000-burst.json'), '{}')
  await writeFile(join(cwd, 'results/notes.txt'), 'mine')
  expect((await run(cwd, 'clean')).output).toContain('Results stay: 1 result file in')
  expect((await run(cwd, 'clean', '--results')).output).toContain('Removed 1 result file')
  expect(await readdir(join(cwd, 'results'))).toEqual(['notes.txt'])
})
